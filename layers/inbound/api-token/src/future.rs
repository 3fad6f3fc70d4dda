//! The future.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    Refusal,
    caller::ApiCaller,
    rejection::{self, RejectApiToken},
};

/// A check under way.
pub(crate) type Check = Pin<Box<dyn Future<Output = Result<ApiCaller, Refusal>> + Send>>;

pin_project! {
    /// The future of [`ApiTokenService`](crate::ApiTokenService).
    pub struct ResponseFuture<Inner, ReqBody, ResBody, R>
    where
        Inner: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<Inner, ReqBody, ResBody, R>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<Inner, ReqBody, ResBody, R>
    where
        Inner: Service<Request<ReqBody>>,
    {
        Inner { #[pin] answer: Inner::Future },
        Refused { response: Option<Response<ResBody>> },
        Checking { check: Check, waiting: Option<Box<Waiting<Inner, ReqBody, R>>> },
    }
}

/// A request that waits for its token to be checked.
pub(crate) struct Waiting<Inner, ReqBody, R> {
    pub(crate) inner: Inner,
    pub(crate) request: Request<ReqBody>,
    pub(crate) rejection: R,
}

impl<Inner: Service<Request<ReqBody>>, ReqBody, ResBody, R> ResponseFuture<Inner, ReqBody, ResBody, R> {
    pub(crate) const fn inner(answer: Inner::Future) -> Self {
        Self { state: State::Inner { answer } }
    }

    pub(crate) const fn refused(response: Response<ResBody>) -> Self {
        Self { state: State::Refused { response: Some(response) } }
    }

    pub(crate) fn checking(check: Check, waiting: Waiting<Inner, ReqBody, R>) -> Self {
        Self { state: State::Checking { check, waiting: Some(Box::new(waiting)) } }
    }
}

impl<Inner, ReqBody, ResBody, R> Future for ResponseFuture<Inner, ReqBody, ResBody, R>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: RejectApiToken<ResBody>,
{
    type Output = Result<Response<ResBody>, Inner::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Inner { answer } => return answer.poll(context),
                StateProjection::Refused { response } => {
                    // Polled again after it was done, which nobody may do.
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                StateProjection::Checking { check, waiting } => {
                    let checked = ready!(check.as_mut().poll(context));
                    let Some(waiting) = waiting.take() else { return Poll::Pending };
                    waiting.go_on(checked)
                }
            };
            state.set(next);
        }
    }
}

impl<Inner: Service<Request<ReqBody>>, ReqBody, R> Waiting<Inner, ReqBody, R> {
    fn go_on<ResBody>(mut self, checked: Result<ApiCaller, Refusal>) -> State<Inner, ReqBody, ResBody, R>
    where
        R: RejectApiToken<ResBody>,
    {
        match checked {
            Ok(caller) => {
                ApiCaller::note(Some(caller), self.request.extensions_mut());
                State::Inner { answer: self.inner.call(self.request) }
            }
            Err(refusal) => State::Refused { response: Some(rejection::response(refusal, &self.rejection)) },
        }
    }
}

impl<Inner: Service<Request<ReqBody>>, ReqBody, ResBody, R> fmt::Debug
    for ResponseFuture<Inner, ReqBody, ResBody, R>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
