//! The two of RFC 7518 appendix C: what Alice encrypts to Bob, with whatever header a test wants.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Map, Value};
use towergate::jose::{
    KeyManagement,
    jwe::{self, ContentEncryption, DecryptionKey, JweError},
};

use crate::keys::{decode, decryption_key, encode};

type Header = Map<String, Value>;

/// Bob's key of RFC 7518 appendix C.
pub(crate) fn bob() -> DecryptionKey {
    decryption_key("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw")
}

/// A token of Alice's to Bob, as in RFC 7518 appendix C, with a header that is changed before it is sealed.
pub(crate) fn to_bob(change: impl FnOnce(&mut Header)) -> String {
    let mut header: Header = serde_json::from_str(
        r#"{"alg":"ECDH-ES","enc":"A128GCM","apu":"QWxpY2U","apv":"Qm9i","epk":{"kty":"EC","crv":"P-256",
            "x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps"}}"#,
    )
    .unwrap();
    change(&mut header);
    seal(&Value::Object(header).to_string())
}

/// Seals under the key that appendix C derives.
pub(crate) fn seal(header: &str) -> String {
    let key = UnboundKey::new(&AES_128_GCM, &decode("VqqN6vgjbSBcIijNcacQGg")).unwrap();
    let (header, iv, mut text) = (encode(header), [7; 12], b"hush".to_vec());
    let nonce = Nonce::assume_unique_for_key(iv);
    let tag = LessSafeKey::new(key)
        .seal_in_place_separate_tag(nonce, Aad::from(header.as_bytes()), &mut text)
        .unwrap();
    format!("{header}..{}.{}.{}", encode(iv), encode(text), encode(tag))
}

pub(crate) fn refused(token: &str) -> bool {
    let outcome = jwe::decrypt(token, &bob(), &KeyManagement::ALL, &ContentEncryption::ALL);
    matches!(outcome, Err(JweError::Refused))
}
