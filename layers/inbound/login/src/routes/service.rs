//! The endpoints.

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{Request, Response};
use towergate_endpoint::SharedEndpoints;
use towergate_identity::ports::IdentityStore;

use crate::{
    login::Login,
    logout::{Logout, OnLogout},
    pages::LoginPages,
    site::Site,
};

/// The endpoints that [`LoginRoutes`](super::LoginRoutes) mounts.
///
/// A sign-in or sign-out whose form was read runs to its end, even when its future is dropped.
pub struct SignInAndOut<S, P, H = ()> {
    pub(super) login: Login<S, P, H>,
    pub(super) logout: Logout<P, H>,
    pub(super) site: Site<P, H>,
}

/// Which way a request goes.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// In.
    Login,
    /// Out.
    Logout,
}

impl<S, P, H, B> SharedEndpoints<B> for SignInAndOut<S, P, H>
where
    S: IdentityStore,
    P: LoginPages,
    H: OnLogout,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Route = Route;

    fn route(&self, path: &str) -> Option<Route> {
        if path == self.site.paths.login.as_str() {
            Some(Route::Login)
        } else {
            (path == self.site.paths.logout.as_str()).then_some(Route::Logout)
        }
    }

    fn name(&self, route: &Route) -> &'static str {
        match route {
            Route::Login => "login",
            Route::Logout => "logout",
        }
    }

    async fn answer(&self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Login => self.login.answer(request).await,
            Route::Logout => self.logout.answer(request).await,
        }
    }
}

impl<S, P, H> fmt::Debug for SignInAndOut<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInAndOut").finish_non_exhaustive()
    }
}
