//! The service.

use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use towergate_core::audit::{Attempted, RequestId};
use towergate_identity::{ports::SessionStore, rules::session::SessionId};
use tracing::field::Empty;

use crate::{
    cookie::Presented,
    door::{Door, Keeper},
    future::{ResponseFuture, Waiting},
    handle::{Claimed, CookieChange, Session, Visitor},
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
        let origin = request.extensions().get::<RequestId>().copied();
        let settings = &self.keeper.settings;
        let (change, forged) = match settings.cookie.find(request.headers()) {
            Presented::Nothing => (CookieChange::Keep, None),
            Presented::Torn => (CookieChange::Clear, Some(Attempted("session_cookie_torn"))),
            Presented::Token(token) => {
                let now = settings.clock.now();
                let id = SessionId::from_uuid(token.id());
                let span =
                    tracing::debug_span!(target: "towergate::span", "towergate.session", outcome = Empty);
                let load = span.in_scope(|| self.keeper.store.load_session(id, now));
                let clone = self.inner.clone();
                return ResponseFuture::loading(
                    load,
                    Waiting {
                        // The inner service that was polled ready goes along; the fresh clone stays.
                        inner: mem::replace(&mut self.inner, clone),
                        keeper: Arc::clone(&self.keeper),
                        rejection: self.rejection.clone(),
                        claimed: Claimed { id, digest: token.digest() },
                        now,
                        origin,
                        request,
                        span,
                    },
                );
            }
        };
        let door = Arc::clone(&self.keeper) as Arc<dyn Door>;
        let visitor = Visitor::of(&request);
        let session = Session::new(door, origin, None, None, change, visitor);
        request.extensions_mut().insert(session.clone());
        ResponseFuture::answering(self.inner.call(request), session, forged)
    }
}

impl<Inner: fmt::Debug, S, R> fmt::Debug for SessionService<Inner, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
