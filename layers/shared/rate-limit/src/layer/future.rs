//! The future of a request's answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_service::Service;
use towergate_client_address::MissingClientAddressLayer;
use towergate_core::audit::Attempted;
use towergate_endpoint::page;

use super::rejection::RejectRateLimited;
use crate::reason::RateLimited;

/// The store's step: the one box of a request that is counted, which any other does not pay for.
type Taken = Pin<Box<dyn Future<Output = Result<(), RateLimited>> + Send>>;

pin_project! {
    /// The future of [`RateLimit`](crate::RateLimit).
    pub struct ResponseFuture<Inner, R, ReqBody, ResBody>
    where
        Inner: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<Inner::Future, ResBody>,
        // Taken when the inner service is called, or the request refused.
        waiting: Option<Waiting<Inner, R, ReqBody>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Taking { taken: Taken },
        Answering { #[pin] answer: F },
        Misplaced { response: Option<Response<B>> },
    }
}

/// A request that is being counted.
pub(super) struct Waiting<Inner, R, ReqBody> {
    pub(super) inner: Inner,
    pub(super) rejection: R,
    pub(super) request: Request<ReqBody>,
}

impl<Inner, R, ReqBody, ResBody> ResponseFuture<Inner, R, ReqBody, ResBody>
where
    Inner: Service<Request<ReqBody>>,
{
    pub(super) const fn answering(answer: Inner::Future) -> Self {
        Self { state: State::Answering { answer }, waiting: None }
    }

    pub(super) const fn taking(taken: Taken, waiting: Waiting<Inner, R, ReqBody>) -> Self {
        Self { state: State::Taking { taken }, waiting: Some(waiting) }
    }

    pub(super) fn misplaced(missing: MissingClientAddressLayer) -> Self
    where
        ResBody: From<Bytes>,
    {
        tracing::error!(%missing);
        let text = format!("{missing}\n");
        let mut response = page::plain(StatusCode::INTERNAL_SERVER_ERROR, text).map(ResBody::from);
        response.extensions_mut().insert(missing);
        Self { state: State::Misplaced { response: Some(response) }, waiting: None }
    }
}

impl<Inner, R, ReqBody, ResBody> Future for ResponseFuture<Inner, R, ReqBody, ResBody>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: RejectRateLimited<ResBody>,
{
    type Output = Result<Response<ResBody>, Inner::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let taken = match this.state.as_mut().project() {
                StateProjection::Taking { taken } => ready!(taken.as_mut().poll(context)),
                StateProjection::Answering { answer } => return answer.poll(context),
                StateProjection::Misplaced { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
            };
            let Some(mut waiting) = this.waiting.take() else { return Poll::Pending };
            if let Err(reason) = taken {
                // The body goes unread.
                let (parts, _) = waiting.request.into_parts();
                let mut response = waiting.rejection.reject(&parts, reason);
                if let RateLimited::TooMany { .. } = reason {
                    response.extensions_mut().insert(Attempted("rate_limited"));
                }
                response.extensions_mut().insert(reason);
                return Poll::Ready(Ok(response));
            }
            let answer = waiting.inner.call(waiting.request);
            this.state.set(State::Answering { answer });
        }
    }
}

impl<Inner, R, ReqBody, ResBody> fmt::Debug for ResponseFuture<Inner, R, ReqBody, ResBody>
where
    Inner: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
