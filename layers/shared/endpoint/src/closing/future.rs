use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Response, StatusCode, header};
use pin_project_lite::pin_project;

use super::Closing;

pin_project! {
    /// The future of [`Closes`](super::Closes).
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        pub(super) answer: F,
        pub(super) closing: Option<Closing>,
    }
}

impl<F: Future<Output = Result<Response<B>, E>>, B, E> Future for ResponseFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut answer = ready!(this.answer.poll(context));
        if let Ok(response) = &mut answer
            && this.closing.as_ref().is_some_and(Closing::has_begun)
            // What is spoken from here on is no longer HTTP, and `Connection: upgrade` is what says so.
            && response.status() != StatusCode::SWITCHING_PROTOCOLS
        {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        Poll::Ready(answer)
    }
}
