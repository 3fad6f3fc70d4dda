//! What every contract suite is made of: a store whose audit log can be read back, an ear for it, a fixed time, and
//! races of many threads.
//!
//! A wing brings the laws that its stores must keep; a law that is broken panics, as tests do.

#![expect(clippy::expect_used, reason = "a law that is broken panics, as tests do")]

use std::{fmt, future::Future, time::Duration};

use crate::{
    StoreError, Timestamp,
    audit::{Event, Origin, RequestId},
    id::Uuid,
};

mod block_on;
mod ear;
#[cfg(feature = "model")]
pub mod model;
pub mod ports;
mod race;
pub mod seal;

pub use block_on::block_on;
pub use ear::{Ear, told, written};
pub use race::{Task, many, one};

/// When the laws take place.
pub const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_123);

/// The shortest time that a store must tell apart.
pub const MILLISECOND: Duration = Duration::from_millis(1);

/// A store under test whose audit log can be read back, in the order in which it was written.
pub trait AuditTrail {
    /// The whole log.
    fn events(&self) -> impl Future<Output = Vec<Event>> + Send;
}

/// A store under test that can be told to throw away what can no longer matter.
pub trait Cleans {
    /// Throws away what can no longer matter at `now`; `false` where a store keeps everything.
    ///
    /// # Errors
    /// When the store fails.
    fn clean(&self, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

#[cfg(feature = "memory")]
impl<T: crate::memory::Tables> Cleans for crate::memory::Memory<T> {
    async fn clean(&self, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[cfg(feature = "memory")]
impl<T: crate::memory::Tables> AuditTrail for crate::memory::Memory<T> {
    async fn events(&self) -> Vec<Event> {
        Self::events(self)
    }
}

/// The request in which a law does its steps, at this moment.
#[must_use]
pub fn origin(at: Timestamp) -> Origin {
    Origin { request: RequestId::from_uuid(Uuid::from_u128(0xabc)), at }
}

/// Insists that a value came back as it went in. Secrets and digests do not print: the caller compares those.
///
/// # Panics
/// When the two print differently.
pub fn assert_same(found: &impl fmt::Debug, kept: &impl fmt::Debug) {
    assert_eq!(format!("{found:?}"), format!("{kept:?}"));
}
