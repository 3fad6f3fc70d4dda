//! Browsers that stay signed in.

use std::future::Future;

use towergate_core::{Digest, StoreError, audit::Origin};

use super::visit::SessionLimit;
use crate::rules::{
    device::Device,
    enrolment::EnrolmentDuty,
    mail::OutboxMail,
    remember::{Remembered, RememberedId},
    session::{SessionId, SessionLifetime, SessionRecord},
};

/// Trades cookies for sessions. That a family begins and ends is part of the steps of
/// [`SessionStore`](super::SessionStore) and of all others that end sessions: with its person's sign-out in that browser, and
/// with every change of passwords and factors.
pub trait RememberStore: Send + Sync + 'static {
    /// The family, to be looked at.
    ///
    /// # Errors
    /// When the store fails.
    fn find_remembered(
        &self,
        id: RememberedId,
    ) -> impl Future<Output = Result<Option<Remembered>, StoreError>> + Send;

    /// Trades a cookie, in one step, for the next and a session, which takes the place of every other that came from the
    /// family. Writes `remembered.used`, `session.created`, and `session.revoked` for those.
    ///
    /// The newest cookie alone is traded, of a person who is not shut out, and for whom it
    /// [stands](Remembered::stands); a family that does not stand ends. So does one of which a copy is shown, with all sessions
    /// that came from it: `remembered.stolen`, and `session.revoked` for each; `notice` is queued with it.
    ///
    /// # Errors
    /// When the store fails.
    fn trade_remembered(
        &self,
        trade: Trade,
        origin: Origin,
    ) -> impl Future<Output = Result<Traded, StoreError>> + Send;
}

/// A cookie about to be traded.
#[derive(Debug, Clone)]
pub struct Trade {
    /// Its family.
    pub family: RememberedId,
    /// The digest of its secret.
    pub shown: Digest,
    /// The digest of the next cookie's secret.
    pub next: Digest,
    /// The next cookie and that of the session, sealed under the secret of the one that is shown.
    pub sealed: Vec<u8>,
    /// What the session goes by.
    pub session: SessionId,
    /// The digest of its cookie's secret.
    pub session_digest: Digest,
    /// How long it lives.
    pub lifetime: SessionLifetime,
    /// What is asked of the person at this moment.
    pub duty: EnrolmentDuty,
    /// How many a person may have.
    pub limit: SessionLimit,
    /// What the browser shows of itself.
    pub device: Device,
    /// What the person is told if it is a copy.
    pub notice: Option<OutboxMail>,
}

/// What became of [`RememberStore::trade_remembered`].
#[derive(Debug, Clone)]
pub enum Traded {
    /// The session, and until when the next cookie is good.
    Traded(SessionRecord, towergate_core::Timestamp),
    /// It was traded just now for what is sealed here.
    Repeated {
        /// The answer of then.
        sealed: Vec<u8>,
        /// The session that the family has by now.
        session: Option<SessionRecord>,
        /// Until when the next cookie is good.
        expires_at: towergate_core::Timestamp,
    },
    /// It was a copy, or its original has been copied: all is over.
    Stolen,
    /// The person has as many sessions as they may; nothing was written.
    Full,
    /// It is good for nothing: its family ended or never was.
    Missing,
}
