use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::Response;
use tracing::Span;

/// An endpoint's own answer: at hand, or to be waited for in a box, which is the one that a request may cost. Each endpoint
/// brings a box of its own, so that the size of one is no burden to another.
#[must_use]
pub struct Answer(Kind);

enum Kind {
    AtHand(Option<Response<Bytes>>),
    Later { answer: Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>, span: Span },
}

impl Answer {
    /// This one, at once and without a box.
    pub const fn at_hand(response: Response<Bytes>) -> Self {
        Self(Kind::AtHand(Some(response)))
    }

    /// Waited for inside `within`; one at hand has no more to wait for.
    pub(crate) fn within(mut self, within: Span) -> Self {
        if let Kind::Later { span, .. } = &mut self.0 {
            *span = within;
        }
        self
    }

    /// What `future` answers.
    pub fn later(future: impl Future<Output = Response<Bytes>> + Send + 'static) -> Self {
        Self(Kind::Later { answer: Box::pin(future), span: Span::none() })
    }
}

impl Future for Answer {
    type Output = Response<Bytes>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Bytes>> {
        match &mut self.0 {
            // Polled again after it was done, which nobody may do.
            Kind::AtHand(response) => response.take().map_or(Poll::Pending, Poll::Ready),
            Kind::Later { answer, span } => {
                let response = ready!(span.in_scope(|| answer.as_mut().poll(cx)));
                *span = Span::none();
                Poll::Ready(response)
            }
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").finish_non_exhaustive()
    }
}
