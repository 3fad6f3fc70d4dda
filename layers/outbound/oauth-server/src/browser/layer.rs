use std::fmt;

use tower_layer::Layer;
use towergate_endpoint::Mounted;

use super::service::Browser;
use crate::server::AuthorizationServer;

/// Answers the browser side's paths; see the [module](super) for the rules.
///
/// In axum those paths are no routes of a router: they reach the layers by its fallback. A router that is merged with
/// another must have a fallback of its own (`.fallback(..)`, before `.layer(..)`), or the other router's guard or 404
/// answers them.
pub struct BrowserLayer<S, R, P> {
    server: AuthorizationServer<S, R, P>,
}

impl<S, R, P> AuthorizationServer<S, R, P> {
    /// The layer that answers the authorization endpoint and the interactions of this server.
    #[must_use]
    pub fn browser(&self) -> BrowserLayer<S, R, P> {
        BrowserLayer { server: self.clone() }
    }
}

impl<S, R, P, I> Layer<I> for BrowserLayer<S, R, P> {
    type Service = Mounted<Browser<S, R, P>, I>;

    fn layer(&self, inner: I) -> Self::Service {
        Mounted::new(Browser::new(self.server.clone()), inner)
    }
}

impl<S, R, P> Clone for BrowserLayer<S, R, P> {
    fn clone(&self) -> Self {
        Self { server: self.server.clone() }
    }
}

impl<S, R, P> fmt::Debug for BrowserLayer<S, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserLayer").field("server", &self.server).finish()
    }
}
