//! The service.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderName, Request, Response};
use tower_service::Service;
use towergate_core::audit::RequestId;
use tracing::Span;

use crate::{
    future::{Record, ResponseFuture},
    layer::Settings,
};

/// The response header that names the request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Opens a record for each request. Made by [`AuditLayer`](crate::AuditLayer).
#[derive(Clone)]
pub struct AuditService<S> {
    pub(crate) inner: S,
    pub(crate) settings: Arc<Settings>,
}

impl<S> AuditService<S> {
    /// The service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside, to change.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside, alone.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for AuditService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        // A record that stands further out goes on: one request has one name.
        let open: Option<RequestId> = request.extensions().get().copied();
        let id = open.or_else(|| {
            RequestId::fresh(self.settings.clock.now(), &*self.settings.random)
                .inspect_err(|error| tracing::error!(%error, "this request goes without an identifier"))
                .ok()
        });
        let span = if open.is_some() {
            Span::none()
        } else {
            tracing::info_span!(
                target: "towergate::request",
                "request",
                id = id.map(tracing::field::display),
                method = %request.method(),
                path = request.uri().path(),
            )
        };
        // Whoever asks does not choose the name of the record.
        request.headers_mut().remove(REQUEST_ID);
        if let Some(id) = id {
            request.extensions_mut().insert(id);
        }
        let answer = span.in_scope(|| self.inner.call(request));
        ResponseFuture::new(answer, Record::open(span, id, open.is_some(), Arc::clone(&self.settings)))
    }
}

impl<S: fmt::Debug> fmt::Debug for AuditService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
