//! A new passkey, as plain calls for a host's own handler.
//!
//! 1. There must be a session of somebody signed in, or of somebody who must enrol a second factor first. Whether their proof is strong and fresh enough is the caller's to ask:
//!    the pages of [`PasskeyRoutes`](crate::PasskeyRoutes) stand behind the gate of sensitive changes.
//! 2. A discoverable key is asked for, so that it can be the only factor; its authenticator verifies its person where it can;
//!    no attestation is asked for; keys that the person has already are named, so that no authenticator makes a second one.
//! 3. The answer must be to that very challenge: in this session, from this browser, once, within five minutes, from one of
//!    the origins of the site, not from within a page of somebody else's.
//! 4. The make of the authenticator must be one that the host allows, nobody may have the key, and the person fewer than as
//!    many as they may have. The store decides the last two, in the step that keeps the key and queues the mail.
//! 5. A failure is written to the audit log with its reason.

use towergate_core::{Digest, audit::Origin};
use towergate_identity::{
    ports::{IdentityStore, passkey::AddingPasskey},
    rules::{
        notice::Notice,
        passkey::{
            CeremonyFailure, CeremonyPurpose, MAX_CREDENTIAL_ID_BYTES, Passkey, PasskeyId, PasskeyName,
        },
        session::{SessionRecord, SessionStage},
        user::{User, UserState},
    },
};
use towergate_session::Session;
use webauthn_rs_core::proto::{AttestationConveyancePreference, RegistrationState, UserVerificationPolicy};

use crate::{
    client_data, credential,
    passkeys::{PasskeyError, Passkeys, read, written},
    wire::{Answer, Challenge},
};

impl<S: IdentityStore> Passkeys<S> {
    /// A challenge for a new passkey of whoever is signed in, from the browser whose secret has this digest.
    ///
    /// # Errors
    /// [`PasskeyError::NoSession`] when nobody is signed in, [`PasskeyError::Refused`] when they have as many as they may
    /// have; otherwise when something failed.
    pub async fn begin_registration(
        &self,
        session: &Session,
        browser: &Digest,
        origin: Origin,
    ) -> Result<Challenge, PasskeyError> {
        let record = session.record().filter(|record| record.stage != SessionStage::AwaitsSecondFactor);
        let record = record.ok_or(PasskeyError::NoSession)?;
        let (purpose, user) = (purpose(&record), self.person(&record).await?);
        let there = self.store.passkeys_of(user.id).await?;
        if there.len() >= usize::try_from(self.party.most).unwrap_or(usize::MAX) {
            return Err(self.refuse(None, purpose, CeremonyFailure::TooMany, origin).await);
        }
        let name = user.email.as_str();
        let builder = self.core.new_challenge_register_builder(user.id.as_uuid().as_bytes(), name, name);
        let (options, state) = builder
            .map(|builder| {
                builder
                    .attestation(AttestationConveyancePreference::None)
                    .user_verification_policy(UserVerificationPolicy::Preferred)
                    .require_resident_key(true)
                    .exclude_credentials(Some(
                        there.into_iter().map(|passkey| passkey.credential_id).collect(),
                    ))
            })
            .and_then(|builder| self.core.generate_challenge_register(builder))
            .map_err(|error| PasskeyError::Ceremony(error.to_string()))?;
        let ceremony = self.begin(purpose, browser, written(&state)?, origin).await?;
        let public_key = serde_json::to_value(options.public_key)
            .map_err(|error| PasskeyError::Ceremony(error.to_string()))?;
        Ok(Challenge { ceremony, public_key })
    }

    /// Keeps the passkey that an authenticator made for the challenge, under this name, and tells its person.
    ///
    /// # Errors
    /// [`PasskeyError::Refused`] when the answer is not good for it; otherwise when nobody is signed in, or something failed.
    pub async fn finish_registration(
        &self,
        answer: &Answer,
        name: PasskeyName,
        session: &Session,
        browser: Option<&Digest>,
        origin: Origin,
    ) -> Result<PasskeyId, PasskeyError> {
        let record = session.record().filter(|record| record.stage != SessionStage::AwaitsSecondFactor);
        let record = record.ok_or(PasskeyError::NoSession)?;
        let purpose = purpose(&record);
        match self.register(answer, name, &record, browser, origin).await? {
            Ok(id) => {
                self.herald.announce();
                Ok(id)
            }
            Err(reason) => Err(self.refuse(None, purpose, reason, origin).await),
        }
    }

    async fn register(
        &self,
        answer: &Answer,
        name: PasskeyName,
        record: &SessionRecord,
        browser: Option<&Digest>,
        origin: Origin,
    ) -> Result<Result<PasskeyId, CeremonyFailure>, PasskeyError> {
        let ceremony = match self.take(answer.ceremony, purpose(record), browser, origin).await? {
            Ok(ceremony) => ceremony,
            Err(reason) => return Ok(Err(reason)),
        };
        let state: RegistrationState = read(&ceremony)?;
        let Some(registered) = answer.registered() else { return Ok(Err(CeremonyFailure::Invalid)) };
        if !client_data::is_ours(&registered.response.client_data_json, self.core.get_allowed_origins()) {
            return Ok(Err(CeremonyFailure::Invalid));
        }
        let made = match self.core.register_credential(&registered, &state, None) {
            Ok(made) => made,
            Err(error) => {
                tracing::debug!(%error, "a passkey was not registered");
                return Ok(Err(CeremonyFailure::Invalid));
            }
        };
        let fits = (1..=MAX_CREDENTIAL_ID_BYTES).contains(&made.cred_id.len());
        let Some(aaguid) = credential::aaguid(&registered).filter(|_| fits) else {
            return Ok(Err(CeremonyFailure::Invalid));
        };
        if !self.party.makes.allows(&aaguid) {
            return Ok(Err(CeremonyFailure::Aaguid));
        }
        let id = PasskeyId::fresh(origin.at, &*self.random)?;
        let passkey = Passkey {
            id,
            user: record.user,
            credential_id: made.cred_id.clone(),
            name,
            credential: written(&made)?,
            count: made.counter,
            aaguid,
            transports: credential::transports(&registered),
            verifies: made.user_verified,
            backup_eligible: made.backup_eligible,
            backed_up: made.backup_state,
            created_at: origin.at,
            last_used_at: None,
        };
        let notice = self.notice(Notice::PasskeyAdded, &self.person(record).await?, origin)?;
        Ok(match self.store.add_passkey(passkey, self.party.most, notice, origin).await? {
            AddingPasskey::Added => Ok(id),
            AddingPasskey::Taken => Err(CeremonyFailure::Taken),
            AddingPasskey::TooMany => Err(CeremonyFailure::TooMany),
            AddingPasskey::UserRefused => Err(CeremonyFailure::UserRefused),
        })
    }

    /// The person of a session.
    pub(crate) async fn person(&self, record: &SessionRecord) -> Result<User, PasskeyError> {
        let user = self.store.find_user(record.user).await?;
        user.filter(|user| user.state == UserState::Active).ok_or(PasskeyError::NoSession)
    }
}

const fn purpose(record: &SessionRecord) -> CeremonyPurpose {
    CeremonyPurpose::Register { user: record.user, session: record.id }
}
