//! The future.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;
use towergate_core::{StoreError, Timestamp};
use towergate_oauth::ports::grant::StoredAccessToken;
use tracing::Span;

use crate::{
    Refusal, RejectToken,
    judge::{self, Policy, Presented},
    lookup::Lookup,
    rejection,
};

pin_project! {
    /// The future of [`Resource`](crate::Resource).
    pub struct ResponseFuture<S, ReqBody, ResBody, R>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        kind: Kind<S, ReqBody, ResBody, R>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<S, ReqBody, ResBody, R>
    where
        S: Service<Request<ReqBody>>,
    {
        Inner { #[pin] future: S::Future },
        Rejected { response: Option<Response<ResBody>> },
        Lookup { lookup: Lookup, waiting: Option<Box<Waiting<S, ReqBody, R>>> },
    }
}

/// A request that waits for the store to answer.
pub(crate) struct Waiting<S, ReqBody, R> {
    pub(crate) inner: S,
    pub(crate) request: Request<ReqBody>,
    pub(crate) presented: Presented,
    pub(crate) policy: Arc<Policy>,
    pub(crate) now: Timestamp,
    pub(crate) rejection: R,
    pub(crate) span: Span,
}

impl<S: Service<Request<ReqBody>>, ReqBody, ResBody, R> ResponseFuture<S, ReqBody, ResBody, R> {
    pub(crate) const fn inner(future: S::Future) -> Self {
        Self { kind: Kind::Inner { future } }
    }

    pub(crate) const fn rejected(response: Response<ResBody>) -> Self {
        Self { kind: Kind::Rejected { response: Some(response) } }
    }

    pub(crate) fn lookup(lookup: Lookup, waiting: Waiting<S, ReqBody, R>) -> Self {
        Self { kind: Kind::Lookup { lookup, waiting: Some(Box::new(waiting)) } }
    }
}

impl<S, ReqBody, ResBody, R> Future for ResponseFuture<S, ReqBody, ResBody, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: RejectToken<ResBody>,
{
    type Output = Result<Response<ResBody>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut kind = self.project().kind;
        loop {
            let next = match kind.as_mut().project() {
                KindProjection::Inner { future } => return future.poll(cx),
                KindProjection::Rejected { response } => {
                    // Polled again after it was done, which nobody may do.
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                KindProjection::Lookup { lookup, waiting } => {
                    let Some(asked) = waiting.as_ref() else { return Poll::Pending };
                    let found = ready!(asked.span.in_scope(|| lookup.as_mut().poll(cx)));
                    let Some(asked) = waiting.take() else { return Poll::Pending };
                    asked.go_on(found)
                }
            };
            kind.set(next);
        }
    }
}

impl<S: Service<Request<ReqBody>>, ReqBody, R> Waiting<S, ReqBody, R> {
    fn go_on<ResBody>(
        mut self,
        found: Result<Option<StoredAccessToken>, StoreError>,
    ) -> Kind<S, ReqBody, ResBody, R>
    where
        R: RejectToken<ResBody>,
    {
        let verdict = found
            .map_err(|error| refusal(&error))
            .and_then(|found| judge::stored(self.presented, found, &self.policy, self.now));
        self.span.record("outcome", verdict.as_ref().map_or_else(Refusal::outcome, |_| "admitted"));
        drop(self.span);
        match verdict {
            Ok(info) => {
                self.request.extensions_mut().insert(info);
                Kind::Inner { future: self.inner.call(self.request) }
            }
            Err(refusal) => {
                Kind::Rejected { response: Some(rejection::response(refusal, &self.policy, &self.rejection)) }
            }
        }
    }
}

fn refusal(error: &StoreError) -> Refusal {
    if let StoreError::Unavailable(_) = error {
        tracing::warn!(%error, "an access token could not be looked up");
        Refusal::Unavailable
    } else {
        tracing::error!(%error, "an access token could not be looked up");
        Refusal::Broken
    }
}

impl<S: Service<Request<ReqBody>>, ReqBody, ResBody, R> fmt::Debug
    for ResponseFuture<S, ReqBody, ResBody, R>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
