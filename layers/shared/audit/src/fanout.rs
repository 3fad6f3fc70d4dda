//! Several sinks as one.

use std::{fmt, sync::Arc};

use towergate_core::audit::{Event, Sink};

/// Tells several sinks, in the order they were added.
#[derive(Clone, Default)]
#[must_use]
pub struct Fanout(Vec<Arc<dyn Sink>>);

impl Fanout {
    /// Tells nobody yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Tells `sink` as well.
    pub fn and(mut self, sink: impl Sink) -> Self {
        self.0.push(Arc::new(sink));
        self
    }
}

impl Sink for Fanout {
    fn record(&self, event: &Event) {
        for sink in &self.0 {
            sink.record(event);
        }
    }
}

impl fmt::Debug for Fanout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fanout").field(&self.0.len()).finish()
    }
}
