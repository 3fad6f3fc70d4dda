//! The keys that the RFCs print, and what signs with them as an attacker would: any header, any payload.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use towergate::{
    core::{Secret, system::OsRandom},
    jose::{Algorithm, Expected, Jwk, JwkSet, JwsError, Typ, jwe::DecryptionKey, jws, jws::Verified},
};

/// RFC 7515 A.1: 64 bytes.
pub(crate) const SHARED: &str =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";

/// RFC 7515 A.2.
pub(crate) const RSA: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;

/// RFC 7515 A.3.
pub(crate) const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const P256_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

/// RFC 8037 A.1 and A.2.
pub(crate) const ED25519: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
pub(crate) const ED25519_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

pub(crate) fn set(keys: &[&str]) -> JwkSet {
    keys.iter().map(|key| Jwk::parse(key.as_bytes()).unwrap()).collect()
}

/// As a caller does who knows the algorithm and nothing of the type.
pub(crate) fn verify(token: &str, key: &str, algorithm: Algorithm) -> Result<Verified, JwsError> {
    let expected = Expected { algorithms: &[algorithm], typ: Typ::AbsentOr(&["JWT"]) };
    jws::verify(token, &set(&[key]), &expected)
}

pub(crate) fn es256(header: &str, payload: &str) -> String {
    let random = OsRandom::new();
    let point = point(P256);
    let pair = EcdsaKeyPair::from_private_key_and_public_key(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &decode(P256_D),
        &point,
        random.as_ring(),
    );
    let message = message(header, payload);
    let signature = pair.unwrap().sign(random.as_ring(), message.as_bytes()).unwrap();
    format!("{message}.{}", encode(signature))
}

pub(crate) fn eddsa(header: &str, payload: &str) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(&decode(ED25519_D)).unwrap();
    let message = message(header, payload);
    format!("{message}.{}", encode(pair.sign(message.as_bytes())))
}

pub(crate) fn hs256(secret: &[u8], header: &str, payload: &str) -> String {
    hmac_signed(hmac::HMAC_SHA256, secret, header, payload)
}

pub(crate) fn hmac_signed(hash: hmac::Algorithm, secret: &[u8], header: &str, payload: &str) -> String {
    let message = message(header, payload);
    format!("{message}.{}", encode(hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes())))
}

pub(crate) fn message(header: &str, payload: &str) -> String {
    format!("{}.{}", encode(header), encode(payload))
}

pub(crate) fn shared() -> Secret<Vec<u8>> {
    Secret::new(decode(SHARED))
}

/// A private key on P-256 as PKCS #8, out of the members that an RFC prints.
pub(crate) fn decryption_key(d: &str) -> DecryptionKey {
    // RFC 5958 around RFC 5915: id-ecPublicKey, prime256v1, version 1, and the number.
    let head = b"\x30\x41\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\
        \x04\x27\x30\x25\x02\x01\x01\x04\x20";
    DecryptionKey::from_pkcs8(&[head.as_slice(), &decode(d)].concat()).unwrap()
}

/// An uncompressed point out of a public key.
fn point(jwk: &str) -> Vec<u8> {
    let jwk: serde_json::Value = serde_json::from_str(jwk).unwrap();
    let coordinate = |name: &str| decode(jwk[name].as_str().unwrap());
    [vec![4], coordinate("x"), coordinate("y")].concat()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}
