//! The endpoints.

use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use towergate_endpoint::Endpoints;
use towergate_identity::ports::IdentityStore;

use super::{mfa::Mfa, security::Security};
use crate::{factor_pages::FactorPages, logout::OnLogout};

/// The endpoints that [`FactorRoutes`](super::FactorRoutes) mounts.
pub struct Factors<S, P, H = ()> {
    ways: Arc<Ways<S, P, H>>,
}

struct Ways<S, P, H> {
    mfa: Mfa<S, P, H>,
    security: Security<S, P>,
}

/// Which page a request is for.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// The one that asks for a code.
    Mfa,
    /// The one on which factors are kept.
    Security,
}

impl<S, P, H> Factors<S, P, H> {
    pub(super) fn new(mfa: Mfa<S, P, H>, security: Security<S, P>) -> Self {
        Self { ways: Arc::new(Ways { mfa, security }) }
    }
}

impl<S, P, H, B> Endpoints<B> for Factors<S, P, H>
where
    S: IdentityStore,
    P: FactorPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        if path == self.ways.mfa.path.as_str() {
            Some(Route::Mfa)
        } else {
            (path == self.ways.security.path.as_str()).then_some(Route::Security)
        }
    }

    async fn answer(self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Mfa => self.ways.mfa.answer(request).await,
            Route::Security => self.ways.security.answer(request).await,
        }
    }
}

impl<S, P, H> Clone for Factors<S, P, H> {
    fn clone(&self) -> Self {
        Self { ways: Arc::clone(&self.ways) }
    }
}

impl<S, P, H> fmt::Debug for Factors<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factors").finish_non_exhaustive()
    }
}
