//! What both services ask of their host: the time, randomness, and pages.

use std::sync::Arc;

use http::Extensions;
use towergate_core::{
    Clock, Random, RandomUnavailable,
    audit::Origin,
    system::{OsRandom, SystemClock},
};

/// The surroundings of a service.
pub(crate) struct Setting<P> {
    pub(crate) pages: Arc<P>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

impl<P> Setting<P> {
    pub(crate) fn new(pages: P) -> Self {
        Self { pages: Arc::new(pages), clock: Arc::new(SystemClock), random: Arc::new(OsRandom::new()) }
    }

    /// The request that an audit layer named, at this moment; one of its own when none did.
    pub(crate) fn origin(&self, extensions: &Extensions) -> Result<Origin, RandomUnavailable> {
        towergate_endpoint::origin(extensions, self.clock.now(), &self.random)
    }
}

impl<P> Clone for Setting<P> {
    fn clone(&self) -> Self {
        Self {
            pages: Arc::clone(&self.pages),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        }
    }
}
