//! A passkey of the store as `webauthn-rs-core` knows it, and back.

use serde_cbor_2::Value;
use towergate_core::StoreError;
use towergate_identity::rules::passkey::{Aaguid, Passkey, Transport};
use webauthn_rs_core::proto::{
    AllowCredentials, AuthenticatorTransport, Credential, RegisterPublicKeyCredential,
};

/// What of the authenticator data comes before the make of the authenticator: the digest of the host, flags and count. It is
/// there when the flags say so, which whoever made the credential of it has seen:
/// [Web Authentication section 6.1](https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data).
const BEFORE_AAGUID: usize = 32 + 1 + 4;

/// The credential of a passkey, with what has changed since it was made. Its count is left at nothing: what counts say is
/// judged by the rules, in the store's step.
pub(crate) fn of(passkey: &Passkey) -> Result<Credential, StoreError> {
    let credential: Credential =
        serde_json::from_str(&passkey.credential).map_err(|_| StoreError::Corrupt {
            table: "passkeys",
            row: passkey.id.to_string(),
            problem: String::from("the credential cannot be read"),
        })?;
    Ok(Credential {
        counter: 0,
        backup_eligible: passkey.backup_eligible,
        backup_state: passkey.backed_up,
        ..credential
    })
}

/// What a browser is told of a passkey that it may use.
pub(crate) fn allowed(passkey: &Passkey) -> AllowCredentials {
    let transports: Vec<_> = passkey.transports.iter().filter_map(|transport| theirs(*transport)).collect();
    AllowCredentials {
        type_: String::from("public-key"),
        id: passkey.credential_id.clone(),
        transports: (!transports.is_empty()).then_some(transports),
    }
}

/// The make of the authenticator that made a credential whose attestation was checked.
pub(crate) fn aaguid(registered: &RegisterPublicKeyCredential) -> Option<Aaguid> {
    let Ok(Value::Map(object)) = serde_cbor_2::from_slice(&registered.response.attestation_object) else {
        return None;
    };
    let Some(Value::Bytes(data)) = object.get(&Value::Text(String::from("authData"))) else { return None };
    let bytes = data.get(BEFORE_AAGUID..BEFORE_AAGUID + 16)?;
    Some(Aaguid::from_bytes(bytes.try_into().ok()?))
}

/// How browsers say that they reach the authenticator: each way once.
pub(crate) fn transports(registered: &RegisterPublicKeyCredential) -> Vec<Transport> {
    let told = registered.response.transports.as_deref().unwrap_or_default();
    let mut transports: Vec<_> = told.iter().filter_map(ours).collect();
    transports.sort_unstable();
    transports.dedup();
    transports
}

const fn ours(transport: &AuthenticatorTransport) -> Option<Transport> {
    match transport {
        AuthenticatorTransport::Ble => Some(Transport::Ble),
        AuthenticatorTransport::Hybrid => Some(Transport::Hybrid),
        AuthenticatorTransport::Internal => Some(Transport::Internal),
        AuthenticatorTransport::Nfc => Some(Transport::Nfc),
        AuthenticatorTransport::Usb => Some(Transport::Usb),
        AuthenticatorTransport::Test | AuthenticatorTransport::Unknown => None,
    }
}

const fn theirs(transport: Transport) -> Option<AuthenticatorTransport> {
    match transport {
        Transport::Ble => Some(AuthenticatorTransport::Ble),
        Transport::Hybrid => Some(AuthenticatorTransport::Hybrid),
        Transport::Internal => Some(AuthenticatorTransport::Internal),
        Transport::Nfc => Some(AuthenticatorTransport::Nfc),
        Transport::Usb => Some(AuthenticatorTransport::Usb),
        // Nothing in webauthn-rs-core says so; browsers look for it all the same.
        _ => None,
    }
}
