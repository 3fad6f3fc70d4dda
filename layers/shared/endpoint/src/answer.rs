use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;

/// An endpoint's own answer: at hand, or to be waited for in a box, which is the one that a request may cost. Each endpoint
/// brings a box of its own, so that the size of one is no burden to another.
#[must_use]
pub struct Answer(Kind);

enum Kind {
    AtHand(Option<Response<Bytes>>),
    Later(Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>),
}

impl Answer {
    /// This one, at once and without a box.
    pub const fn at_hand(response: Response<Bytes>) -> Self {
        Self(Kind::AtHand(Some(response)))
    }

    /// What `future` answers.
    pub fn later(future: impl Future<Output = Response<Bytes>> + Send + 'static) -> Self {
        Self(Kind::Later(Box::pin(future)))
    }
}

impl Future for Answer {
    type Output = Response<Bytes>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Bytes>> {
        match &mut self.0 {
            // Polled again after it was done, which nobody may do.
            Kind::AtHand(response) => response.take().map_or(Poll::Pending, Poll::Ready),
            Kind::Later(future) => future.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}
