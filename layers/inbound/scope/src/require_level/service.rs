//! The service.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use towergate_core::Clock;
use tracing::field::Empty;

use super::{
    decide::{Requirement, decide},
    rejection::RejectNotSteppedUp,
};
use crate::{current::CurrentScope, future::ResponseFuture, to_login::ToLogin};

/// Lets through only requests of somebody who signed in strongly enough, and not too long ago. Made by
/// [`RequireLevelLayer`](crate::RequireLevelLayer).
#[derive(Clone)]
pub struct RequireLevel<S, R = ToLogin> {
    pub(super) inner: S,
    pub(super) requirement: Requirement,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rejection: R,
}

impl<S, R> RequireLevel<S, R> {
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

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RequireLevel<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: RejectNotSteppedUp<ResBody>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let span = towergate_core::work_span!("towergate.require_level", outcome = Empty);
        let decided = match CurrentScope::from_extensions(request.extensions()) {
            Ok(scope) => decide(scope, self.requirement, self.clock.now()),
            Err(missing) => return ResponseFuture::misplaced(missing),
        };
        match decided {
            Ok(proof) => {
                span.record("outcome", "admitted");
                drop(span);
                request.extensions_mut().insert(proof);
                ResponseFuture::inner(self.inner.call(request))
            }
            Err(reason) => {
                span.record("outcome", "refused");
                let mut response = self.rejection.reject(&request.into_parts().0, reason);
                response.extensions_mut().insert(reason);
                ResponseFuture::refused(response)
            }
        }
    }
}

impl<S: fmt::Debug, R> fmt::Debug for RequireLevel<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, requirement, .. } = self;
        f.debug_struct("RequireLevel")
            .field("inner", inner)
            .field("requirement", requirement)
            .finish_non_exhaustive()
    }
}
