//! The service.

use std::{
    error::Error,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use towergate_core::LocalPath;
use towergate_identity::ports::IdentityStore;

use super::future::ResponseFuture;
use crate::{
    login::Login,
    logout::{Logout, OnLogout},
    pages::LoginPages,
};

/// Answers the sign-in page and the way out. Made by [`LoginRoutes`](super::LoginRoutes).
///
/// It is ready when the inner service is. A sign-in or sign-out whose form was read runs to its end, even when its future
/// is dropped.
pub struct LoginRoutesService<Inner, S, P, H = ()> {
    pub(super) inner: Inner,
    pub(super) routes: Arc<Routes<S, P, H>>,
}

pub(super) struct Routes<S, P, H> {
    pub(super) login: Login<S, P, H>,
    pub(super) logout: Logout<P, H>,
    pub(super) logout_path: LocalPath,
}

impl<Inner, S, P, H, ReqBody, ResBody> Service<Request<ReqBody>> for LoginRoutesService<Inner, S, P, H>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S: IdentityStore,
    P: LoginPages,
    H: OnLogout,
    ReqBody: http_body::Body + Send + 'static,
    ReqBody::Data: Send,
    ReqBody::Error: Into<Box<dyn Error + Send + Sync>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = Inner::Error;
    type Future = ResponseFuture<Inner::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let path = request.uri().path();
        let routes = Arc::clone(&self.routes);
        if path == routes.login.path.as_str() {
            ResponseFuture::own(async move { routes.login.answer(request).await })
        } else if path == routes.logout_path.as_str() {
            ResponseFuture::own(async move { routes.logout.answer(request).await })
        } else {
            ResponseFuture::inner(self.inner.call(request))
        }
    }
}

impl<Inner: Clone, S, P, H> Clone for LoginRoutesService<Inner, S, P, H> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), routes: Arc::clone(&self.routes) }
    }
}

impl<Inner: fmt::Debug, S, P, H> fmt::Debug for LoginRoutesService<Inner, S, P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRoutesService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
