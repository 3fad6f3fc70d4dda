use std::{
    error::Error,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;
use towergate_oauth::ports::OAuthStore;

use super::{future::ResponseFuture, json, layer::Endpoints, token, userinfo};
use crate::{account::AccountResolver, config::ServerConfig, pages::OAuthPages};

/// The service that [`ProtocolLayer`](super::ProtocolLayer) builds.
pub struct Protocol<S, R, P, I> {
    endpoints: Arc<Endpoints<S, R, P>>,
    inner: I,
}

impl<S, R, P, I> Protocol<S, R, P, I> {
    pub(super) const fn new(endpoints: Arc<Endpoints<S, R, P>>, inner: I) -> Self {
        Self { endpoints, inner }
    }
}

impl<S, R, P, I, ReqBody, ResBody> Service<Request<ReqBody>> for Protocol<S, R, P, I>
where
    S: OAuthStore,
    R: AccountResolver,
    P: OAuthPages,
    I: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ReqBody: Body + Send + 'static,
    ReqBody::Data: Send,
    ReqBody::Error: Into<Box<dyn Error + Send + Sync>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = I::Error;
    type Future = ResponseFuture<I::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match Route::of(request.uri().path(), self.endpoints.server.config()) {
            Some(route) => {
                let endpoints = Arc::clone(&self.endpoints);
                ResponseFuture::answer(Box::pin(answer(endpoints, route, request)))
            }
            None => ResponseFuture::inner(self.inner.call(request)),
        }
    }
}

#[derive(Clone, Copy)]
enum Route {
    Token,
    UserInfo,
    Jwks,
    Metadata,
}

impl Route {
    fn of(path: &str, config: &ServerConfig) -> Option<Self> {
        let paths = &config.paths;
        match path {
            "/.well-known/openid-configuration" | "/.well-known/oauth-authorization-server" => {
                Some(Self::Metadata)
            }
            _ if path == paths.token => Some(Self::Token),
            _ if path == paths.userinfo => Some(Self::UserInfo),
            _ if path == paths.jwks => Some(Self::Jwks),
            _ => None,
        }
    }

    const fn allowed(self) -> (&'static [Method], &'static str) {
        match self {
            Self::Token => (&[Method::POST], "POST"),
            Self::UserInfo => (&[Method::GET, Method::POST], "GET, POST"),
            Self::Jwks | Self::Metadata => (&[Method::GET, Method::HEAD], "GET, HEAD"),
        }
    }
}

async fn answer<S, R, P, B>(
    endpoints: Arc<Endpoints<S, R, P>>,
    route: Route,
    request: Request<B>,
) -> Response<Bytes>
where
    S: OAuthStore,
    R: AccountResolver,
    P: OAuthPages,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (methods, allow) = route.allowed();
    if !methods.contains(request.method()) {
        return json::method_not_allowed(allow);
    }
    let (parts, body) = request.into_parts();
    match route {
        Route::Jwks => endpoints.jwks.answer(&parts.headers),
        Route::Metadata => endpoints.metadata.answer(&parts.headers),
        Route::Token => token::answer(&endpoints, &parts, body)
            .await
            .unwrap_or_else(|failure| failure.tell(endpoints.server.config().issuer.as_str())),
        Route::UserInfo => userinfo::answer(&endpoints, &parts, body)
            .await
            .unwrap_or_else(|failure| failure.tell(endpoints.server.config().issuer.as_str())),
    }
}

impl<S, R, P, I: Clone> Clone for Protocol<S, R, P, I> {
    fn clone(&self) -> Self {
        Self { endpoints: Arc::clone(&self.endpoints), inner: self.inner.clone() }
    }
}

impl<S, R, P, I: fmt::Debug> fmt::Debug for Protocol<S, R, P, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol").field("inner", &self.inner).finish_non_exhaustive()
    }
}
