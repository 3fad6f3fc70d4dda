//! The births of a store that may forget everything, remembered by one that does not.

use std::{future::Future, time::Duration};

use towergate_core::{Digest, StoreError, Timestamp};

use crate::rules::birth::Trust;

/// Remembers which birth of a store beside it is trusted ([`meet`](crate::rules::birth::meet)), across restarts and for all
/// who share it. No part of [`OAuthStore`](super::OAuthStore): only a store with another beside it needs one.
pub trait Births: Send + Sync + 'static {
    /// Meets `birth` at `now`, in one step; what the other store forgot matters for `doubt`. Writes no event.
    ///
    /// # Errors
    /// When the store fails; the birth is then not to be trusted.
    fn meet_birth(
        &self,
        birth: Digest,
        now: Timestamp,
        doubt: Duration,
    ) -> impl Future<Output = Result<Trust, StoreError>> + Send;
}
