//! The handle that a request carries.

mod browser;
mod end;
mod establish;

pub use establish::Begun;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use http::{
    Extensions, HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, SET_COOKIE},
};
use towergate_core::{
    Digest, RandomUnavailable, Secret, Timestamp,
    audit::{Origin, RequestId},
};
use towergate_identity::rules::{
    session::{SessionId, SessionRecord, SessionStage, SignInId},
    user::UserId,
};

pub(crate) use browser::{AtBrowser, Shown, Visitor};

use crate::{
    door::{Door, Settings},
    error::{MissingSessionLayer, SessionError},
};

/// The longest name of a session value, in bytes.
pub const MAX_NAME_BYTES: usize = 64;

/// The longest session value, in bytes.
pub const MAX_VALUE_BYTES: usize = 4096;

/// The session of one request, in its extensions. Clones are the same handle.
///
/// Each method that writes is one store step, durable when it returns: an error status, a panic or a lost connection
/// afterwards does not undo it. What the store answers decides, not what this request saw when it began, so a slow
/// request cannot revive what another one ended: it gets [`SessionError::Gone`].
#[derive(Clone)]
pub struct Session(Arc<Handle>);

struct Handle {
    door: Arc<dyn Door>,
    request: Option<RequestId>,
    visitor: Visitor,
    /// Whose the request was when it came in.
    came: Who,
    browser: OnceLock<Shown>,
    /// What became of it since. Most requests change nothing: then this is neither made nor locked.
    changed: OnceLock<Box<Mutex<State>>>,
}

struct State {
    record: Option<Arc<SessionRecord>>,
    /// What `record` was before another request was quicker: signing out still means this sign-in.
    lost: Option<Arc<SessionRecord>>,
    /// A cookie that no living session goes by: it may have been the session's until another request renewed it.
    unknown: Option<Claimed>,
    change: CookieChange,
    answered: bool,
    browser: AtBrowser,
}

/// Whose a request is.
pub(crate) enum Who {
    /// Of an anonymous visitor.
    Nobody,
    /// Of a visitor with a cookie that cannot be ours.
    Torn,
    /// Of whoever has this session.
    Known(Arc<SessionRecord>),
    /// Of a visitor with a cookie that no living session goes by.
    Unknown(Claimed),
}

impl Who {
    /// What a trace says of it.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::Nobody | Self::Torn | Self::Unknown(_) => "unknown",
        }
    }
}

/// What a cookie says.
#[derive(Clone)]
pub(crate) struct Claimed {
    pub(crate) id: SessionId,
    pub(crate) digest: Digest,
}

/// What the answer tells the browser.
pub(crate) enum CookieChange {
    Clear,
    Keep,
    Set(Secret<String>),
}

impl Session {
    #[inline]
    pub(crate) fn new(door: Arc<dyn Door>, request: Option<RequestId>, who: Who, visitor: Visitor) -> Self {
        let (browser, changed) = (OnceLock::new(), OnceLock::new());
        Self(Arc::new(Handle { door, request, visitor, came: who, browser, changed }))
    }

    /// The handle in a request's extensions.
    ///
    /// # Errors
    /// When no [`SessionLayer`](crate::SessionLayer) put one there.
    #[inline]
    pub fn of(extensions: &Extensions) -> Result<&Self, MissingSessionLayer> {
        extensions.get().ok_or(MissingSessionLayer)
    }

    /// The session as this request knows it: as it was loaded, or as this request changed it. `None` for an anonymous
    /// visitor. Somebody half signed in has one too; ask [`user`](Self::user) for who is signed in.
    #[must_use]
    pub fn record(&self) -> Option<Arc<SessionRecord>> {
        self.with_record(|record| record.cloned())
    }

    /// Whether there is no session at all.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.with_record(|record| record.is_none())
    }

    /// Who is signed in; `None` while a second factor is due.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.with_record(|record| Some(complete(record)?.user))
    }

    /// The sign-in the session belongs to, which its new identifiers share. What signing out ends is
    /// [`ending_sign_in`](Self::ending_sign_in).
    #[must_use]
    pub fn sign_in_id(&self) -> Option<SignInId> {
        self.with_record(|record| Some(record?.sign_in))
    }

    /// A named value of the session, as the store has it now; `None` for an anonymous visitor.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn value(&self, name: &str) -> Result<Option<String>, SessionError> {
        let Some(record) = self.record() else { return Ok(None) };
        Ok(self.0.door.value(record.id, name, self.now()).await?)
    }

    /// Writes a named value of the session, or removes it, by itself and at once. Counters and single-use marks do not
    /// belong here: reading and then writing is two steps.
    ///
    /// # Errors
    /// [`SessionError::NoSession`] for an anonymous visitor, [`SessionError::Gone`] when the session ended meanwhile,
    /// [`SessionError::TooLong`] beyond [`MAX_NAME_BYTES`] or [`MAX_VALUE_BYTES`]; otherwise when the store failed.
    pub async fn set_value(&self, name: &str, value: Option<&str>) -> Result<(), SessionError> {
        if name.is_empty()
            || name.len() > MAX_NAME_BYTES
            || value.is_some_and(|value| value.len() > MAX_VALUE_BYTES)
        {
            return Err(SessionError::TooLong);
        }
        let record = self.record().ok_or(SessionError::NoSession)?;
        let value = value.map(str::to_owned);
        if self.0.door.set_value(record.id, name.to_owned(), value, self.now()).await? {
            Ok(())
        } else {
            Err(self.gone())
        }
    }

    /// Tells the browser what changed. After this, no new cookie can be sent.
    #[inline]
    pub(crate) fn write_cookie(&mut self, headers: &mut HeaderMap) {
        // Where nobody else holds the handle, nobody changes anything any more.
        let is_unchanged = Arc::get_mut(&mut self.0).is_some_and(|handle| handle.changed.get().is_none());
        if is_unchanged && matches!(self.0.came, Who::Known(_) | Who::Nobody) {
            return;
        }
        let mut state = self.lock();
        state.answered = true;
        if matches!(state.change, CookieChange::Keep) && state.browser.is_told_nothing() {
            return;
        }
        let cookie = self.0.door.settings().cookie;
        let value = match &state.change {
            CookieChange::Clear => Some(cookie.clear()),
            CookieChange::Keep => None,
            CookieChange::Set(token) => cookie.set(token),
        };
        for value in value.into_iter().chain(state.browser.cookies(cookie)) {
            headers.append(SET_COOKIE, value);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
    }

    fn complete(&self) -> Option<Arc<SessionRecord>> {
        self.with_record(|record| complete(record).cloned())
    }

    /// Forgets the session but not the cookie: the browser may hold a newer one by now.
    fn gone(&self) -> SessionError {
        let mut state = self.lock();
        if let Some(record) = state.record.take() {
            state.lost = Some(record);
        }
        SessionError::Gone
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.0.door.settings()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.door.settings().clock.now()
    }

    pub(crate) fn origin(&self, at: Timestamp) -> Result<Origin, RandomUnavailable> {
        match self.0.request {
            Some(request) => Ok(Origin { request, at }),
            None => Origin::detached(at, &*self.0.door.settings().random),
        }
    }

    /// Reads the record as it is now.
    fn with_record<T>(&self, read: impl FnOnce(Option<&Arc<SessionRecord>>) -> T) -> T {
        match (self.0.changed.get(), &self.0.came) {
            (Some(_), _) => read(self.lock().record.as_ref()),
            (None, Who::Known(record)) => read(Some(record)),
            (None, Who::Nobody | Who::Torn | Who::Unknown(_)) => read(None),
        }
    }

    /// A panic elsewhere while the lock was held cannot have left the state half changed: each change is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.0.changed.get_or_init(|| Box::new(Mutex::new(State::of(&self.0.came))));
        state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of(who: &Who) -> Self {
        let (record, unknown, change) = match who {
            Who::Nobody => (None, None, CookieChange::Keep),
            Who::Torn => (None, None, CookieChange::Clear),
            Who::Known(record) => (Some(Arc::clone(record)), None, CookieChange::Keep),
            Who::Unknown(claimed) => (None, Some(claimed.clone()), CookieChange::Clear),
        };
        Self { record, lost: None, unknown, change, answered: false, browser: AtBrowser::default() }
    }
}

fn complete(record: Option<&Arc<SessionRecord>>) -> Option<&Arc<SessionRecord>> {
    record.filter(|record| record.stage == SessionStage::Complete)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("record", &self.record()).finish_non_exhaustive()
    }
}
