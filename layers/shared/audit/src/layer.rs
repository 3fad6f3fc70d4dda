//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::{
    Clock, Random,
    random::DrawnAhead,
    system::{OsRandom, SystemClock},
};

use crate::service::AuditService;

/// Opens a record for each request. See the [crate's documentation](crate).
#[derive(Clone)]
#[must_use]
pub struct AuditLayer {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl AuditLayer {
    /// The layer; it goes outermost.
    pub fn new() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(DrawnAhead::new(OsRandom::new())) }
    }

    /// Asks `clock` for the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Draws identifiers from `random`; by default from the system, [ahead](DrawnAhead).
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }
}

impl Default for AuditLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for AuditLayer {
    type Service = AuditService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuditService { inner, clock: Arc::clone(&self.clock), random: Arc::clone(&self.random) }
    }
}

impl fmt::Debug for AuditLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer").finish_non_exhaustive()
    }
}
