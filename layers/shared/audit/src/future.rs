//! The future of a request's answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Response};
use pin_project_lite::pin_project;
use towergate_core::audit::{Attempted, Event, Fact, Origin, RequestId, Sink};
use tracing::Span;

use crate::{layer::Settings, service::REQUEST_ID, tracing_sink::TracingSink};

pin_project! {
    /// The future of [`AuditService`](crate::AuditService).
    pub struct ResponseFuture<F> {
        #[pin]
        answer: F,
        record: Record,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) const fn new(answer: F, record: Record) -> Self {
        Self { answer, record }
    }
}

impl<F: Future<Output = Result<Response<B>, E>>, B, E> Future for ResponseFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = {
            let _entered = this.record.span.enter();
            ready!(this.answer.poll(context))
        };
        this.record.close(answer)
    }
}

/// An open record. It closes with the answer, or by being dropped when nobody waits for one any more.
pub(crate) struct Record {
    span: Span,
    id: Option<RequestId>,
    /// Whether a record further out tells of the request.
    is_inner: bool,
    settings: Arc<Settings>,
    closed: bool,
}

impl Record {
    pub(crate) const fn open(
        span: Span,
        id: Option<RequestId>,
        is_inner: bool,
        settings: Arc<Settings>,
    ) -> Self {
        Self { span, id, is_inner, settings, closed: false }
    }

    fn close<B, E>(&mut self, answer: Result<Response<B>, E>) -> Poll<Result<Response<B>, E>> {
        self.closed = true;
        let _entered = self.span.enter();
        match &answer {
            Ok(response) => {
                if !self.is_inner {
                    let status = response.status().as_u16();
                    tracing::info!(target: "towergate::request", status, "answered");
                }
                if let (Some(attempted), Some(request)) = (response.extensions().get::<Attempted>(), self.id)
                {
                    let origin = Origin { request, at: self.settings.clock.now() };
                    self.tell(&attempted.event(&origin));
                }
            }
            Err(_) if self.is_inner => {}
            Err(_) => tracing::warn!(target: "towergate::request", "the service failed without an answer"),
        }
        Poll::Ready(answer.map(|mut response| {
            if let Some(value) = self.id.and_then(header) {
                response.headers_mut().insert(REQUEST_ID, value);
            }
            response
        }))
    }

    /// Tells the host's own sink, or the log, where no record further out does.
    fn tell(&self, event: &Event) {
        match &self.settings.sink {
            Some(sink) => sink.record(event),
            None if self.is_inner => {}
            None => TracingSink.record(event),
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if !self.closed && !self.is_inner {
            let _entered = self.span.enter();
            tracing::info!(target: "towergate::request", "abandoned before it was answered");
        }
    }
}

fn header(id: RequestId) -> Option<HeaderValue> {
    HeaderValue::from_str(id.as_uuid().hyphenated().encode_lower(&mut [0; 36])).ok()
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
