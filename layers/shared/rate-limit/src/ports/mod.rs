//! What a store must do, a store in memory, and the laws of a store.

use std::future::Future;

use towergate_core::{StoreError, Timestamp};

use crate::rules::{bucket::Bucket, policy::Taking};

#[cfg(feature = "contract")]
pub mod contract;
pub mod memory;

/// Keeps how full buckets are.
pub trait RateStore: Send + Sync + 'static {
    /// Asks these buckets for one each at `now`, in one step ([`take`](crate::rules::policy::take)): all have room, or
    /// nothing is counted in any. No bucket is among them twice. A store may forget by itself what is empty.
    ///
    /// # Errors
    /// When the store fails.
    fn take(
        &self,
        buckets: Vec<Bucket>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Taking, StoreError>> + Send;
}
