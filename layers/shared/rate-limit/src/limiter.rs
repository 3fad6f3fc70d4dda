//! The same without a layer: a plain call, for whoever is known only once the body was read.

use std::{fmt, sync::Arc};

use towergate_client_address::ClientAddress;
use towergate_core::{Clock, system::SystemClock};

use crate::{
    ports::RateStore,
    reason::RateLimited,
    rules::{
        bucket::{Bucket, RateKey},
        limit::Limit,
        policy::RatePolicy,
    },
};

/// Counts what is asked for. Cheap to clone when the store is.
///
/// ```
/// # use std::time::Duration;
/// use towergate_rate_limit::{MemoryStore, RateLimited, RateLimiter, RatePolicy, RateScope};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let limiter = RateLimiter::new(MemoryStore::new());
/// let twice_an_hour = RatePolicy::new(2, Duration::from_secs(3600));
/// for _ in 0..2 {
///     assert_eq!(limiter.account("invite", twice_an_hour, "bob@example.com").await, Ok(()));
/// }
/// let refused = limiter.account("invite", twice_an_hour, "bob@example.com").await;
/// assert!(matches!(refused, Err(RateLimited::TooMany { limit: "invite", scope: RateScope::Account, .. })));
/// assert_eq!(limiter.account("invite", twice_an_hour, "carol@example.com").await, Ok(()));
/// # }
/// ```
#[derive(Clone)]
pub struct RateLimiter<S> {
    store: S,
    clock: Arc<dyn Clock>,
}

impl<S: RateStore> RateLimiter<S> {
    /// Counts in `store`.
    pub fn new(store: S) -> Self {
        Self { store, clock: Arc::new(SystemClock) }
    }

    /// Tells the time by `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Asks for one more of what `limit` names, for an address.
    ///
    /// # Errors
    /// When it is too many, or when nobody can count.
    pub async fn address(&self, limit: &Limit, address: ClientAddress) -> Result<(), RateLimited> {
        self.take(limit.buckets(address)).await
    }

    /// Asks for one more of `name`, for an account or for what somebody typed as one: spelled in one way only, so that
    /// nobody is counted twice.
    ///
    /// # Errors
    /// When it is too many, or when nobody can count.
    pub async fn account(
        &self,
        name: &'static str,
        policy: RatePolicy,
        account: &str,
    ) -> Result<(), RateLimited> {
        self.take(vec![Bucket { key: RateKey::account(name, account), policy }]).await
    }

    async fn take(&self, buckets: Vec<Bucket>) -> Result<(), RateLimited> {
        let (now, names) = (self.clock.now(), RateLimited::names(&buckets));
        RateLimited::read(self.store.take(buckets, now).await, &names, now)
    }
}

impl<S> fmt::Debug for RateLimiter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").finish_non_exhaustive()
    }
}
