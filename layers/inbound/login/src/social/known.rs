//! What a provider says of itself, and its keys: fetched when they are first needed, and kept for a while.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::sync::Mutex;
use towergate_core::Timestamp;
use towergate_guarded_http::GuardedClient;
use towergate_jose::JwkSet;

use super::{error::ProviderError, provider::Issuer};

/// How long what was fetched is used before it is fetched anew.
const KEPT: Duration = Duration::from_secs(15 * 60);

/// How long the last good answer is used while none can be fetched.
const LAST_GOOD: Duration = Duration::from_secs(24 * 3600);

/// The least time between two fetches for a key that is not known: whoever invents names of keys cannot turn this host
/// against the provider.
const COOLDOWN: Duration = Duration::from_secs(60);

/// The metadata of a provider, as far as it is used.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: Option<String>,
    jwks_uri: String,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// What is known of one OpenID provider.
#[derive(Default)]
pub(super) struct Known {
    metadata: Mutex<Option<(Arc<Metadata>, Timestamp)>>,
    keys: Mutex<Option<(Arc<JwkSet>, Timestamp)>>,
}

impl Known {
    /// What the provider says of itself.
    pub(super) async fn metadata(
        &self,
        outbound: &GuardedClient,
        issuer: &Issuer,
        now: Timestamp,
    ) -> Result<Arc<Metadata>, ProviderError> {
        // Whoever asks during a fetch waits for that one.
        let mut kept = self.metadata.lock().await;
        if let Some((metadata, at)) = &*kept
            && is_younger(*at, KEPT, now)
        {
            return Ok(Arc::clone(metadata));
        }
        match fetch_metadata(outbound, issuer).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *kept = Some((Arc::clone(&metadata), now));
                Ok(metadata)
            }
            Err(error) => match &*kept {
                Some((metadata, at)) if is_younger(*at, LAST_GOOD, now) => {
                    tracing::warn!(%error, "the metadata of a provider is that of an earlier time");
                    Ok(Arc::clone(metadata))
                }
                _ => Err(error),
            },
        }
    }

    /// The keys of the provider; fetched anew where `lacks_key`, if that was not done just now.
    pub(super) async fn keys(
        &self,
        outbound: &GuardedClient,
        metadata: &Metadata,
        lacks_key: bool,
        now: Timestamp,
    ) -> Result<Arc<JwkSet>, ProviderError> {
        let mut kept = self.keys.lock().await;
        let fresh = if lacks_key { COOLDOWN } else { KEPT };
        if let Some((keys, at)) = &*kept
            && is_younger(*at, fresh, now)
        {
            return Ok(Arc::clone(keys));
        }
        match fetch_keys(outbound, metadata).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *kept = Some((Arc::clone(&keys), now));
                Ok(keys)
            }
            Err(error) => match &*kept {
                Some((keys, at)) if is_younger(*at, LAST_GOOD, now) => {
                    tracing::warn!(%error, "the keys of a provider are those of an earlier time");
                    Ok(Arc::clone(keys))
                }
                _ => Err(error),
            },
        }
    }
}

/// A clock that was set back must not keep what was fetched for ever.
fn is_younger(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    now.since(at) < age && at.since(now) < age
}

async fn fetch_metadata(outbound: &GuardedClient, issuer: &Issuer) -> Result<Metadata, ProviderError> {
    let at = match issuer {
        Issuer::One(at) | Issuer::EveryTenant { at, .. } => at.trim_end_matches('/'),
    };
    let url = outbound.url(&format!("{at}/.well-known/openid-configuration"))?;
    let answer = outbound.get(&url, "application/json").await?;
    let metadata: Metadata = serde_json::from_slice(&answer.body).map_err(|_| ProviderError::Metadata)?;
    let (Issuer::One(own) | Issuer::EveryTenant { template: own, .. }) = issuer;
    if metadata.issuer == *own { Ok(metadata) } else { Err(ProviderError::OtherIssuer) }
}

async fn fetch_keys(outbound: &GuardedClient, metadata: &Metadata) -> Result<JwkSet, ProviderError> {
    let url = outbound.url(&metadata.jwks_uri)?;
    let answer = outbound.get(&url, "application/jwk-set+json, application/json").await?;
    JwkSet::parse(&answer.body).map_err(|_| ProviderError::Keys)
}
