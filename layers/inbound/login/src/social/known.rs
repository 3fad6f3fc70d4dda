//! What a provider says of itself, and its keys: fetched when they are first needed, and kept for a while.

use std::{future::Future, sync::Arc, time::Duration};

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

/// The least time after a fetch that failed: whoever waited for it, or comes just then, does not wait for one of their own.
const AWAY: Duration = Duration::from_secs(10);

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
    metadata: Mutex<Kept<Metadata>>,
    keys: Mutex<Kept<JwkSet>>,
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
        self.metadata.lock().await.or_fetch(KEPT, now, fetch_metadata(outbound, issuer)).await
    }

    /// The keys of the provider; fetched anew where `lacks_key`, if that was not done just now.
    pub(super) async fn keys(
        &self,
        outbound: &GuardedClient,
        metadata: &Metadata,
        lacks_key: bool,
        now: Timestamp,
    ) -> Result<Arc<JwkSet>, ProviderError> {
        let fresh = if lacks_key { COOLDOWN } else { KEPT };
        self.keys.lock().await.or_fetch(fresh, now, fetch_keys(outbound, metadata)).await
    }
}

/// The last good answer, and when the last try failed, if it did.
struct Kept<T> {
    good: Option<(Arc<T>, Timestamp)>,
    failed_at: Option<Timestamp>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { good: None, failed_at: None }
    }
}

impl<T> Kept<T> {
    /// What is kept, while it is younger than `fresh`; else what is fetched; else what is kept, while that may be.
    async fn or_fetch(
        &mut self,
        fresh: Duration,
        now: Timestamp,
        fetch: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<Arc<T>, ProviderError> {
        if let Some((good, at)) = &self.good
            && is_younger(*at, fresh, now)
        {
            return Ok(Arc::clone(good));
        }
        let error = if self.failed_at.is_some_and(|at| is_younger(at, AWAY, now)) {
            ProviderError::Away
        } else {
            match fetch.await {
                Ok(fetched) => {
                    let fetched = Arc::new(fetched);
                    (self.good, self.failed_at) = (Some((Arc::clone(&fetched), now)), None);
                    return Ok(fetched);
                }
                Err(error) => {
                    self.failed_at = Some(now);
                    tracing::warn!(%error, "what is known of a provider could not be fetched anew");
                    error
                }
            }
        };
        match &self.good {
            Some((good, at)) if is_younger(*at, LAST_GOOD, now) => Ok(Arc::clone(good)),
            _ => Err(error),
        }
    }
}

/// A clock that was set back must not keep what was fetched for ever.
fn is_younger(at: Timestamp, age: Duration, now: Timestamp) -> bool {
    now.since(at) < age && at.since(now) < age
}

async fn fetch_metadata(outbound: &GuardedClient, issuer: &Issuer) -> Result<Metadata, ProviderError> {
    let at = issuer.at.trim_end_matches('/');
    let url = outbound.url(&format!("{at}/.well-known/openid-configuration"))?;
    let answer = outbound.get(&url, "application/json").await?;
    let metadata: Metadata = serde_json::from_slice(&answer.body).map_err(|_| ProviderError::Metadata)?;
    if metadata.issuer == issuer.own { Ok(metadata) } else { Err(ProviderError::OtherIssuer) }
}

async fn fetch_keys(outbound: &GuardedClient, metadata: &Metadata) -> Result<JwkSet, ProviderError> {
    let url = outbound.url(&metadata.jwks_uri)?;
    let answer = outbound.get(&url, "application/jwk-set+json, application/json").await?;
    JwkSet::parse(&answer.body).map_err(|_| ProviderError::Keys)
}
