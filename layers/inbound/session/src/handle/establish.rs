//! The door: a proof becomes a session, and a session changes its identifier.

use std::sync::Arc;

use towergate_core::{Timestamp, token::OpaqueToken};
use towergate_identity::{
    ports::session::{Established, Establishment},
    rules::{
        fact::SessionEnd,
        login_proof::LoginProof,
        session::{PREFIX, SessionId, SessionRecord, SignInId},
    },
};

use super::{CookieChange, Session};
use crate::{error::SessionError, record};

impl Session {
    /// Begins a session for whom `proof` names, under a new identifier and a new sign-in, in the place of any session
    /// this request had. It begins without named values. The answer sets the cookie.
    ///
    /// If the connection is lost afterwards, the session exists and nobody holds its cookie: it idles out.
    ///
    /// # Errors
    /// [`SessionError::UserRefused`] when the person is disabled or gone; otherwise when the answer has begun, or the
    /// store or the randomness failed.
    pub async fn establish(&self, proof: LoginProof) -> Result<SessionId, SessionError> {
        let replaces = self.changeable()?.map(|record| record.id);
        let settings = self.door.settings();
        let now = settings.clock.now();
        let token = OpaqueToken::mint(PREFIX, now, &*settings.random)?;
        let sign_in = SignInId::fresh(now, &*settings.random)?;
        let session = record::begin(&proof, &token, sign_in, now, &settings.lifetime);
        self.exchange(Establishment { session, replaces, is_login: true }, &token, now).await
    }

    /// Gives the session a new identifier and a new cookie; its sign-in, its absolute end and its named values stay.
    ///
    /// # Errors
    /// [`SessionError::NoSession`] for an anonymous visitor, [`SessionError::Gone`] when it ended meanwhile; otherwise
    /// when the answer has begun, or the store or the randomness failed.
    pub async fn renew_id(&self) -> Result<SessionId, SessionError> {
        let old = self.changeable()?.ok_or(SessionError::NoSession)?;
        let settings = self.door.settings();
        let now = settings.clock.now();
        let token = OpaqueToken::mint(PREFIX, now, &*settings.random)?;
        let session = record::renew(&old, &token, now, &settings.lifetime);
        self.exchange(Establishment { session, replaces: Some(old.id), is_login: false }, &token, now).await
    }

    /// One store step, then the new cookie.
    async fn exchange(
        &self,
        establishment: Establishment,
        token: &OpaqueToken,
        now: Timestamp,
    ) -> Result<SessionId, SessionError> {
        let record = Arc::new(establishment.session.clone());
        match self.door.establish(establishment, self.origin(now)?).await? {
            Established::Established => {}
            Established::UserRefused => return Err(SessionError::UserRefused),
            Established::Superseded => return Err(self.gone()),
        }
        let id = record.id;
        if self.adopt(record, token) {
            return Ok(id);
        }
        // The answer left while the store was writing: nobody will ever hold this cookie.
        self.door.end(id, SessionEnd::Replaced, self.origin(now)?).await?;
        Err(SessionError::Answered)
    }

    fn adopt(&self, record: Arc<SessionRecord>, token: &OpaqueToken) -> bool {
        let mut state = self.lock();
        if !state.answered {
            state.record = Some(record);
            state.change = CookieChange::Set(token.reveal());
        }
        !state.answered
    }

    /// The session to replace, as long as a new cookie can still be sent.
    fn changeable(&self) -> Result<Option<Arc<SessionRecord>>, SessionError> {
        let state = self.lock();
        if state.answered { Err(SessionError::Answered) } else { Ok(state.record.clone()) }
    }
}
