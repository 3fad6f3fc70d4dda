//! Whether a signature is the passkey's: by the rules of `webauthn-rs-core`, with the arithmetic of ring, which takes a sixth of the
//! time.
//!
//! Nearly every passkey signs with ES256. For those the rules of
//! [Web Authentication section 7.2](https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion) are applied here, in the order and
//! with the strictness of `webauthn-rs-core`, to what its own types read. A key of any other kind is judged by
//! `webauthn-rs-core` alone. The tests hold each verdict beside its own, error for error.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey},
};
use serde::Deserialize;
use webauthn_rs_core::{
    WebauthnCore,
    error::WebauthnError,
    internals::AuthenticatorData,
    proto::{
        Authentication, AuthenticationState, COSEKeyType, CollectedClientData, Credential, ECDSACurve,
        PublicKeyCredential, UserVerificationPolicy, origin::origins_match,
    },
};

/// What was asked for, as far as `webauthn-rs-core` writes it down and keeps it to itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    policy: UserVerificationPolicy,
    /// In base64url.
    challenge: String,
    appid: Option<String>,
    allow_backup_eligible_upgrade: bool,
}

/// What a signature says of its key that was found to be the key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) count: u32,
    pub(crate) user_verified: bool,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
}

/// What judges a signature.
pub(crate) struct Judge<'a> {
    pub(crate) core: &'a WebauthnCore,
    /// The identifier that keys are bound to.
    pub(crate) party: &'a str,
}

impl Judge<'_> {
    /// Judges what was `signed` by what was asked and by the credential that it names.
    ///
    /// # Errors
    /// When any of the rules is broken.
    pub(crate) fn judge(
        &self,
        signed: &PublicKeyCredential,
        asked: &Asked,
        state: impl FnOnce() -> Result<AuthenticationState, WebauthnError>,
        known: &Credential,
    ) -> Result<Verified, WebauthnError> {
        match es256(known) {
            Some(point) if asked.appid.is_none() => self.judge_es256(signed, asked, known, &point),
            _ => {
                let result = self.core.authenticate_single_credential(signed, &state()?, known)?;
                Ok(Verified {
                    count: result.counter(),
                    user_verified: result.user_verified(),
                    backup_eligible: result.backup_eligible(),
                    backed_up: result.backup_state(),
                })
            }
        }
    }

    fn judge_es256(
        &self,
        signed: &PublicKeyCredential,
        asked: &Asked,
        known: &Credential,
        point: &[u8],
    ) -> Result<Verified, WebauthnError> {
        if known.cred_id.as_slice() != signed.raw_id.as_slice() {
            return Err(WebauthnError::CredentialNotFound);
        }
        let response = &signed.response;
        let bytes: &[u8] = response.authenticator_data.as_ref();
        let data = AuthenticatorData::<Authentication>::try_from(bytes)?;
        self.check_client_data(response.client_data_json.as_ref(), asked)?;
        // Its first 32 bytes, which the type keeps to itself.
        let party = digest(&SHA256, self.party.as_bytes());
        if bytes.get(..32) != Some(party.as_ref()) {
            return Err(WebauthnError::InvalidRPIDHash);
        }
        check_flags(&data, asked, known)?;
        let hash = digest(&SHA256, response.client_data_json.as_ref());
        let message = [bytes, hash.as_ref()].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
            .verify(&message, response.signature.as_ref())
            .map_err(|_| WebauthnError::AuthenticationFailure)?;
        Ok(Verified {
            count: data.counter,
            user_verified: data.user_verified,
            backup_eligible: data.backup_eligible,
            backed_up: data.backup_state,
        })
    }

    fn check_client_data(&self, text: &[u8], asked: &Asked) -> Result<(), WebauthnError> {
        let said: CollectedClientData =
            serde_json::from_slice(text).map_err(WebauthnError::ParseJSONFailure)?;
        if said.type_ != "webauthn.get" {
            return Err(WebauthnError::InvalidClientDataType);
        }
        let challenge = URL_SAFE_NO_PAD.decode(&asked.challenge);
        if !challenge.is_ok_and(|challenge| said.challenge == challenge) {
            return Err(WebauthnError::MismatchedChallenge);
        }
        let origins = self.core.get_allowed_origins();
        // Neither hosts below nor other ports: so the core is made.
        if !origins.iter().any(|origin| origins_match(false, false, &said.origin, origin)) {
            return Err(WebauthnError::InvalidRPOrigin);
        }
        Ok(())
    }
}

/// What the flags must say: somebody was there, verified where that is due, and the key lies where it lay.
fn check_flags(
    data: &AuthenticatorData<Authentication>,
    asked: &Asked,
    known: &Credential,
) -> Result<(), WebauthnError> {
    if !data.user_present {
        return Err(WebauthnError::UserNotPresent);
    }
    let required = [asked.policy, known.registration_policy].contains(&UserVerificationPolicy::Required);
    // Whoever was verified when the key was made, and might have been then, is verified ever after.
    let was = known.registration_policy == UserVerificationPolicy::Preferred && known.user_verified;
    if (required || was) && !data.user_verified {
        return Err(WebauthnError::UserNotVerified);
    }
    let upgraded = asked.allow_backup_eligible_upgrade && data.backup_eligible;
    if known.backup_eligible != data.backup_eligible && !upgraded {
        return Err(WebauthnError::CredentialBackupEligibilityInconsistent);
    }
    if data.backup_state && !known.backup_eligible {
        return Err(WebauthnError::CredentialMayNotBeHardwareBound);
    }
    Ok(())
}

/// The public key as a point of P-256, uncompressed; `None` when it is of another kind.
fn es256(known: &Credential) -> Option<Vec<u8>> {
    let COSEKeyType::EC_EC2(key) = &known.cred.key else { return None };
    let fits = key.curve == ECDSACurve::SECP256R1 && key.x.len() == 32 && key.y.len() == 32;
    fits.then(|| [&[4], key.x.as_slice(), key.y.as_slice()].concat())
}
