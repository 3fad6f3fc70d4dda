//! Signing in with a passkey and nothing else, as plain calls for a host's own handler.
//!
//! 1. Nobody says who they are: the challenge names no key, and the authenticator offers those that it has for the site.
//! 2. The answer must be to that very challenge: from this browser, once, within five minutes, from one of the origins of the
//!    site, not from within a page of somebody else's; the key must be somebody's, say whose it is, and have signed.
//! 3. Signatures cannot be guessed, so no tries are counted, and a password that is locked does not lock the key.
//! 4. A count that went back is told, refused, or ends the key, as the host has it
//!    ([`SignCountPolicy`](towergate_identity::rules::passkey::SignCountPolicy)).
//! 5. A key that verified its person is two factors. One that did not is one, and leaves whoever has an authenticator app half
//!    signed in: the store decides that, as on every way in.
//! 6. A failure is written to the audit log with its reason; the person learns only [`REFUSED`](crate::REFUSED).

use towergate_core::{Digest, audit::Origin};
use towergate_identity::{
    ports::IdentityStore,
    rules::{
        login_proof::LoginProof,
        passkey::{CeremonyFailure, CeremonyPurpose, prove},
    },
};
use towergate_login::{SignedIn, Stopped};
use towergate_session::{Begun, Session, SessionError};
use tracing::Instrument;

use crate::{
    passkeys::{PasskeyError, Passkeys},
    wire::{Answer, Challenge},
};

impl<S: IdentityStore> Passkeys<S> {
    /// A challenge for whoever signs in from the browser whose secret has this digest.
    ///
    /// # Errors
    /// [`PasskeyError::Busy`] when too many wait; otherwise when something failed.
    pub async fn begin_sign_in(&self, browser: &Digest, origin: Origin) -> Result<Challenge, PasskeyError> {
        self.ask(CeremonyPurpose::SignIn, &[], browser, origin).await
    }

    /// Trades the answer for a session in the place of `session`. Once begun it runs to its end, even when the caller goes
    /// away. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when the answer is not good for it; otherwise when something failed.
    pub async fn finish_sign_in(
        &self,
        answer: &Answer,
        session: &Session,
        browser: Option<&Digest>,
        origin: Origin,
    ) -> Result<SignedIn, PasskeyError> {
        let (this, answer, session, browser) =
            (self.clone(), answer.clone(), session.clone(), browser.cloned());
        let signing_in = async move {
            let purpose = CeremonyPurpose::SignIn;
            match this.check(&answer, purpose, browser.as_ref(), origin).await? {
                Ok(assertion) => {
                    let proof = prove(&assertion, None, origin.at);
                    this.establish(proof, purpose, &session, origin).await
                }
                Err(failed) => Err(this.refuse(failed.user, purpose, failed.reason, origin).await),
            }
        };
        // On its own task: whoever hangs up early must not keep a failure out of the audit log.
        tokio::spawn(signing_in.in_current_span()).await.unwrap_or(Err(PasskeyError::Stopped(Stopped)))
    }

    /// Trades a proof for a session.
    pub(crate) async fn establish(
        &self,
        proof: Result<LoginProof, CeremonyFailure>,
        purpose: CeremonyPurpose,
        session: &Session,
        origin: Origin,
    ) -> Result<SignedIn, PasskeyError> {
        let proof = match proof {
            Ok(proof) => proof,
            Err(reason) => return Err(self.refuse(None, purpose, reason, origin).await),
        };
        let user = proof.user();
        match session.establish(proof).await {
            Ok(Begun { session, sign_in, stage, ended }) => {
                Ok(SignedIn { user, session, sign_in, stage, ended })
            }
            Err(SessionError::UserRefused) => {
                Err(self.refuse(Some(user), purpose, CeremonyFailure::UserRefused, origin).await)
            }
            Err(SessionError::Store(error)) => Err(PasskeyError::Store(error)),
            Err(error) => Err(PasskeyError::Session(error)),
        }
    }
}
