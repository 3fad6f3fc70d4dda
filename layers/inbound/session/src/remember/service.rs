//! The service.

use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, header::COOKIE};
use tower_service::Service;
use towergate_identity::ports::{DeviceStore, RememberStore};
use tracing::{Instrument, field::Empty};

use super::{
    door::{BrowserDoor, BrowserKeeper},
    future::RememberFuture,
    redeem::redeem,
};
use crate::{
    cookie::{Kind, Presented},
    error::SessionError,
    handle::Session,
    rejection::{PlainRejection, RejectSession},
};

/// Trades cookies for sessions. Made by [`RememberLayer`](super::RememberLayer).
#[derive(Clone)]
pub struct RememberService<Inner, S, R = PlainRejection> {
    pub(super) inner: Inner,
    pub(super) keeper: Arc<BrowserKeeper<S>>,
    pub(super) rejection: R,
}

impl<Inner, S, R> RememberService<Inner, S, R> {
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

impl<Inner, S, R, ReqBody, ResBody> Service<Request<ReqBody>> for RememberService<Inner, S, R>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    S: RememberStore + DeviceStore,
    R: RejectSession<ResBody> + Clone,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = Inner::Error;
    type Future = RememberFuture<Inner, R, ReqBody, ResBody>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let session = match Session::of(request.extensions()) {
            Ok(session) => session,
            Err(missing) => return RememberFuture::misplaced(missing),
        };
        let door = Arc::clone(&self.keeper) as Arc<dyn BrowserDoor>;
        if !request.headers().contains_key(COOKIE) {
            session.attach(door, None, false);
            return RememberFuture::answering(self.inner.call(request));
        }
        let cookie = session.settings().cookie;
        let browser = match cookie.find_a(Kind::Browser, request.headers()) {
            Presented::Token(token) => Some(token),
            Presented::Nothing | Presented::Torn => None,
        };
        let remembered = cookie.find_a(Kind::Remembered, request.headers());
        let remembers = self.keeper.settings.remember_for.is_some();
        session.attach(door, browser, !matches!(remembered, Presented::Nothing));
        match remembered {
            Presented::Token(token) if remembers && session.is_anonymous() => {
                let span = towergate_core::work_span!("towergate.remember", outcome = Empty);
                let redeeming = redeem(Arc::clone(&self.keeper), session.clone(), token);
                let (within, redeemed) = (redeeming.instrument(span.clone()), session.clone());
                let redeeming = async move {
                    let answer = within.await;
                    span.record("outcome", outcome(&answer, &redeemed));
                    answer
                };
                let clone = self.inner.clone();
                // The inner service that was polled ready goes along; the fresh clone stays.
                let inner = mem::replace(&mut self.inner, clone);
                RememberFuture::redeeming(Box::pin(redeeming), inner, self.rejection.clone(), request)
            }
            Presented::Torn => {
                session.forget_remembered();
                RememberFuture::answering(self.inner.call(request))
            }
            Presented::Nothing | Presented::Token(_) => RememberFuture::answering(self.inner.call(request)),
        }
    }
}

fn outcome(redeemed: &Result<(), SessionError>, session: &Session) -> &'static str {
    match redeemed {
        Ok(()) if session.is_anonymous() => "unknown",
        Ok(()) => "known",
        Err(_) => "failed",
    }
}

impl<Inner: fmt::Debug, S, R> fmt::Debug for RememberService<Inner, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
