//! Signing out, here and elsewhere.

use std::sync::Arc;

use towergate_identity::rules::{fact::SessionEnd, session::SessionRecord};

use super::{CookieChange, Session};
use crate::error::SessionError;

/// How often an ending follows a session that keeps changing its identifier.
const MAX_CHASE: usize = 8;

impl Session {
    /// Signs out: ends the session in the store, whatever identifier its sign-in goes by at this moment, and clears the
    /// cookie. Nothing to do for an anonymous visitor.
    ///
    /// # Errors
    /// When the store failed: the person is still signed in.
    pub async fn end(&self) -> Result<(), SessionError> {
        let Some(record) = self.known() else { return Ok(()) };
        let now = self.now();
        let mut id = record.id;
        for _ in 0..MAX_CHASE {
            if self.door.end(id, SessionEnd::Logout, self.origin(now)?).await? {
                break;
            }
            // Another request ended it, or gave it a new identifier that must end as well.
            let living = self.door.sessions_of(record.user, now).await?;
            match living.iter().find(|other| other.sign_in == record.sign_in) {
                Some(renewed) => id = renewed.id,
                None => break,
            }
        }
        let mut state = self.lock();
        (state.record, state.lost) = (None, None);
        state.change = CookieChange::Clear;
        Ok(())
    }

    /// The living sessions of whoever is signed in, newest first.
    ///
    /// # Errors
    /// [`SessionError::NoSession`] when nobody is signed in, or only half; otherwise when the store failed.
    pub async fn sessions(&self) -> Result<Vec<SessionRecord>, SessionError> {
        let record = self.complete().ok_or(SessionError::NoSession)?;
        Ok(self.door.sessions_of(record.user, self.now()).await?)
    }

    /// Ends every other session of whoever is signed in; answers how many.
    ///
    /// # Errors
    /// [`SessionError::NoSession`] when nobody is signed in, or only half; otherwise when the store failed.
    pub async fn end_others(&self) -> Result<u64, SessionError> {
        let record = self.complete().ok_or(SessionError::NoSession)?;
        Ok(self.door.end_others(record.user, record.id, self.origin(self.now())?).await?)
    }

    fn known(&self) -> Option<Arc<SessionRecord>> {
        let state = self.lock();
        state.record.as_ref().or(state.lost.as_ref()).cloned()
    }
}
