//! The endpoints.

use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use towergate_core::LocalPath;
use towergate_endpoint::Endpoints;
use towergate_identity::ports::IdentityStore;

use crate::{
    login::Login,
    logout::{Logout, OnLogout},
    pages::LoginPages,
};

/// The endpoints that [`LoginRoutes`](super::LoginRoutes) mounts.
///
/// A sign-in or sign-out whose form was read runs to its end, even when its future is dropped.
pub struct SignInAndOut<S, P, H = ()> {
    ways: Arc<Ways<S, P, H>>,
}

struct Ways<S, P, H> {
    login: Login<S, P, H>,
    logout: Logout<P, H>,
    logout_path: LocalPath,
}

/// Which way a request goes.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// In.
    Login,
    /// Out.
    Logout,
}

impl<S, P, H> SignInAndOut<S, P, H> {
    pub(super) fn new(login: Login<S, P, H>, logout: Logout<P, H>, logout_path: LocalPath) -> Self {
        Self { ways: Arc::new(Ways { login, logout, logout_path }) }
    }
}

impl<S, P, H, B> Endpoints<B> for SignInAndOut<S, P, H>
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
        if path == self.ways.login.path.as_str() {
            Some(Route::Login)
        } else {
            (path == self.ways.logout_path.as_str()).then_some(Route::Logout)
        }
    }

    async fn answer(self, route: Route, request: Request<B>) -> Response<Bytes> {
        match route {
            Route::Login => self.ways.login.answer(request).await,
            Route::Logout => self.ways.logout.answer(request).await,
        }
    }
}

impl<S, P, H> Clone for SignInAndOut<S, P, H> {
    fn clone(&self) -> Self {
        Self { ways: Arc::clone(&self.ways) }
    }
}

impl<S, P, H> fmt::Debug for SignInAndOut<S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInAndOut").finish_non_exhaustive()
    }
}
