//! The service.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use http::{Request, Response};
use tower_service::Service;
use towergate_core::{Timestamp, audit::Attempted};
use towergate_identity::{ports::SessionStore, rules::session::SessionId};
use tracing::{Span, field::Empty};

use crate::{
    cookie::Presented,
    door::Keeper,
    future::{ResponseFuture, Waiting, enter},
    handle::{Claimed, Who},
    record::recognise,
    rejection::{PlainRejection, RejectSession},
};

/// Recognises the session of each request, and sends its cookie. Made by [`SessionLayer`](crate::SessionLayer).
#[derive(Clone)]
pub struct SessionService<Inner, S, R = PlainRejection> {
    pub(crate) inner: Inner,
    pub(crate) keeper: Arc<Keeper<S>>,
    pub(crate) rejection: R,
}

impl<Inner, S, R> SessionService<Inner, S, R> {
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

impl<Inner, S, R, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<Inner, S, R>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    S: SessionStore,
    R: RejectSession<ResBody> + Clone,
{
    type Response = Response<ResBody>;
    type Error = Inner::Error;
    type Future = ResponseFuture<Inner, S, R, ReqBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let settings = &self.keeper.settings;
        let (who, forged) = match settings.cookie.find(request.headers()) {
            Presented::Nothing => (Who::Nobody, None),
            Presented::Torn => (Who::Torn, Some(Attempted("session_cookie_torn"))),
            Presented::Token(token) => {
                let now = settings.clock.now();
                let claimed = Claimed { id: SessionId::from_uuid(token.id()), digest: token.digest() };
                let span = towergate_core::work_span!("towergate.session", outcome = Empty);
                // A store that reads in its own thread has answered: nothing needs to be kept for later.
                let (load, loaded) = span.in_scope(|| {
                    let mut load = self.keeper.store.load_session(claimed.id, now);
                    let loaded = poll_once(&mut load);
                    (load, loaded)
                });
                let (who, forged) = match loaded {
                    Poll::Ready(Ok(loaded)) => recognise(loaded, claimed, now),
                    Poll::Ready(Err(error)) => {
                        return ResponseFuture::refused(&self.rejection, &error, &span);
                    }
                    Poll::Pending => {
                        return ResponseFuture::loading(load, claimed, self.waiting(request, now, span));
                    }
                };
                if let Who::Known(record) = &who
                    && record.activity_is_due(now, &settings.lifetime)
                {
                    return ResponseFuture::touching(Arc::clone(record), self.waiting(request, now, span));
                }
                span.record("outcome", who.outcome());
                (who, forged)
            }
        };
        let session = enter(&self.keeper, &mut request, who);
        ResponseFuture::answering(self.inner.call(request), session, forged)
    }
}

impl<Inner: Clone, S, R: Clone> SessionService<Inner, S, R> {
    /// The inner service that was polled ready goes along; the fresh clone stays.
    fn waiting<ReqBody>(
        &mut self,
        request: Request<ReqBody>,
        now: Timestamp,
        span: Span,
    ) -> Waiting<Inner, S, R, ReqBody> {
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let (keeper, rejection) = (Arc::clone(&self.keeper), self.rejection.clone());
        Waiting { inner, keeper, rejection, now, request, span }
    }
}

/// What a store answers at once; whoever must wait asks again, and is woken then.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

impl<Inner: fmt::Debug, S, R> fmt::Debug for SessionService<Inner, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
