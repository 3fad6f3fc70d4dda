use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

use crate::Answer;

pin_project! {
    /// The future of [`Mounted`](crate::Mounted).
    pub struct ResponseFuture<F> {
        #[pin]
        way: Way<F>,
    }
}

pin_project! {
    #[project = Projected]
    enum Way<F> {
        Inner { #[pin] future: F },
        Own { #[pin] answer: Answer },
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) const fn inner(future: F) -> Self {
        Self { way: Way::Inner { future } }
    }

    pub(crate) const fn answer(answer: Answer) -> Self {
        Self { way: Way::Own { answer } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: From<Bytes>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().way.project() {
            Projected::Inner { future } => future.poll(cx),
            Projected::Own { answer } => Poll::Ready(Ok(ready!(answer.poll(cx)).map(B::from))),
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
