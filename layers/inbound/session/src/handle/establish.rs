//! The door: a proof becomes a session, and a session changes its identifier.

use std::sync::Arc;

use towergate_core::{Timestamp, token::OpaqueToken};
use towergate_identity::{
    ports::session::{Established, Establishment},
    rules::{
        enrolment::EnrolmentDuty,
        fact::SessionEnd,
        login_proof::LoginProof,
        session::{PREFIX, SessionId, SessionRecord, SessionStage, SignInId},
    },
};

use super::{CookieChange, Session};
use crate::{error::SessionError, record};

/// What a proof was traded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The new session.
    pub session: SessionId,
    /// The sign-in it belongs to: the one before it, where the same person proved themself again.
    pub sign_in: SignInId,
    /// Whether they are signed in, or a second factor is due.
    pub stage: SessionStage,
    /// The sign-in that ended with the session whose place this one took: another person's, or one that was only half
    /// done. What else came from it is the host's to end.
    pub ended: Option<SignInId>,
}

impl Session {
    /// Begins a session for whom `proof` names, under a new identifier, in the place of any session this request had. The
    /// answer sets the cookie.
    ///
    /// Where the person who is signed in proves themself again, their sign-in goes on, with its named values; its absolute
    /// end counts from the new proof. Anybody else begins a sign-in of their own, without values, and the one before ends.
    ///
    /// Whoever has a second factor and did not prove it is only half signed in, whichever way they came; whoever must have one
    /// ([`EnrolmentPolicy`](crate::EnrolmentPolicy)) and has none may only enrol one.
    ///
    /// If the connection is lost afterwards, the session exists and nobody holds its cookie: it idles out.
    ///
    /// # Errors
    /// [`SessionError::UserRefused`] when the person is disabled or gone, [`SessionError::SecondFactorMissing`] when they stay
    /// out without a second factor; otherwise when the answer has begun, or the store, the policy or the randomness failed.
    pub async fn establish(&self, proof: LoginProof) -> Result<Begun, SessionError> {
        let replaces = self.changeable()?.map(|record| record.id);
        let settings = self.door.settings();
        let now = settings.clock.now();
        let token = OpaqueToken::mint(PREFIX, now, &*settings.random)?;
        let sign_in = SignInId::fresh(now, &*settings.random)?;
        let duty = settings.enrolment.ask(proof.user(), now).await?.at(now);
        let session = duty.applied(record::begin(&proof, &token, sign_in, now, &settings.lifetime));
        let begun = self.exchange(Establishment { session, replaces, is_login: true }, &token, now).await?;
        if duty == EnrolmentDuty::Blocked && begun.stage == SessionStage::AwaitsEnrolment {
            self.end().await?;
            return Err(SessionError::SecondFactorMissing);
        }
        Ok(begun)
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
        let renewed = Establishment { session, replaces: Some(old.id), is_login: false };
        Ok(self.exchange(renewed, &token, now).await?.session)
    }

    /// One store step, then the new cookie.
    async fn exchange(
        &self,
        establishment: Establishment,
        token: &OpaqueToken,
        now: Timestamp,
    ) -> Result<Begun, SessionError> {
        let record = establishment.session.clone();
        let begun = match self.door.establish(establishment, self.origin(now)?).await? {
            Established::Established { sign_in, stage, ended } => {
                Begun { session: record.id, sign_in, stage, ended }
            }
            Established::UserRefused => return Err(SessionError::UserRefused),
            Established::Superseded => return Err(self.gone()),
        };
        if self.adopt(SessionRecord { sign_in: begun.sign_in, ..record }.at_stage(begun.stage), token) {
            return Ok(begun);
        }
        // The answer left while the store was writing: nobody will ever hold this cookie.
        self.door.end(begun.session, SessionEnd::Replaced, self.origin(now)?).await?;
        Err(SessionError::Answered)
    }

    fn adopt(&self, record: SessionRecord, token: &OpaqueToken) -> bool {
        let mut state = self.lock();
        if !state.answered {
            state.record = Some(Arc::new(record));
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
