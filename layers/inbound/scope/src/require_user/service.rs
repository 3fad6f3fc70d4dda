//! The service.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use tracing::field::Empty;

use super::rejection::{NoUser, RejectNoUser};
use crate::{current::CurrentScope, future::ResponseFuture, to_login::ToLogin};

/// Lets through only requests of somebody signed in. Made by [`RequireUserLayer`](crate::RequireUserLayer).
#[derive(Debug, Clone)]
pub struct RequireUser<S, R = ToLogin> {
    pub(super) inner: S,
    pub(super) rejection: R,
}

impl<S, R> RequireUser<S, R> {
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

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RequireUser<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: RejectNoUser<ResBody>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let span = towergate_core::work_span!("towergate.require_user", outcome = Empty);
        let reason = match CurrentScope::from_extensions(request.extensions()) {
            Ok(scope) if scope.user().is_some() => {
                span.record("outcome", "admitted");
                drop(span);
                return ResponseFuture::inner(self.inner.call(request));
            }
            Ok(scope) if scope.second_factor_due() => NoUser::SecondFactorDue,
            Ok(scope) if scope.enrolment_due() => NoUser::EnrolmentDue,
            Ok(_) => NoUser::Anonymous,
            Err(missing) => return ResponseFuture::misplaced(missing),
        };
        span.record("outcome", "refused");
        let mut response = self.rejection.reject(&request.into_parts().0, reason);
        response.extensions_mut().insert(reason);
        ResponseFuture::refused(response)
    }
}
