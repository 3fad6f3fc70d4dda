use std::{
    fmt,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use crate::{Answer, future::ResponseFuture};

/// What is answered in front of an inner service: some paths, and how. To clone it is to point at the same endpoints.
pub trait Endpoints<B>: Clone {
    /// Which endpoint a path leads to, with what the path says.
    type Route;

    /// The endpoint at `path`; `None` leaves the request to the inner service.
    fn route(&self, path: &str) -> Option<Self::Route>;

    /// What operators know the endpoint by: one name of few, and nothing that the path says besides.
    fn name(&self, route: &Self::Route) -> &'static str;

    /// Answers a request that [`route`](Self::route) took.
    fn answer(self, route: Self::Route, request: Request<B>) -> Answer;
}

/// Endpoints in front of an inner service.
#[derive(Clone)]
pub struct Mounted<E, I> {
    endpoints: E,
    inner: I,
}

impl<E, I> Mounted<E, I> {
    /// Answers the paths of `endpoints` and leaves all else to `inner`.
    pub const fn new(endpoints: E, inner: I) -> Self {
        Self { endpoints, inner }
    }
}

impl<E, I> Mounted<E, I> {
    /// The same endpoints, which might have been none.
    pub(crate) fn some(self) -> Mounted<Option<E>, I> {
        Mounted { endpoints: Some(self.endpoints), inner: self.inner }
    }
}

/// No endpoints answer nothing.
impl<B, E: Endpoints<B>> Endpoints<B> for Option<E> {
    type Route = (E, E::Route);

    fn route(&self, path: &str) -> Option<Self::Route> {
        let endpoints = self.as_ref()?;
        endpoints.route(path).map(|route| (endpoints.clone(), route))
    }

    fn name(&self, (endpoints, route): &Self::Route) -> &'static str {
        endpoints.name(route)
    }

    fn answer(self, (endpoints, route): Self::Route, request: Request<B>) -> Answer {
        endpoints.answer(route, request)
    }
}

impl<E, I, ReqBody, ResBody> Service<Request<ReqBody>> for Mounted<E, I>
where
    E: Endpoints<ReqBody>,
    I: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = I::Error;
    type Future = ResponseFuture<I::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.endpoints.route(request.uri().path()) {
            Some(route) => {
                let span =
                    towergate_core::work_span!("towergate.endpoint", endpoint = self.endpoints.name(&route),);
                let answer = span.in_scope(|| self.endpoints.clone().answer(route, request));
                ResponseFuture::answer(answer.within(span))
            }
            None => ResponseFuture::inner(self.inner.call(request)),
        }
    }
}

impl<E, I: fmt::Debug> fmt::Debug for Mounted<E, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mounted").field("inner", &self.inner).finish_non_exhaustive()
    }
}
