//! The future: the inner answer, or a refusal that is ready at once.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use pin_project_lite::pin_project;

use crate::caller::MissingApiTokenLayer;

pin_project! {
    /// The future of [`RequirePermission`](crate::RequirePermission).
    pub struct RequireFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Inner { #[pin] answer: F },
        Refused { response: Option<Response<B>> },
    }
}

impl<F, B> RequireFuture<F, B> {
    pub(super) const fn inner(answer: F) -> Self {
        Self { state: State::Inner { answer } }
    }

    pub(super) const fn refused(response: Response<B>) -> Self {
        Self { state: State::Refused { response: Some(response) } }
    }
}

impl<F, B: From<Bytes>> RequireFuture<F, B> {
    /// The layer stands where it cannot work: 500, and a text for the one who built the stack.
    pub(super) fn misplaced(missing: MissingApiTokenLayer) -> Self {
        tracing::error!("{missing}");
        let mut response = Response::new(B::from(Bytes::from(format!("{missing}\n"))));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response.extensions_mut().insert(missing);
        Self::refused(response)
    }
}

impl<F: Future<Output = Result<Response<B>, E>>, B, E> Future for RequireFuture<F, B> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Inner { answer } => answer.poll(context),
            StateProjection::Refused { response } => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
        }
    }
}

impl<F, B> fmt::Debug for RequireFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireFuture").finish_non_exhaustive()
    }
}
