//! The future of a request's answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::CONTENT_TYPE};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    error::{MissingSessionLayer, SessionError},
    rejection::{RejectSession, SessionRejection},
};

/// A cookie on its way to a session: rare enough to be boxed.
pub(super) type Redeeming = Pin<Box<dyn Future<Output = Result<(), SessionError>> + Send>>;

pin_project! {
    /// The future of [`RememberService`](super::RememberService).
    pub struct RememberFuture<Inner, R, ReqBody, ResBody>
    where
        Inner: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<Inner::Future, ResBody>,
        // Taken when the inner service is called.
        waiting: Option<(Inner, R, Request<ReqBody>)>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Redeeming { redeeming: Redeeming },
        Answering { #[pin] answer: F },
        Refused { response: Option<Response<B>> },
    }
}

impl<Inner, R, ReqBody, ResBody> RememberFuture<Inner, R, ReqBody, ResBody>
where
    Inner: Service<Request<ReqBody>>,
{
    pub(super) const fn answering(answer: Inner::Future) -> Self {
        Self { state: State::Answering { answer }, waiting: None }
    }

    pub(super) const fn redeeming(
        redeeming: Redeeming,
        inner: Inner,
        rejection: R,
        request: Request<ReqBody>,
    ) -> Self {
        Self { state: State::Redeeming { redeeming }, waiting: Some((inner, rejection, request)) }
    }
}

impl<Inner, R, ReqBody, ResBody: From<Bytes>> RememberFuture<Inner, R, ReqBody, ResBody>
where
    Inner: Service<Request<ReqBody>>,
{
    /// The layer stands where it cannot work: 500, and a text for the one who built the stack.
    pub(super) fn misplaced(missing: MissingSessionLayer) -> Self {
        tracing::error!("{missing}");
        let mut response = Response::new(ResBody::from(Bytes::from(format!("{missing}\n"))));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response.extensions_mut().insert(missing);
        Self { state: State::Refused { response: Some(response) }, waiting: None }
    }
}

impl<Inner, R, ReqBody, ResBody> Future for RememberFuture<Inner, R, ReqBody, ResBody>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: RejectSession<ResBody>,
{
    type Output = Result<Response<ResBody>, Inner::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Redeeming { redeeming } => {
                    let redeemed = ready!(redeeming.as_mut().poll(context));
                    let Some((mut inner, rejection, request)) = this.waiting.take() else {
                        return Poll::Pending;
                    };
                    if let Err(error) = redeemed {
                        return Poll::Ready(Ok(refuse(&rejection, &error)));
                    }
                    let answer = inner.call(request);
                    this.state.set(State::Answering { answer });
                }
                StateProjection::Answering { answer } => return answer.poll(context),
                StateProjection::Refused { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
            }
        }
    }
}

fn refuse<B>(rejection: &impl RejectSession<B>, error: &SessionError) -> Response<B> {
    let reason = if let SessionError::Store(error) = error {
        SessionRejection::from_store(error)
    } else {
        tracing::error!(%error, "a cookie could not be traded");
        SessionRejection::Broken
    };
    let mut response = rejection.reject(reason);
    response.extensions_mut().insert(reason);
    response
}

impl<Inner, R, ReqBody, ResBody> fmt::Debug for RememberFuture<Inner, R, ReqBody, ResBody>
where
    Inner: Service<Request<ReqBody>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberFuture").finish_non_exhaustive()
    }
}
