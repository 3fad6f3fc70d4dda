use tower_layer::Layer;

use super::{Closes, Closing};

/// Ends connections by their next answer once the process is about to end. See the [module](super) for the rules.
#[derive(Debug, Clone)]
#[must_use]
pub struct ClosingLayer(Closing);

impl ClosingLayer {
    /// Asks `closing` at each answer.
    pub const fn new(closing: Closing) -> Self {
        Self(closing)
    }
}

impl<S> Layer<S> for ClosingLayer {
    type Service = Closes<S>;

    fn layer(&self, inner: S) -> Closes<S> {
        Closes { inner, closing: self.0.clone() }
    }
}
