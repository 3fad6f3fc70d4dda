//! The service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use towergate_identity::rules::api_token::Permission;
use tracing::field::Empty;

use super::future::RequireFuture;
use crate::{
    Refusal,
    caller::ApiCaller,
    rejection::{self, JsonRejection, RejectApiToken},
};

/// Lets through only programs that may do something. Made by [`RequirePermissionLayer`](crate::RequirePermissionLayer).
#[derive(Debug, Clone)]
pub struct RequirePermission<S, R = JsonRejection> {
    pub(super) inner: S,
    pub(super) permission: Arc<Permission>,
    pub(super) rejection: R,
}

impl<S, R> RequirePermission<S, R> {
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

impl<S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RequirePermission<S, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: RejectApiToken<ResBody>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = RequireFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let span = towergate_core::work_span!("towergate.require_permission", outcome = Empty);
        let refusal = match ApiCaller::from_extensions(request.extensions()) {
            Ok(Some(caller)) if caller.may(&self.permission) => {
                span.record("outcome", "admitted");
                drop(span);
                return RequireFuture::inner(self.inner.call(request));
            }
            Ok(Some(_)) => Refusal::InsufficientScope((*self.permission).clone()),
            Ok(None) => Refusal::NoCredentials,
            Err(missing) => return RequireFuture::misplaced(missing),
        };
        span.record("outcome", "refused");
        RequireFuture::refused(rejection::response(refusal, &self.rejection))
    }
}
