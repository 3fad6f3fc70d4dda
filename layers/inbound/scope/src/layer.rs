//! The layer.

use tower_layer::Layer;

use crate::service::ScopeService;

/// Reads the session and sets [`CurrentScope`](crate::CurrentScope). See the [crate's documentation](crate).
#[derive(Debug, Clone, Copy, Default)]
#[must_use]
pub struct ScopeLayer(());

impl ScopeLayer {
    /// The layer; a [`SessionLayer`](towergate_session::SessionLayer) must stand outside it.
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for ScopeLayer {
    type Service = ScopeService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ScopeService { inner }
    }
}
