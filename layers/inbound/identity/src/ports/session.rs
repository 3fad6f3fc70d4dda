//! Sessions.

use std::{future::Future, sync::Arc};

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::visit::{Marks, Visit};
use crate::rules::{
    fact::SessionEnd,
    session::{ReplacedSession, SessionId, SessionLifetime, SessionRecord, SessionStage, SignInId},
    user::UserId,
};

/// Keeps sessions.
///
/// Loading happens at every request, so its future is a named type: a store that reads in its own thread answers
/// [`std::future::Ready`] and no request pays for a box. Its answer is shared: a store that lives in memory copies nothing.
pub trait SessionStore: Send + Sync + 'static {
    /// The future of [`SessionStore::load_session`].
    type Load: Future<Output = Result<Option<Arc<SessionRecord>>, StoreError>> + Send + Unpin + 'static;

    /// The session, if it is alive at `now`: neither ended, nor idle for too long, nor too old.
    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load;

    /// Notes activity at `now` on a session that is alive, and so moves its idle end; never beyond its absolute end,
    /// never backwards. `false` when the session is no longer alive: activity never revives it.
    ///
    /// # Errors
    /// When the store fails.
    fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        lifetime: SessionLifetime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Keeps a new session and ends the one it replaces, in one step. Writes `login.succeeded` where
    /// `establishment.is_login`, `session.created`, and `session.revoked` for the replaced one if it was there.
    ///
    /// A login of somebody with an app that counts, who wants to be asked for a passkey ([`PasskeyFactorStore`](super::PasskeyFactorStore)),
    /// or who [must have](crate::rules::enrolment) a second factor and has a passkey that
    /// [is one](crate::rules::means::completed_by), comes to what [`SessionRecord::admitted`] says: whichever way they came,
    /// they are half signed in until they have proven it, and `login.half` is written in the place of `login.succeeded`.
    ///
    /// Where the sign-in of the replaced session [goes on](SessionRecord::goes_on_in), the new session belongs to it,
    /// whatever its record says, and has the replaced one's named values; the replaced identifier is remembered until the
    /// absolute end that it had. Any other session begins without values.
    ///
    /// A login in a browser that is [trusted](crate::rules::browser) is not asked for the second factor, where that
    /// [counts](super::visit::BrowserVisit::honours_trust): `browser.trust_used`. One that comes to a whole session makes the
    /// browser known, and trusted where the person asks for it and has [proven two
    /// factors](crate::rules::browser::may_be_trusted): `browser.trusted`. Where they signed in before, but never there lately,
    /// they are told: `device.new`, with the mail that comes along.
    ///
    /// Whoever asks for it stays signed in there once they are wholly signed in: `remembered.begun`, in the place of the family
    /// that the sign-in had. A sign-in that ends takes its family along. Beyond the limit of sessions, the one that was quiet for
    /// longest ends, or this one does not begin.
    ///
    /// # Errors
    /// When the store fails.
    fn establish_session(
        &self,
        establishment: Establishment,
        origin: Origin,
    ) -> impl Future<Output = Result<Established, StoreError>> + Send;

    /// Ends the session that goes by `id`, or that took its place within the same sign-in. `false` when neither is alive.
    /// Writes `session.revoked`.
    ///
    /// # Errors
    /// When the store fails.
    fn end_session(
        &self,
        id: SessionId,
        reason: SessionEnd,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends every session of `user` but `except`; answers how many. Writes `session.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn end_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: SessionEnd,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// What is remembered of an identifier whose sign-in goes on under another; `None` once that is forgotten.
    ///
    /// # Errors
    /// When the store fails.
    fn find_replaced_session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<ReplacedSession>, StoreError>> + Send;

    /// Whether any session of the sign-in is alive at `now`: neither ended, nor idle for too long, nor too old.
    ///
    /// # Errors
    /// When the store fails.
    fn is_sign_in_alive(
        &self,
        sign_in: SignInId,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The living sessions of `user`, newest first.
    ///
    /// # Errors
    /// When the store fails.
    fn sessions_of(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionRecord>, StoreError>> + Send;

    /// So many of the people who are signed in, or stay signed in, somewhere at `now`, in the order of their identifiers, beginning
    /// behind `after`.
    ///
    /// # Errors
    /// When the store fails.
    fn people_signed_in(
        &self,
        after: Option<UserId>,
        limit: u16,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<UserId>, StoreError>> + Send;

    /// Writes a named value of a living session, or removes it; `false` when the session is not alive. The write
    /// stands by itself: a later answer, a lost connection or another request's write does not undo it.
    ///
    /// # Errors
    /// When the store fails.
    fn set_session_value(
        &self,
        id: SessionId,
        name: String,
        value: Option<String>,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// A named value of a living session.
    ///
    /// # Errors
    /// When the store fails.
    fn session_value(
        &self,
        id: SessionId,
        name: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;
}

/// A session about to begin.
#[derive(Debug, Clone)]
pub struct Establishment {
    /// The new session.
    pub session: SessionRecord,
    /// The session whose place it takes.
    pub replaces: Option<SessionId>,
    /// Whether a person signed in, rather than a session changing its identifier.
    pub is_login: bool,
    /// Whether the sign-in rests on what was proven in the replaced session, as a second factor does: it is then worth nothing
    /// where that has ended meanwhile.
    pub rests_on_replaced: bool,
    /// Whence.
    pub visit: Visit,
}

/// What became of [`SessionStore::establish_session`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Established {
    /// The new session is kept.
    Established {
        /// The sign-in it belongs to: the replaced session's where that goes on, else its own.
        sign_in: SignInId,
        /// Whether they are signed in, or a second factor is due.
        stage: SessionStage,
        /// The sign-in that ended with the replaced session.
        ended: Option<SignInId>,
        /// What the browser is told.
        marks: Marks,
    },
    /// The person has as many sessions as they may; nothing was written.
    Full,
    /// The person is disabled or gone; nothing was written.
    UserRefused,
    /// The replaced session was no longer there, and this is not a login, or one that rests on it; nothing was written.
    Superseded,
}
