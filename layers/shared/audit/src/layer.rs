//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::{
    Clock, Random,
    audit::Sink,
    random::DrawnAhead,
    system::{OsRandom, SystemClock},
};

use crate::{service::AuditService, tracing_sink::TracingSink};

/// Opens a record for each request. See the [crate's documentation](crate).
#[derive(Clone)]
#[must_use]
pub struct AuditLayer {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    sink: Arc<dyn Sink>,
}

impl AuditLayer {
    /// The layer; it goes outermost.
    pub fn new() -> Self {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(DrawnAhead::new(OsRandom::new())));
        Self { clock, random, sink: Arc::new(TracingSink) }
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

    /// Tells `sink` of what tried to get around a defence. Without it, [`TracingSink`] hears of it.
    pub fn sink(mut self, sink: Arc<dyn Sink>) -> Self {
        self.sink = sink;
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
        let (clock, random) = (Arc::clone(&self.clock), Arc::clone(&self.random));
        AuditService { inner, clock, random, sink: Arc::clone(&self.sink) }
    }
}

impl fmt::Debug for AuditLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer").finish_non_exhaustive()
    }
}
