//! The service.

use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;
use towergate_client_address::ClientAddress;
use towergate_core::Clock;
use tracing::{Instrument, field::Empty};

use super::{
    future::{ResponseFuture, Waiting},
    guard::{Guard, buckets},
    rejection::{PlainRefusal, RejectRateLimited},
};
use crate::{ports::RateStore, reason::RateLimited};

/// Lets each address ask so often, and no more. Made by [`RateLimitLayer`](crate::RateLimitLayer).
pub struct RateLimit<Inner, S, R = PlainRefusal> {
    pub(super) inner: Inner,
    pub(super) store: Arc<S>,
    pub(super) guards: Arc<Vec<Guard>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rejection: R,
}

impl<Inner, S, R> RateLimit<Inner, S, R> {
    /// The service inside.
    pub const fn get_ref(&self) -> &Inner {
        &self.inner
    }

    /// The service inside, to change.
    pub const fn get_mut(&mut self) -> &mut Inner {
        &mut self.inner
    }

    /// The service inside, alone.
    pub fn into_inner(self) -> Inner {
        self.inner
    }
}

impl<Inner, S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RateLimit<Inner, S, R>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    S: RateStore,
    R: RejectRateLimited<ResBody> + Clone,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = Inner::Error;
    type Future = ResponseFuture<Inner, R, ReqBody, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let mut named =
            self.guards.iter().filter(|guard| guard.names(request.method(), request.uri().path())).peekable();
        if named.peek().is_none() {
            return ResponseFuture::answering(self.inner.call(request));
        }
        let address = match ClientAddress::from_extensions(request.extensions()) {
            Ok(address) => address,
            Err(missing) => return ResponseFuture::misplaced(missing),
        };
        let (buckets, now) = (buckets(named, address), self.clock.now());
        let (store, names) = (Arc::clone(&self.store), RateLimited::names(&buckets));
        let span = towergate_core::work_span!("towergate.rate_limit", outcome = Empty);
        let taking = async move {
            let taken = store.take(buckets, now).instrument(span.clone()).await;
            let taken = RateLimited::read(taken, &names, now);
            span.record("outcome", outcome(taken));
            taken
        };
        let clone = self.inner.clone();
        // The inner service that was polled ready goes along; the fresh clone stays.
        let inner = mem::replace(&mut self.inner, clone);
        ResponseFuture::taking(
            Box::pin(taking),
            Waiting { inner, rejection: self.rejection.clone(), request },
        )
    }
}

const fn outcome(taken: Result<(), RateLimited>) -> &'static str {
    match taken {
        Ok(()) => "admitted",
        Err(RateLimited::TooMany { .. }) => "refused",
        Err(RateLimited::Unavailable | RateLimited::Broken) => "failed",
    }
}

impl<Inner: Clone, S, R: Clone> Clone for RateLimit<Inner, S, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            store: Arc::clone(&self.store),
            guards: Arc::clone(&self.guards),
            clock: Arc::clone(&self.clock),
            rejection: self.rejection.clone(),
        }
    }
}

impl<Inner: fmt::Debug, S, R> fmt::Debug for RateLimit<Inner, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").field("inner", &self.inner).finish_non_exhaustive()
    }
}
