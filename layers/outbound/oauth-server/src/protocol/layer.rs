use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_endpoint::Mounted;

use super::{
    documents::{Documents, Prepared},
    service::Protocol,
};
use crate::server::AuthorizationServer;

/// Answers the protocol's paths; see the [module](super) for the rules.
pub struct ProtocolLayer<S, R, P> {
    endpoints: Arc<Endpoints<S, R, P>>,
}

/// What the protocol's endpoints share.
pub(super) struct Endpoints<S, R, P> {
    pub(super) server: AuthorizationServer<S, R, P>,
    pub(super) documents: Documents,
}

impl<S, R, P> Endpoints<S, R, P> {
    pub(super) fn documents(&self) -> Arc<Prepared> {
        self.documents.current(self.server.config(), self.server.keys())
    }
}

impl<S, R, P> AuthorizationServer<S, R, P> {
    /// The layer that answers the token, revocation, introspection, userinfo, registration, key and metadata endpoints of
    /// this server.
    /// Mount it outside the session stack.
    #[must_use]
    pub fn protocol(&self) -> ProtocolLayer<S, R, P> {
        let documents = Documents::new(self.config(), self.outbound_client().is_some(), self.keys());
        ProtocolLayer { endpoints: Arc::new(Endpoints { server: self.clone(), documents }) }
    }
}

impl<S, R, P, I> Layer<I> for ProtocolLayer<S, R, P> {
    type Service = Mounted<Protocol<S, R, P>, I>;

    fn layer(&self, inner: I) -> Self::Service {
        Mounted::new(Protocol::new(Arc::clone(&self.endpoints)), inner)
    }
}

impl<S, R, P> Clone for ProtocolLayer<S, R, P> {
    fn clone(&self) -> Self {
        Self { endpoints: Arc::clone(&self.endpoints) }
    }
}

impl<S, R, P> fmt::Debug for ProtocolLayer<S, R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtocolLayer").field("server", &self.endpoints.server).finish_non_exhaustive()
    }
}
