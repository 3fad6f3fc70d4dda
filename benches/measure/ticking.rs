//! A clock for benches that issue without a pause.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use towergate::core::{Clock, Timestamp};

/// A clock on which a millisecond goes by whenever somebody looks: identifiers come in their order, as they do in a day.
#[derive(Debug)]
pub(crate) struct Ticking(AtomicI64);

impl Ticking {
    /// From this moment on.
    pub(crate) const fn from(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.unix_millis()))
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.fetch_add(1, Relaxed))
    }
}
