//! The endpoints.

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{Request, Response};
use towergate_endpoint::SharedEndpoints;
use towergate_identity::ports::IdentityStore;

use super::{mfa::Mfa, security::Security};
use crate::{factor_pages::FactorPages, logout::OnLogout, site::Site};

/// The endpoints that [`FactorRoutes`](super::FactorRoutes) mounts.
pub struct Factors<S, P, H = ()> {
    pub(super) mfa: Mfa<S, P, H>,
    pub(super) security: Security<S, P, H>,
    pub(super) site: Site<P, H>,
}

/// Which page a request is for.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// The one that asks for a code.
    Mfa,
    /// The one on which factors are kept.
    Security,
}

impl<S, P, H, B> SharedEndpoints<B> for Factors<S, P, H>
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
        if path == self.site.paths.second_factor.as_str() {
            Some(Route::Mfa)
        } else {
            (path == self.site.paths.security.as_str()).then_some(Route::Security)
        }
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Mfa => "second_factor",
            Route::Security => "security",
        }
    }

    async fn answer(&self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Mfa => self.mfa.answer(request).await,
            Route::Security => self.security.answer(request).await,
        }
    }
}

impl<S, P, H> fmt::Debug for Factors<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factors").finish_non_exhaustive()
    }
}
