//! The future of a request's answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;
use towergate_core::{
    StoreError, Timestamp,
    audit::{Attempted, RequestId},
};
use towergate_identity::{ports::SessionStore, rules::session::SessionRecord};
use tracing::Span;

use crate::{
    door::{Door, Keeper, Step},
    handle::{Claimed, CookieChange, Session, Visitor},
    record,
    rejection::{RejectSession, SessionRejection},
};

pin_project! {
    /// The future of [`SessionService`](crate::SessionService).
    pub struct ResponseFuture<Inner, S, R, ReqBody>
    where
        Inner: Service<Request<ReqBody>>,
        S: SessionStore,
    {
        #[pin]
        state: State<Inner::Future, S::Load>,
        // Taken when the inner service is called.
        waiting: Option<Waiting<Inner, S, R, ReqBody>>,
        forged: bool,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, L> {
        Loading { #[pin] load: L },
        Touching { touch: Step<'static, bool>, record: Option<SessionRecord> },
        Answering { #[pin] answer: F, session: Session, forged: Option<Attempted> },
    }
}

/// A request whose cookie is being looked up.
pub(crate) struct Waiting<Inner, S, R, ReqBody> {
    pub(crate) inner: Inner,
    pub(crate) keeper: Arc<Keeper<S>>,
    pub(crate) rejection: R,
    pub(crate) claimed: Claimed,
    pub(crate) now: Timestamp,
    pub(crate) origin: Option<RequestId>,
    pub(crate) request: Request<ReqBody>,
    pub(crate) span: Span,
}

impl<Inner, S, R, ReqBody> ResponseFuture<Inner, S, R, ReqBody>
where
    Inner: Service<Request<ReqBody>>,
    S: SessionStore,
{
    pub(crate) const fn loading(load: S::Load, waiting: Waiting<Inner, S, R, ReqBody>) -> Self {
        Self { state: State::Loading { load }, waiting: Some(waiting), forged: false }
    }

    pub(crate) const fn answering(
        answer: Inner::Future,
        session: Session,
        forged: Option<Attempted>,
    ) -> Self {
        Self { state: State::Answering { answer, session, forged }, waiting: None, forged: false }
    }
}

impl<Inner, S, R, ReqBody, ResBody> Future for ResponseFuture<Inner, S, R, ReqBody>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>>,
    S: SessionStore,
    R: RejectSession<ResBody>,
{
    type Output = Result<Response<ResBody>, Inner::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let recognised = match this.state.as_mut().project() {
                StateProjection::Loading { load } => {
                    let Some(waiting) = this.waiting.as_ref() else { return Poll::Pending };
                    let loaded = ready!(waiting.span.in_scope(|| load.poll(context)));
                    let (now, settings) = (waiting.now, &waiting.keeper.settings);
                    // Alive, and its bearer does not hold its secret.
                    let wrong = |loaded: &SessionRecord| !loaded.digest.matches(&waiting.claimed.digest);
                    *this.forged = matches!(&loaded, Ok(Some(loaded)) if wrong(loaded));
                    match loaded.map(|loaded| record::recognise(loaded, &waiting.claimed.digest, now)) {
                        Ok(Some(record)) if record.activity_is_due(now, &settings.lifetime) => {
                            let touch = touching(Arc::clone(&waiting.keeper), &record, now);
                            this.state.set(State::Touching { touch, record: Some(record) });
                            continue;
                        }
                        recognised => recognised,
                    }
                }
                StateProjection::Touching { touch, record } => {
                    let Some(waiting) = this.waiting.as_ref() else { return Poll::Pending };
                    let alive = ready!(waiting.span.in_scope(|| touch.as_mut().poll(context)));
                    let touch =
                        |record| record::touch(record, waiting.now, &waiting.keeper.settings.lifetime);
                    alive.map(|alive| record.take().filter(|_| alive).map(touch))
                }
                StateProjection::Answering { answer, session, forged } => {
                    let mut response = ready!(answer.poll(context))?;
                    if let Some(forged) = *forged {
                        response.extensions_mut().insert(forged);
                    }
                    session.write_cookie(response.headers_mut());
                    return Poll::Ready(Ok(response));
                }
            };
            let Some(mut waiting) = this.waiting.take() else { return Poll::Pending };
            waiting.span.record("outcome", outcome(&recognised));
            // The work of this layer ends here; what is inside opens spans of its own.
            waiting.span = Span::none();
            match recognised {
                Ok(record) => {
                    let session = enter(&mut waiting, record);
                    let answer = waiting.inner.call(waiting.request);
                    let forged = this.forged.then_some(Attempted("session_secret_wrong"));
                    this.state.set(State::Answering { answer, session, forged });
                }
                Err(error) => return Poll::Ready(Ok(refuse(&waiting.rejection, &error))),
            }
        }
    }
}

fn touching<S: SessionStore>(
    keeper: Arc<Keeper<S>>,
    record: &SessionRecord,
    now: Timestamp,
) -> Step<'static, bool> {
    let id = record.id;
    Box::pin(async move { keeper.store.touch_session(id, now, keeper.settings.lifetime).await })
}

/// Puts the handle into the request; a cookie that nobody stands behind is to be cleared.
fn enter<Inner, S: SessionStore, R, ReqBody>(
    waiting: &mut Waiting<Inner, S, R, ReqBody>,
    record: Option<SessionRecord>,
) -> Session {
    let (unknown, change) = match record {
        Some(_) => (None, CookieChange::Keep),
        None => (Some(waiting.claimed.clone()), CookieChange::Clear),
    };
    let door = Arc::clone(&waiting.keeper) as Arc<dyn Door>;
    let visitor = Visitor::of(&waiting.request);
    let session = Session::new(door, waiting.origin, record, unknown, change, visitor);
    waiting.request.extensions_mut().insert(session.clone());
    session
}

const fn outcome(recognised: &Result<Option<SessionRecord>, StoreError>) -> &'static str {
    match recognised {
        Ok(Some(_)) => "known",
        Ok(None) => "unknown",
        Err(_) => "failed",
    }
}

fn refuse<B>(rejection: &impl RejectSession<B>, error: &StoreError) -> Response<B> {
    let reason = SessionRejection::from_store(error);
    let mut response = rejection.reject(reason);
    response.extensions_mut().insert(reason);
    response
}

impl<Inner, S, R, ReqBody> fmt::Debug for ResponseFuture<Inner, S, R, ReqBody>
where
    Inner: Service<Request<ReqBody>>,
    S: SessionStore,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
