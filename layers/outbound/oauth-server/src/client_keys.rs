//! The public keys of a client: those it registered, or those behind its `jwks_uri`.
//!
//! The rules for a `jwks_uri`, in order:
//!
//! 1. It is fetched through the server's [`GuardedClient`], and not at all without one.
//! 2. What was fetched is kept as long as its `max-age` says, no less than [`MIN_AGE`] and no more than [`MAX_AGE`];
//!    [`USUAL_AGE`] when it does not say.
//! 3. A `kid` that is not among the kept keys has them fetched again, so that a client may use a new key at once.
//! 4. Between two fetches for that reason lie at least [`COOLDOWN`], and so between two for another, or [`PAUSE`] while
//!    there are no keys at all: whoever invents a `kid` cannot turn the server against the client's.
//! 5. When a fetch fails, the last good keys stay in use for [`LAST_GOOD`] after they would have been fetched anew.
//! 6. Who asks during a fetch waits for that one. It comes to its end even when nobody waits any more.
//! 7. At most [`MAX_SETS`] sets are kept, those used last, and at most [`MAX_FETCHES`] are fetched at a time,
//!    [`MAX_FETCHES_AT_ONE_HOST`] of them at one host.
//!
//! A client without `kid` in its tokens that changes its keys is understood when the kept ones have grown old.

use std::{sync::Arc, time::Duration};

use towergate_guarded_http::{FetchError, GuardedClient, InvalidUrl};
use towergate_jose::{JwkError, JwkSet};
use towergate_oauth::rules::client::Client;

use crate::server::AuthorizationServer;

mod fetched;
mod kept;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use fetched::FetchedKeys;

/// The shortest time for which keys are kept.
pub const MIN_AGE: Duration = Duration::from_secs(60);

/// The longest time for which keys are kept.
pub const MAX_AGE: Duration = Duration::from_secs(24 * 3600);

/// The time for which keys are kept when their publisher does not say.
pub const USUAL_AGE: Duration = Duration::from_secs(15 * 60);

/// The shortest time between the beginnings of two fetches of one address for the same reason: that the keys are old, or
/// that a `kid` is not among them.
pub const COOLDOWN: Duration = Duration::from_secs(60);

/// The same, while there are no keys of that address at all.
pub const PAUSE: Duration = Duration::from_secs(10);

/// How long the last good keys are used while they cannot be fetched anew.
pub const LAST_GOOD: Duration = Duration::from_secs(24 * 3600);

/// The most sets that are kept.
pub const MAX_SETS: usize = 1000;

/// The most sets that are fetched at a time.
pub const MAX_FETCHES: usize = 64;

/// The most of them that are at one host.
pub const MAX_FETCHES_AT_ONE_HOST: usize = 16;

/// Why there are no keys of a client: for the operator; the client is told only that it failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ClientKeysError {
    /// It registered none.
    #[error("the client registered neither jwks nor jwks_uri")]
    None,
    /// The server speaks to nobody.
    #[error(
        "the client's jwks_uri is not fetched, since the server has no client to fetch with: give it one with \
         AuthorizationServer::outbound, or register the keys themselves as jwks"
    )]
    NoOutbound,
    /// The `jwks_uri` is no address that is fetched.
    #[error("the client's jwks_uri cannot be fetched: {0}")]
    Url(#[from] InvalidUrl),
    /// Nothing came from there.
    #[error("the client's jwks_uri could not be fetched: {0}")]
    Fetch(#[from] FetchError),
    /// What came is not a set of public keys.
    #[error("what the client's jwks_uri answers is not a set of public keys: {0}")]
    Set(#[from] JwkError),
    /// Too many sets are being fetched.
    #[error(
        "{MAX_FETCHES} sets of keys are being fetched just now, or {MAX_FETCHES_AT_ONE_HOST} from this host"
    )]
    Busy,
    /// The program is stopping, or no tokio runtime is there to fetch in.
    #[error("the fetch of the client's jwks_uri was broken off")]
    BrokenOff,
}

impl<S, R, P> AuthorizationServer<S, R, P> {
    /// The public keys of `client`, to verify what it signed under `kid` or to encrypt to it. The answer may lack that
    /// `kid`; see the [module](crate::client_keys) for when keys are fetched anew.
    ///
    /// # Errors
    /// When it registered none, or they cannot be had.
    pub async fn client_keys(
        &self,
        client: &Client,
        kid: Option<&str>,
    ) -> Result<Arc<JwkSet>, ClientKeysError> {
        if let Some(keys) = &client.metadata.jwks {
            return Ok(Arc::new(keys.clone()));
        }
        let uri = client.metadata.jwks_uri.as_deref().ok_or(ClientKeysError::None)?;
        let outbound = self.outbound_client().ok_or(ClientKeysError::NoOutbound)?;
        self.fetched_keys().of(outbound, uri, kid, self.time_source()).await
    }
}

async fn fetch(client: &GuardedClient, uri: &str) -> Result<(JwkSet, Option<Duration>), ClientKeysError> {
    let url = client.url(uri)?;
    let answer = client.get(&url, "application/jwk-set+json, application/json").await?;
    Ok((JwkSet::parse(&answer.body)?, answer.max_age))
}
