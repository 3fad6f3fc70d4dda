//! The door: a proof becomes a session, and a session changes its identifier.

use std::sync::Arc;

use towergate_core::{Timestamp, token::OpaqueToken};
use towergate_identity::{
    ports::{
        session::{Established, Establishment},
        visit::{Marks, Visit},
    },
    rules::{
        enrolment::EnrolmentDuty,
        fact::SessionEnd,
        login_proof::LoginProof,
        session::{PREFIX, SessionId, SessionRecord, SessionStage, SignInId},
    },
};

use super::{CookieChange, Session, browser::Offers};
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
    /// [`SessionError::Gone`] when the session ended meanwhile in which the first factor of `proof` was proven: what was revoked comes
    /// back by no second factor; [`SessionError::UserRefused`] when the person is disabled or gone, [`SessionError::SecondFactorMissing`] when they stay
    /// out without a second factor; otherwise when the answer has begun, or the store, the policy or the randomness failed.
    pub async fn establish(&self, proof: LoginProof) -> Result<Begun, SessionError> {
        let replaces = self.changeable()?.map(|record| record.id);
        if proof.rests_on_session() && replaces.is_none() {
            return Err(SessionError::Gone);
        }
        let settings = self.0.door.settings();
        let now = settings.clock.now();
        let token = OpaqueToken::mint(PREFIX, now, &*settings.random)?;
        let sign_in = SignInId::fresh(now, &*settings.random)?;
        let duty = settings.enrolment.ask(proof.user(), now).await?.at(now);
        let session = duty.applied(record::begin(&proof, &token, sign_in, now, &settings.lifetime));
        let (visit, offers) = self.visit(proof.user(), now).await?;
        let rests_on_replaced = proof.rests_on_session();
        let establishment = Establishment { session, replaces, is_login: true, rests_on_replaced, visit };
        let begun = self.exchange(establishment, (&token, offers), now).await?;
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
        let settings = self.0.door.settings();
        let now = settings.clock.now();
        let token = OpaqueToken::mint(PREFIX, now, &*settings.random)?;
        let session = record::renew(&old, &token, now, &settings.lifetime);
        let (replaces, visit) = (Some(old.id), Visit::default());
        let renewed = Establishment { session, replaces, is_login: false, rests_on_replaced: false, visit };
        Ok(self.exchange(renewed, (&token, Offers::default()), now).await?.session)
    }

    /// One store step, then the new cookie.
    async fn exchange(
        &self,
        establishment: Establishment,
        (token, offers): (&OpaqueToken, Offers),
        now: Timestamp,
    ) -> Result<Begun, SessionError> {
        let record = establishment.session.clone();
        let (begun, marks) = match self.0.door.establish(establishment, self.origin(now)?).await? {
            Established::Established { sign_in, stage, ended, marks } => {
                (Begun { session: record.id, sign_in, stage, ended }, marks)
            }
            Established::Full => return Err(SessionError::TooMany),
            Established::UserRefused => return Err(SessionError::UserRefused),
            Established::Superseded => return Err(self.gone()),
        };
        let record = SessionRecord { sign_in: begun.sign_in, ..record }.at_stage(begun.stage);
        if self.adopt(record, token, (marks, offers)) {
            return Ok(begun);
        }
        // The answer left while the store was writing: nobody will ever hold this cookie.
        self.0.door.end(begun.session, SessionEnd::Replaced, self.origin(now)?).await?;
        Err(SessionError::Answered)
    }

    fn adopt(&self, record: SessionRecord, token: &OpaqueToken, (marks, offers): (Marks, Offers)) -> bool {
        let mut state = self.lock();
        if !state.answered {
            // The cookie of whom another person follows is nobody's here any more.
            if state.record.as_ref().is_some_and(|before| before.sign_in != record.sign_in) {
                state.browser.forget_remembered(self.0.browser.get());
            }
            state.browser.take(marks, offers);
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
