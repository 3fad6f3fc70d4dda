//! A passkey as a further proof of somebody who has a session: as the second factor, or to step up.
//!
//! 1. There must be a session: of somebody half signed in, or of somebody signed in who steps up.
//! 2. The challenge names the person's own keys, and no other may answer it; all else is as for [signing in](crate::sign_in).
//! 3. A key completes a password, whether or not it verified its person. Beside an authenticator app it is one more thing that
//!    somebody has: it reaches two factors only when it verified its person.
//! 4. A success becomes a session with a new identifier, in the same sign-in, by all means together, proven now.

use towergate_core::{Digest, audit::Origin};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        passkey::{CeremonyFailure, CeremonyPurpose, prove},
        session::SessionRecord,
    },
};
use towergate_login::{SignedIn, Stopped};
use towergate_session::Session;
use tracing::Instrument;

use crate::{
    passkeys::{PasskeyError, Passkeys},
    wire::{Answer, Challenge},
};

impl<S: IdentityStore> Passkeys<S> {
    /// A challenge for the person of `session`, from the browser whose secret has this digest.
    ///
    /// # Errors
    /// [`PasskeyError::NoSession`] when there is nobody, [`PasskeyError::Refused`] when they have no passkey; otherwise when
    /// something failed.
    pub async fn begin_second_factor(
        &self,
        session: &Session,
        browser: &Digest,
        origin: Origin,
    ) -> Result<Challenge, PasskeyError> {
        let record = session.record().ok_or(PasskeyError::NoSession)?;
        let (purpose, passkeys) = (purpose(&record), self.store.passkeys_of(record.user).await?);
        if passkeys.is_empty() {
            return Err(self.refuse(None, purpose, CeremonyFailure::UnknownKey, origin).await);
        }
        self.ask(purpose, &passkeys, browser, origin).await
    }

    /// Trades the answer for a session in the place of `session`. Once begun it runs to its end, even when the caller goes
    /// away. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when the answer is not good for it; otherwise when there is nobody, or something failed.
    pub async fn finish_second_factor(
        &self,
        answer: &Answer,
        session: &Session,
        browser: Option<&Digest>,
        origin: Origin,
    ) -> Result<SignedIn, PasskeyError> {
        let record = session.record().ok_or(PasskeyError::NoSession)?;
        let (this, answer, session, browser) =
            (self.clone(), answer.clone(), session.clone(), browser.cloned());
        let proving = async move {
            let purpose = purpose(&record);
            match this.check(&answer, purpose, browser.as_ref(), origin).await? {
                Ok(assertion) => {
                    let proof = prove(&assertion, Some(&record), origin.at);
                    this.establish(proof, purpose, &session, origin).await
                }
                Err(failed) => Err(this.refuse(failed.user, purpose, failed.reason, origin).await),
            }
        };
        // On its own task: whoever hangs up early must not keep a failure out of the audit log.
        tokio::spawn(proving.in_current_span()).await.unwrap_or(Err(PasskeyError::Stopped(Stopped)))
    }
}

const fn purpose(record: &SessionRecord) -> CeremonyPurpose {
    CeremonyPurpose::SecondFactor { user: record.user, session: record.id }
}
