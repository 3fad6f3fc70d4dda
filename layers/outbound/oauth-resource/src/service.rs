//! The service.

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use tracing::field::Empty;

use crate::{
    JsonRejection, KeySource, NoStore, RejectToken, TokenLookup, Verifier,
    bearer::bearer,
    future::{ResponseFuture, Waiting},
    judge::Policy,
    rejection,
    verifier::Reading,
};

/// Lets through only requests with an access token for this API. Made by [`ResourceLayer`](crate::ResourceLayer).
#[derive(Debug)]
pub struct Resource<S, K, L = NoStore, R = JsonRejection> {
    pub(crate) inner: S,
    pub(crate) verifier: Verifier<K, L>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) rejection: R,
}

impl<S, K, L, R, ReqBody, ResBody> Service<Request<ReqBody>> for Resource<S, K, L, R>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    K: KeySource,
    L: TokenLookup,
    R: RejectToken<ResBody> + Clone,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, ResBody, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let now = self.verifier.now();
        let span = towergate_core::work_span!("towergate.bearer", outcome = Empty);
        let reading = span.in_scope(|| {
            bearer(request.headers()).and_then(|token| self.verifier.read(token, &self.policy, now))
        });
        match reading {
            Ok(Reading::Verified(info)) => {
                span.record("outcome", "admitted");
                drop(span);
                request.extensions_mut().insert(info);
                ResponseFuture::inner(self.inner.call(request))
            }
            Ok(Reading::Asked { lookup, presented }) => {
                // The instance that said it is ready must take the call; its clone waits for the next.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                let policy = Arc::clone(&self.policy);
                let rejection = self.rejection.clone();
                let waiting = Waiting { inner, request, presented, policy, now, rejection, span };
                ResponseFuture::lookup(lookup, waiting)
            }
            Err(refusal) => {
                span.record("outcome", refusal.outcome());
                ResponseFuture::rejected(rejection::response(refusal, &self.policy, &self.rejection))
            }
        }
    }
}

impl<S: Clone, K, L, R: Clone> Clone for Resource<S, K, L, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            verifier: self.verifier.clone(),
            policy: Arc::clone(&self.policy),
            rejection: self.rejection.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
