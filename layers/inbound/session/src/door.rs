//! The store, seen without its type: what a [`Session`](crate::Session) may do, each a single store step.
//!
//! These steps are rare, so each boxes one future; loading, which every request does, is not among them.

use std::{future::Future, pin::Pin, sync::Arc};

use towergate_core::{Clock, Random, StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::{
        SessionStore,
        session::{Established, Establishment},
        visit::SessionLimit,
    },
    rules::{
        fact::SessionEnd,
        session::{ReplacedSession, SessionId, SessionLifetime, SessionRecord},
        user::UserId,
    },
};

use crate::{cookie::SessionCookie, enrolment::AskDuty, places::Places};

/// The future of a rare step.
pub(crate) type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// How sessions are kept.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) lifetime: SessionLifetime,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) cookie: SessionCookie,
    pub(crate) enrolment: Arc<dyn AskDuty>,
    pub(crate) limit: SessionLimit,
    pub(crate) places: Option<Arc<dyn Places>>,
}

/// A store with its settings.
#[derive(Clone)]
pub(crate) struct Keeper<S> {
    pub(crate) store: S,
    pub(crate) settings: Settings,
}

/// What a handle reaches through.
pub(crate) trait Door: Send + Sync + 'static {
    fn settings(&self) -> &Settings;
    fn establish(&self, establishment: Establishment, origin: Origin) -> Step<'_, Established>;
    fn end(&self, id: SessionId, reason: SessionEnd, origin: Origin) -> Step<'_, bool>;
    fn end_others(&self, user: UserId, except: SessionId, origin: Origin) -> Step<'_, u64>;
    fn find_replaced(&self, id: SessionId, now: Timestamp) -> Step<'_, Option<ReplacedSession>>;
    fn sessions_of(&self, user: UserId, now: Timestamp) -> Step<'_, Vec<SessionRecord>>;
    fn set_value(&self, id: SessionId, name: String, value: Option<String>, now: Timestamp)
    -> Step<'_, bool>;
    fn value<'a>(&'a self, id: SessionId, name: &'a str, now: Timestamp) -> Step<'a, Option<String>>;
}

impl<S: SessionStore> Door for Keeper<S> {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn establish(&self, establishment: Establishment, origin: Origin) -> Step<'_, Established> {
        Box::pin(self.store.establish_session(establishment, origin))
    }

    fn end(&self, id: SessionId, reason: SessionEnd, origin: Origin) -> Step<'_, bool> {
        Box::pin(self.store.end_session(id, reason, origin))
    }

    fn end_others(&self, user: UserId, except: SessionId, origin: Origin) -> Step<'_, u64> {
        Box::pin(self.store.end_sessions_of(user, Some(except), SessionEnd::RevokedByUser, origin))
    }

    fn find_replaced(&self, id: SessionId, now: Timestamp) -> Step<'_, Option<ReplacedSession>> {
        Box::pin(self.store.find_replaced_session(id, now))
    }

    fn sessions_of(&self, user: UserId, now: Timestamp) -> Step<'_, Vec<SessionRecord>> {
        Box::pin(self.store.sessions_of(user, now))
    }

    fn set_value(
        &self,
        id: SessionId,
        name: String,
        value: Option<String>,
        now: Timestamp,
    ) -> Step<'_, bool> {
        Box::pin(self.store.set_session_value(id, name, value, now))
    }

    fn value<'a>(&'a self, id: SessionId, name: &'a str, now: Timestamp) -> Step<'a, Option<String>> {
        Box::pin(self.store.session_value(id, name, now))
    }
}
