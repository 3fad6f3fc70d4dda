//! Requests, by class of endpoint and outcome.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use metrics::counter;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use towergate_rate_limit::RateLimited;

use crate::{
    class::class_of,
    counters::Counters,
    names::{RATE_LIMITED, REQUESTS},
};

/// Counts requests. See the [crate](crate) for where it goes.
#[derive(Clone, Copy)]
#[must_use]
pub struct MetricsLayer {
    class: fn(&str) -> &'static str,
}

impl MetricsLayer {
    /// Tells classes apart by the paths of the house: [`class_of`].
    pub const fn new() -> Self {
        Self { class: class_of }
    }

    /// Tells classes apart by `class`, for a host whose paths are others.
    pub const fn classes(self, class: fn(&str) -> &'static str) -> Self {
        Self { class }
    }
}

impl Default for MetricsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metrics<S>;

    fn layer(&self, inner: S) -> Metrics<S> {
        Metrics { inner, class: self.class, requests: Arc::new(Counters::of(REQUESTS, ["class", "outcome"])) }
    }
}

/// Counts requests. Made by [`MetricsLayer`].
#[derive(Clone)]
pub struct Metrics<S> {
    inner: S,
    class: fn(&str) -> &'static str,
    requests: Arc<Counters<2>>,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Metrics<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let class = (self.class)(request.uri().path());
        let open = Open { class, requests: Arc::clone(&self.requests), is_open: true };
        ResponseFuture { answer: self.inner.call(request), open }
    }
}

pin_project! {
    /// The future of [`Metrics`].
    pub struct ResponseFuture<F> {
        #[pin]
        answer: F,
        open: Open,
    }
}

impl<F: Future<Output = Result<Response<B>, E>>, B, E> Future for ResponseFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context));
        this.open.close(match &answer {
            Ok(response) if response.status().is_server_error() => "failed",
            Ok(response) if response.status().is_client_error() => "refused",
            Ok(_) => "answered",
            Err(_) => "failed",
        });
        if let Ok(response) = &answer
            && let Some(RateLimited::TooMany { limit, scope, .. }) = response.extensions().get()
        {
            counter!(RATE_LIMITED, "limit" => *limit, "scope" => scope.as_str()).increment(1);
        }
        Poll::Ready(answer)
    }
}

/// A request that is counted once, whatever becomes of it.
struct Open {
    class: &'static str,
    requests: Arc<Counters<2>>,
    is_open: bool,
}

impl Open {
    fn close(&mut self, outcome: &'static str) {
        self.is_open = false;
        self.requests.count([self.class, outcome]);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.is_open {
            self.close("abandoned");
        }
    }
}

impl fmt::Debug for MetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsLayer").finish_non_exhaustive()
    }
}

impl<S: fmt::Debug> fmt::Debug for Metrics<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
