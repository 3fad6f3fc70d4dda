//! Ed25519 in JOSE, [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037).

use towergate::jose::{Algorithm, Jwk, JwkError, JwsError, SigningKey};

use crate::keys::{ED25519, ED25519_D, decode, message, verify};

const A_4: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

#[test]
fn a_1_a_private_key_never_travels() {
    let private = ED25519.replacen('}', &format!(r#","d":"{ED25519_D}"}}"#), 1);
    assert_eq!(Jwk::parse(private.as_bytes()), Err(JwkError::Private));
}

#[test]
fn a_2_and_a_3_public_key_and_thumbprint() {
    let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    assert_eq!(Jwk::parse(ED25519.as_bytes()).unwrap().thumbprint(), thumbprint);
    assert_eq!(a_1().kid(), thumbprint);
}

#[test]
fn a_4_signing_is_the_same_each_time() {
    let claims = serde_json::json!({ "sub": "alice" });
    let token = a_1().sign_jwt("JWT", &claims).unwrap();
    assert_eq!(a_1().sign_jwt("JWT", &claims).unwrap(), token);
    assert!(verify(&token, &serde_json::to_string(a_1().public_jwk()).unwrap(), Algorithm::EdDSA).is_ok());
    // The key of A.1 gives the signature that A.4 prints, under the header that A.4 prints.
    assert_eq!(crate::keys::eddsa(r#"{"alg":"EdDSA"}"#, "Example of Ed25519 signing"), A_4);
}

#[test]
fn a_5_validation() {
    assert!(A_4.starts_with(&message(r#"{"alg":"EdDSA"}"#, "Example of Ed25519 signing")));
    // Its text is no claims, which is found out only after its signature was found right.
    assert_eq!(verify(A_4, ED25519, Algorithm::EdDSA).unwrap_err(), JwsError::Claims);
    let other = A_4.replace(".hgy", ".hgz");
    assert_eq!(verify(&other, ED25519, Algorithm::EdDSA).unwrap_err(), JwsError::Signature);
}

#[test]
fn a_6_and_a_7_x25519_and_x448_are_not_spoken() {
    for crv in ["X25519", "X448", "Ed448"] {
        let key = ED25519.replace("Ed25519", crv);
        assert_eq!(Jwk::parse(key.as_bytes()), Err(JwkError::Unsupported), "{crv}");
    }
}

/// The key of A.1 as PKCS #8 with both halves, [RFC 8410 section 7](https://www.rfc-editor.org/rfc/rfc8410#section-7).
fn a_1() -> SigningKey {
    let head = b"\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let public = decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    let pkcs8 = [head.as_slice(), &decode(ED25519_D), b"\x81\x21\x00", &public].concat();
    SigningKey::from_pkcs8(Algorithm::EdDSA, &pkcs8, None).unwrap()
}
