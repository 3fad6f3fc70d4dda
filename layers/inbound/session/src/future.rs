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
use towergate_core::{StoreError, Timestamp, audit::Attempted};
use towergate_identity::{ports::SessionStore, rules::session::SessionRecord};
use tracing::Span;

use crate::{
    door::{Door, Keeper, Step},
    handle::{Claimed, Session, Visitor, Who},
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
        state: State<Inner, S, R, ReqBody>,
    }
}

pin_project! {
    // What waits is taken when the inner service is called. It is boxed, as few requests wait, and all move the future.
    #[project = StateProjection]
    enum State<Inner, S, R, ReqBody>
    where
        Inner: Service<Request<ReqBody>>,
        S: SessionStore,
    {
        Loading { load: S::Load, waiting: Option<Box<(Claimed, Waiting<Inner, S, R, ReqBody>)>> },
        Touching {
            touch: Step<'static, bool>,
            waiting: Option<Box<(Arc<SessionRecord>, Waiting<Inner, S, R, ReqBody>)>>,
        },
        Answering { #[pin] answer: Inner::Future, session: Session, forged: Option<Attempted> },
        Refused { response: Option<Inner::Response> },
    }
}

/// A request whose cookie is being looked up.
pub(crate) struct Waiting<Inner, S, R, ReqBody> {
    pub(crate) inner: Inner,
    pub(crate) keeper: Arc<Keeper<S>>,
    pub(crate) rejection: R,
    pub(crate) now: Timestamp,
    pub(crate) request: Request<ReqBody>,
    pub(crate) span: Span,
}

impl<Inner, S, R, ReqBody> ResponseFuture<Inner, S, R, ReqBody>
where
    Inner: Service<Request<ReqBody>>,
    S: SessionStore,
{
    pub(crate) fn loading(load: S::Load, claimed: Claimed, waiting: Waiting<Inner, S, R, ReqBody>) -> Self {
        Self { state: State::Loading { load, waiting: Some(Box::new((claimed, waiting))) } }
    }

    pub(crate) fn touching(record: Arc<SessionRecord>, waiting: Waiting<Inner, S, R, ReqBody>) -> Self {
        Self { state: State::touching(record, waiting) }
    }

    pub(crate) const fn answering(
        answer: Inner::Future,
        session: Session,
        forged: Option<Attempted>,
    ) -> Self {
        Self { state: State::Answering { answer, session, forged } }
    }

    pub(crate) fn refused<ResBody>(rejection: &R, error: &StoreError, span: &Span) -> Self
    where
        Inner: Service<Request<ReqBody>, Response = Response<ResBody>>,
        R: RejectSession<ResBody>,
    {
        Self { state: State::Refused { response: Some(refuse(rejection, error, span)) } }
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
            let next = match this.state.as_mut().project() {
                StateProjection::Loading { load, waiting } => {
                    let Some((_, Waiting { span, .. })) = waiting.as_deref() else { return Poll::Pending };
                    let loaded = ready!(span.in_scope(|| Pin::new(load).poll(context)));
                    let Some((claimed, waiting)) = waiting.take().map(|boxed| *boxed) else {
                        return Poll::Pending;
                    };
                    match loaded {
                        Ok(loaded) => waiting.loaded(loaded, claimed),
                        Err(error) => return Poll::Ready(Ok(waiting.refuse(&error))),
                    }
                }
                StateProjection::Touching { touch, waiting } => {
                    let Some((_, Waiting { span, .. })) = waiting.as_deref() else { return Poll::Pending };
                    let alive = ready!(span.in_scope(|| touch.as_mut().poll(context)));
                    let Some((record, waiting)) = waiting.take().map(|boxed| *boxed) else {
                        return Poll::Pending;
                    };
                    match alive {
                        Ok(alive) => waiting.touched(record, alive),
                        Err(error) => return Poll::Ready(Ok(waiting.refuse(&error))),
                    }
                }
                StateProjection::Answering { answer, session, forged } => {
                    let mut response = ready!(answer.poll(context))?;
                    if let Some(forged) = *forged {
                        response.extensions_mut().insert(forged);
                    }
                    session.write_cookie(response.headers_mut());
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Refused { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
            };
            this.state.set(next);
        }
    }
}

impl<Inner, S, R, ReqBody> State<Inner, S, R, ReqBody>
where
    Inner: Service<Request<ReqBody>>,
    S: SessionStore,
{
    fn touching(record: Arc<SessionRecord>, waiting: Waiting<Inner, S, R, ReqBody>) -> Self {
        let (keeper, id, now) = (Arc::clone(&waiting.keeper), record.id, waiting.now);
        let touch = async move { keeper.store.touch_session(id, now, keeper.settings.lifetime).await };
        Self::Touching { touch: Box::pin(touch), waiting: Some(Box::new((record, waiting))) }
    }
}

impl<Inner, S, R, ReqBody> Waiting<Inner, S, R, ReqBody>
where
    Inner: Service<Request<ReqBody>>,
    S: SessionStore,
{
    /// Goes on as whoever was recognised, once a note of activity that is due is written.
    fn loaded(self, loaded: Option<Arc<SessionRecord>>, claimed: Claimed) -> State<Inner, S, R, ReqBody> {
        match record::recognise(loaded, claimed, self.now) {
            (Who::Known(record), _) if record.activity_is_due(self.now, &self.keeper.settings.lifetime) => {
                State::touching(record, self)
            }
            (who, forged) => self.enter(who, forged),
        }
    }

    /// Goes on after the note of activity: a session that ended meanwhile is not revived by it.
    fn touched(self, record: Arc<SessionRecord>, alive: bool) -> State<Inner, S, R, ReqBody> {
        let record = Arc::unwrap_or_clone(record);
        let who = if alive {
            Who::Known(Arc::new(record::touch(record, self.now, &self.keeper.settings.lifetime)))
        } else {
            Who::Unknown(Claimed { id: record.id, digest: record.digest })
        };
        self.enter(who, None)
    }

    fn enter(mut self, who: Who, forged: Option<Attempted>) -> State<Inner, S, R, ReqBody> {
        self.span.record("outcome", who.outcome());
        // The work of this layer ends here; what is inside opens spans of its own.
        self.span = Span::none();
        let session = enter(&self.keeper, &mut self.request, who);
        State::Answering { answer: self.inner.call(self.request), session, forged }
    }
}

impl<Inner, S, R, ReqBody> Waiting<Inner, S, R, ReqBody> {
    fn refuse<B>(&self, error: &StoreError) -> Response<B>
    where
        R: RejectSession<B>,
    {
        refuse(&self.rejection, error, &self.span)
    }
}

/// Puts the handle into the request.
pub(crate) fn enter<S: SessionStore, B>(
    keeper: &Arc<Keeper<S>>,
    request: &mut Request<B>,
    who: Who,
) -> Session {
    let door = Arc::clone(keeper) as Arc<dyn Door>;
    let origin = request.extensions().get().copied();
    let session = Session::new(door, origin, who, Visitor::of(request));
    request.extensions_mut().insert(session.clone());
    session
}

fn refuse<B>(rejection: &impl RejectSession<B>, error: &StoreError, span: &Span) -> Response<B> {
    span.record("outcome", "failed");
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
