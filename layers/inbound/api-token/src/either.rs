//! One API, two kinds of bearer tokens: those of people's own programs, and others, such as OAuth access tokens.
//!
//! The rules, in order:
//!
//! 1. A request that shows a token of ours (`Authorization: Bearer tg_api_…`) goes through the one layer, with which nothing of
//!    the other is asked.
//! 2. Every other request, also one that shows nothing, goes through the other layer, which refuses it or lets it in.
//!
//! The inner service tells by the extensions who asks: [`ApiCaller`](crate::ApiCaller), or whatever the other layer sets.
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, layer::layer_fn, service_fn};
//! use tower_layer::Layer;
//! use towergate_api_token::{ApiTokenLayer, EitherBearerLayer, Permission, RequirePermissionLayer};
//! # use towergate_api_token::{ApiTokens, PermissionList, RootKey, RootKeys};
//! # use towergate_identity::ports::memory::MemoryStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let seed = towergate_core::Secret::new([7; 32]);
//! # let keys = RootKeys::new(RootKey::from_seed(1, &seed).ok_or("a key")?);
//! # let tokens = ApiTokens::new(MemoryStore::new(), keys, PermissionList::new([("read", "Read")])?);
//! let ours = ServiceBuilder::new()
//!     .layer(ApiTokenLayer::new(tokens))
//!     .layer(RequirePermissionLayer::new(Permission::parse("read")?))
//!     .into_inner();
//! // In the place of this one stands `ResourceLayer` of towergate-oauth-resource.
//! let others = layer_fn(|inner| inner);
//! let app = EitherBearerLayer::new(ours, others).layer(service_fn(async |_: Request<Full<Bytes>>| {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
//! }));
//!
//! let show = |token| Request::builder().header(header::AUTHORIZATION, token).body(Full::default());
//! assert_eq!(app.clone().oneshot(show("Bearer eyJ…")?).await?.status(), StatusCode::OK);
//! assert_eq!(app.oneshot(show("Bearer tg_api_nonsense")?).await?.status(), StatusCode::UNAUTHORIZED);
//! # Ok(())
//! # }
//! ```

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::presented::{Presented, presented};

/// Sends tokens of ours through one layer, and everything else through another. See the [module's documentation](self).
#[derive(Debug, Clone)]
#[must_use]
pub struct EitherBearerLayer<O, E> {
    ours: O,
    others: E,
}

impl<O, E> EitherBearerLayer<O, E> {
    /// `ours` guards against tokens of ours, such as an [`ApiTokenLayer`](crate::ApiTokenLayer) over a
    /// [`RequirePermissionLayer`](crate::RequirePermissionLayer); `others` against everything else.
    pub const fn new(ours: O, others: E) -> Self {
        Self { ours, others }
    }
}

impl<S: Clone, O: Layer<S>, E: Layer<S>> Layer<S> for EitherBearerLayer<O, E> {
    type Service = EitherBearer<O::Service, E::Service>;

    fn layer(&self, inner: S) -> Self::Service {
        EitherBearer { ours: self.ours.layer(inner.clone()), others: self.others.layer(inner) }
    }
}

/// Sends tokens of ours to one service, and everything else to another. Made by [`EitherBearerLayer`].
#[derive(Debug, Clone)]
pub struct EitherBearer<O, E> {
    ours: O,
    others: E,
}

impl<O, E, ReqBody, ResBody> Service<Request<ReqBody>> for EitherBearer<O, E>
where
    O: Service<Request<ReqBody>, Response = Response<ResBody>>,
    E: Service<Request<ReqBody>, Response = Response<ResBody>, Error = O::Error>,
{
    type Response = Response<ResBody>;
    type Error = O::Error;
    type Future = EitherFuture<O::Future, E::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        ready!(self.ours.poll_ready(context))?;
        self.others.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match presented(request.headers()) {
            Presented::NotOurs => EitherFuture { state: State::Others { answer: self.others.call(request) } },
            Presented::Torn | Presented::Ours(_) => {
                EitherFuture { state: State::Ours { answer: self.ours.call(request) } }
            }
        }
    }
}

pin_project! {
    /// The future of [`EitherBearer`].
    pub struct EitherFuture<O, E> {
        #[pin]
        state: State<O, E>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<O, E> {
        Ours { #[pin] answer: O },
        Others { #[pin] answer: E },
    }
}

impl<O: Future, E: Future<Output = O::Output>> Future for EitherFuture<O, E> {
    type Output = O::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Ours { answer } => answer.poll(context),
            StateProjection::Others { answer } => answer.poll(context),
        }
    }
}

impl<O, E> fmt::Debug for EitherFuture<O, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EitherFuture").finish_non_exhaustive()
    }
}
