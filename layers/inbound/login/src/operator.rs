//! What an operator does in an emergency: end the sessions of a person, or everybody's, as plain calls.
//!
//! 1. Every session ends, every browser that stays signed in stays so no longer, and no browser is trusted to stand for a second factor
//!    any more. Each end is in the audit log as `session.revoked`, `revoked_by_operator`. The tokens that people made for their own
//!    programs go on.
//! 2. What other people's software holds by those sign-ins ends first, by the host's [`OnLogout`]: an end that fails half-way is tried
//!    again from its beginning.
//! 3. Everybody is a person at a time, each in a step of their own, so that a million people hold up nobody; whoever signs in while it
//!    goes on may stay.
//!
//! Who may call these is the host's to decide: nothing here asks.

use towergate_core::{StoreError, audit::Origin};
use towergate_identity::{
    ports::SessionStore,
    rules::{fact::SessionEnd, user::UserId},
};

use crate::logout::OnLogout;

/// How many people are looked up at a time.
const PART: u16 = 100;

/// Ends sessions for an operator. Cheap to clone when the store and the host's end are.
#[derive(Debug, Clone)]
pub struct OperatorEnd<S, H = ()> {
    store: S,
    hook: H,
}

/// How many ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndedByOperator {
    /// People who were signed in, or stayed signed in, somewhere.
    pub people: u64,
    /// Their sessions that were alive.
    pub sessions: u64,
}

impl<S: SessionStore> OperatorEnd<S> {
    /// Ends sessions in `store`.
    pub const fn new(store: S) -> Self {
        Self { store, hook: () }
    }
}

impl<S: SessionStore, H: OnLogout> OperatorEnd<S, H> {
    /// Tells `hook` which sign-ins end.
    pub fn on_logout<H2: OnLogout>(self, hook: H2) -> OperatorEnd<S, H2> {
        OperatorEnd { store: self.store, hook }
    }

    /// Ends all that `user` signed in with; answers how many sessions were alive.
    ///
    /// # Errors
    /// When the store or the hook fails.
    pub async fn person(&self, user: UserId, origin: Origin) -> Result<u64, StoreError> {
        for session in self.store.sessions_of(user, origin.at).await? {
            self.hook.ending(session.sign_in, origin).await?;
        }
        self.store.end_sessions_of(user, None, SessionEnd::RevokedByOperator, origin).await
    }

    /// Ends all that anybody signed in with.
    ///
    /// # Errors
    /// When the store or the hook fails: those before are out, and to ask again goes on with the others.
    pub async fn everybody(&self, origin: Origin) -> Result<EndedByOperator, StoreError> {
        let (mut ended, mut after) = (EndedByOperator::default(), None);
        loop {
            let part = self.store.people_signed_in(after, PART, origin.at).await?;
            let Some(last) = part.last().copied() else { return Ok(ended) };
            for user in part {
                ended.sessions = ended.sessions.saturating_add(self.person(user, origin).await?);
                ended.people = ended.people.saturating_add(1);
            }
            after = Some(last);
        }
    }
}
