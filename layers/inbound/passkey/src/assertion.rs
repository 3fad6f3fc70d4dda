//! A signature of a passkey: asked for and checked, whatever it is good for.

use towergate_core::{Digest, audit::Origin};
use towergate_identity::{
    ports::{IdentityStore, passkey::UsingPasskey},
    rules::{
        notice::Notice,
        passkey::{
            Assertion, Ceremony, CeremonyFailure, CeremonyPurpose, CountVerdict, Passkey, PasskeyUse,
            SignCountPolicy, judge_count,
        },
    },
};
use webauthn_rs_core::{
    error::WebauthnError,
    proto::{AuthenticationState, PublicKeyCredential, UserVerificationPolicy},
};

use crate::{
    client_data, credential,
    passkeys::{PasskeyError, Passkeys, read, written},
    verify::{Asked, Judge, Verified},
    wire::{Answer, Challenge},
};

impl<S: IdentityStore> Passkeys<S> {
    /// A challenge that any of these passkeys may answer; any at all when there is none.
    pub(crate) async fn ask(
        &self,
        purpose: CeremonyPurpose,
        passkeys: &[Passkey],
        browser: &Digest,
        origin: Origin,
    ) -> Result<Challenge, PasskeyError> {
        let policy = Some(UserVerificationPolicy::Preferred);
        let builder = self.core.new_challenge_authenticate_builder(Vec::new(), policy);
        let (mut options, state) = builder
            .map(|builder| builder.allow_backup_eligible_upgrade(true))
            .and_then(|builder| self.core.generate_challenge_authenticate(builder))
            .map_err(|error| PasskeyError::Ceremony(error.to_string()))?;
        options.public_key.allow_credentials = passkeys.iter().map(credential::allowed).collect();
        let ceremony = self.begin(purpose, browser, written(&state)?, origin).await?;
        let public_key = serde_json::to_value(options.public_key)
            .map_err(|error| PasskeyError::Ceremony(error.to_string()))?;
        Ok(Challenge { ceremony, public_key })
    }

    /// Checks an answer to such a challenge, and notes the use of the key. Whoever is named beside a failure is the one whose
    /// key it was.
    pub(crate) async fn check(
        &self,
        answer: &Answer,
        purpose: CeremonyPurpose,
        browser: Option<&Digest>,
        origin: Origin,
    ) -> Result<Result<Assertion, Failed>, PasskeyError> {
        let ceremony = match self.take(answer.ceremony, purpose, browser, origin).await? {
            Ok(ceremony) => ceremony,
            Err(reason) => return Ok(Err(Failed::by_nobody(reason))),
        };
        let Some(signed) = self.signed(answer) else {
            return Ok(Err(Failed::by_nobody(CeremonyFailure::Invalid)));
        };
        let Some(passkey) = self.store.find_passkey(&signed.raw_id).await? else {
            return Ok(Err(Failed::by_nobody(CeremonyFailure::UnknownKey)));
        };
        let failed = |reason| Ok(Err(Failed { user: Some(passkey.user), reason }));
        // Whom the key says that it is of; it must say so where nobody else did.
        let handle = signed.response.user_handle.as_deref();
        let owner = match purpose.user() {
            Some(user) => {
                user == passkey.user && handle.is_none_or(|handle| handle == user.as_uuid().as_bytes())
            }
            None => handle.is_some_and(|handle| handle == passkey.user.as_uuid().as_bytes()),
        };
        if !owner {
            return failed(CeremonyFailure::OtherUser);
        }
        let Some(verified) = self.verdict(&signed, &ceremony, &passkey)? else {
            return failed(CeremonyFailure::Invalid);
        };
        let Some(user) = self.store.find_user(passkey.user).await?.filter(|user| user.state.may_prove())
        else {
            return failed(CeremonyFailure::UserRefused);
        };
        if !self.unconfirmed.admits(user.confirmed_at) {
            return failed(CeremonyFailure::UserRefused);
        }
        let (policy, count) = (self.party.counts, verified.count);
        let revokes =
            policy == SignCountPolicy::Revoke && judge_count(passkey.count, count) == CountVerdict::WentBack;
        let notice = if revokes { self.notice(Notice::PasskeyRemoved, &user, origin)? } else { None };
        let used = PasskeyUse {
            passkey: passkey.id,
            count,
            verified: verified.user_verified,
            backup_eligible: verified.backup_eligible,
            backed_up: verified.backed_up,
        };
        match self.store.use_passkey(used, policy, notice, origin).await? {
            UsingPasskey::Used => {
                let verified = verified.user_verified;
                Ok(Ok(Assertion { user: user.id, passkey: passkey.id, verified }))
            }
            UsingPasskey::Refused => failed(CeremonyFailure::Count),
            UsingPasskey::Revoked => {
                self.herald.announce();
                failed(CeremonyFailure::Count)
            }
            UsingPasskey::Missing => failed(CeremonyFailure::UnknownKey),
        }
    }

    /// Whether a key signed this answer to this ceremony, apart from everything that is kept: for benches and hosts' tests.
    ///
    /// # Errors
    /// When what is stored cannot be read.
    #[cfg(feature = "test-util")]
    pub fn verifies(
        &self,
        answer: &Answer,
        ceremony: &Ceremony,
        passkey: &Passkey,
    ) -> Result<bool, PasskeyError> {
        let Some(signed) = self.signed(answer) else { return Ok(false) };
        Ok(self.verdict(&signed, ceremony, passkey)?.is_some())
    }

    /// What was signed on a page of ours; `None` for anything else.
    fn signed(&self, answer: &Answer) -> Option<PublicKeyCredential> {
        let signed = answer.signed()?;
        let client_data = &signed.response.client_data_json;
        client_data::is_ours(client_data, self.core.get_allowed_origins()).then_some(signed)
    }

    /// What the signature says; `None` when it is not the key's answer to this ceremony.
    fn verdict(
        &self,
        signed: &PublicKeyCredential,
        ceremony: &Ceremony,
        passkey: &Passkey,
    ) -> Result<Option<Verified>, PasskeyError> {
        let asked: Asked = read(ceremony)?;
        let known = credential::of(passkey)?;
        let state = || -> Result<AuthenticationState, _> {
            serde_json::from_str(&ceremony.state).map_err(WebauthnError::ParseJSONFailure)
        };
        let judge = Judge { core: &self.core, party: self.party.identifier() };
        match judge.judge(signed, &asked, state, &known) {
            Ok(verified) => Ok(Some(verified)),
            Err(error) => {
                tracing::debug!(%error, passkey = %passkey.id, "a signature was not accepted");
                Ok(None)
            }
        }
    }
}

/// Why an answer was not good, and whose key it came from, where that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed {
    pub(crate) user: Option<towergate_identity::rules::user::UserId>,
    pub(crate) reason: CeremonyFailure,
}

impl Failed {
    const fn by_nobody(reason: CeremonyFailure) -> Self {
        Self { user: None, reason }
    }
}
