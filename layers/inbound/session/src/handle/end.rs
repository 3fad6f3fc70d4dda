//! Signing out, here and elsewhere.

use towergate_identity::rules::{
    fact::SessionEnd,
    session::{SessionId, SessionRecord, SignInId},
};

use super::{CookieChange, Session};
use crate::error::SessionError;

impl Session {
    /// The sign-in that signing out ends: that of the session, or, when the request came with a cookie that another
    /// request has just renewed, the one that goes on under the new cookie. `None` for an anonymous visitor.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn ending_sign_in(&self) -> Result<Option<SignInId>, SessionError> {
        Ok(self.known().await?.map(|(_, sign_in)| sign_in))
    }

    /// Signs out: ends the session in the store, whatever identifier its sign-in goes by at this moment, and clears the
    /// cookie. Nothing to do for an anonymous visitor.
    ///
    /// # Errors
    /// When the store failed: the person is still signed in.
    pub async fn end(&self) -> Result<(), SessionError> {
        let Some((id, _)) = self.known().await? else { return Ok(()) };
        self.0.door.end(id, SessionEnd::Logout, self.origin(self.now())?).await?;
        let mut state = self.lock();
        (state.record, state.lost, state.unknown) = (None, None, None);
        state.change = CookieChange::Clear;
        state.browser.forget_remembered(self.0.browser.get());
        Ok(())
    }

    /// The living sessions of whoever is signed in, newest first.
    ///
    /// # Errors
    /// [`SessionError::NoSession`] when nobody is signed in, or only half; otherwise when the store failed.
    pub async fn sessions(&self) -> Result<Vec<SessionRecord>, SessionError> {
        let record = self.complete().ok_or(SessionError::NoSession)?;
        Ok(self.0.door.sessions_of(record.user, self.now()).await?)
    }

    /// Ends every other session of whoever is signed in; answers how many.
    ///
    /// # Errors
    /// [`SessionError::NoSession`] when nobody is signed in, or only half; otherwise when the store failed.
    pub async fn end_others(&self) -> Result<u64, SessionError> {
        let record = self.complete().ok_or(SessionError::NoSession)?;
        Ok(self.0.door.end_others(record.user, record.id, self.origin(self.now())?).await?)
    }

    /// The session of this request, or whose cookie it came with.
    async fn known(&self) -> Result<Option<(SessionId, SignInId)>, SessionError> {
        let unknown = {
            let state = self.lock();
            if let Some(record) = state.record.as_ref().or(state.lost.as_ref()) {
                return Ok(Some((record.id, record.sign_in)));
            }
            state.unknown.clone()
        };
        let Some(unknown) = unknown else { return Ok(None) };
        let replaced = self.0.door.find_replaced(unknown.id, self.now()).await?;
        let replaced = replaced.filter(|replaced| replaced.digest.matches(&unknown.digest));
        Ok(replaced.map(|replaced| (replaced.id, replaced.sign_in)))
    }
}
