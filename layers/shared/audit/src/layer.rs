//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::{
    Clock, Random,
    audit::Sink,
    random::DrawnAhead,
    system::{OsRandom, SystemClock},
};

use crate::service::AuditService;

/// Opens a record for each request. See the [crate's documentation](crate).
#[derive(Clone)]
#[must_use]
pub struct AuditLayer {
    settings: Arc<Settings>,
}

/// How records are kept. Shared: a router clones its services at each request.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) sink: Option<Arc<dyn Sink>>,
}

impl AuditLayer {
    /// The layer; it goes outermost.
    pub fn new() -> Self {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(DrawnAhead::new(OsRandom::new())));
        Self { settings: Arc::new(Settings { clock, random, sink: None }) }
    }

    /// Asks `clock` for the time.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Draws identifiers from `random`; by default from the system, [ahead](DrawnAhead).
    pub fn random(self, random: Arc<dyn Random>) -> Self {
        self.with(|settings| settings.random = random)
    }

    /// Tells `sink` of what tried to get around a defence. Without it, [`TracingSink`](crate::TracingSink) hears of it, once.
    pub fn sink(self, sink: Arc<dyn Sink>) -> Self {
        self.with(|settings| settings.sink = Some(sink))
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
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
        AuditService { inner, settings: Arc::clone(&self.settings) }
    }
}

impl fmt::Debug for AuditLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLayer").finish_non_exhaustive()
    }
}
