//! The service.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use towergate_session::Session;
use tracing::field::Empty;

use crate::{current::CurrentScope, future::ResponseFuture};

/// Reads the session and sets [`CurrentScope`]. Made by [`ScopeLayer`](crate::ScopeLayer).
#[derive(Debug, Clone)]
pub struct ScopeService<S> {
    pub(crate) inner: S,
}

impl<S> ScopeService<S> {
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

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for ScopeService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let span = towergate_core::work_span!("towergate.scope", outcome = Empty);
        match span.in_scope(|| Session::of(request.extensions()).map(CurrentScope::of)) {
            Ok(scope) => {
                span.record("outcome", scope.outcome());
                drop(span);
                request.extensions_mut().insert(scope);
                ResponseFuture::inner(self.inner.call(request))
            }
            Err(missing) => ResponseFuture::misplaced(missing),
        }
    }
}
