use super::*;
use crate::generate;

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::from_pkcs8(algorithm, generate(algorithm).unwrap().expose(), None).unwrap()
}

#[test]
fn a_key_is_named_by_its_thumbprint_unless_told_otherwise() {
    let pkcs8 = generate(Algorithm::ES256).unwrap();
    let unnamed = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap();
    assert_eq!(unnamed.kid(), unnamed.public_jwk().thumbprint());
    let named = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), Some("a\"b".into())).unwrap();
    assert_eq!(named.public_jwk().kid(), Some("a\"b"));
    assert!(named.sign_jwt("JWT", &serde_json::json!({})).is_ok());
    for bad in ["", &"k".repeat(256)] {
        assert!(matches!(
            SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), Some(bad.into())),
            Err(JoseError::Kid)
        ));
    }
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    let p256 = generate(Algorithm::ES256).unwrap();
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA] {
        assert!(matches!(SigningKey::from_pkcs8(algorithm, p256.expose(), None), Err(JoseError::Key { .. })));
    }
}

#[test]
fn only_json_objects_and_media_types_are_signed() {
    let key = key(Algorithm::ES256);
    assert!(matches!(key.sign_jwt("JWT", &[1]), Err(JoseError::ClaimsNotAnObject)));
    for bad in ["", "a\"b", "a b", "é"] {
        assert!(matches!(key.sign_jwt(bad, &serde_json::json!({})), Err(JoseError::Typ)), "{bad}");
    }
}

#[test]
fn a_private_key_does_not_print() {
    let text = format!("{:?}", key(Algorithm::EdDSA));
    assert!(text.starts_with("SigningKey { algorithm: EdDSA, kid: \""), "{text}");
}
