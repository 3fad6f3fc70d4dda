use super::*;
use crate::{SigningKey, generate};

const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

fn with(member: &str) -> Result<Jwk, JwkError> {
    Jwk::parse(P256.replacen('{', &format!("{{{member},"), 1).as_bytes())
}

#[test]
fn what_is_published_reads_back() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::from_pkcs8(algorithm, generate(algorithm).unwrap().expose(), None).unwrap();
        let json = serde_json::to_string(key.public_jwk()).unwrap();
        assert!(json.contains(r#""use":"sig""#) && !json.contains(r#""d":"#), "{json}");
        assert_eq!(&Jwk::parse(json.as_bytes()).unwrap(), key.public_jwk());
    }
}

#[test]
fn rfc7517_4_unknown_members_are_left_out() {
    assert_eq!(with(r#""x5c":["AA"],"hello":{}"#), Jwk::parse(P256.as_bytes()));
}

#[test]
fn private_material_never_enters() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(with(&format!(r#""{member}":"AA""#)), Err(JwkError::Private), "{member}");
    }
    assert_eq!(Jwk::parse(br#"{"kty":"oct","k":"AA"}"#), Err(JwkError::Private));
}

#[test]
fn a_key_for_another_use_is_refused() {
    assert!(with(r#""use":"sig","key_ops":["verify"]"#).is_ok());
    assert_eq!(with(r#""use":"else""#), Err(JwkError::NotForSignatures));
    assert_eq!(with(r#""use":"enc","key_ops":["verify"]"#), Err(JwkError::NotForSignatures));
    assert_eq!(with(r#""use":"enc","alg":"ES256""#), Err(JwkError::NotForSignatures));
    assert_eq!(with(r#""use":"sig","alg":"ECDH-ES""#), Err(JwkError::Malformed));
    assert_eq!(with(r#""alg":"RSA-OAEP-256""#), Err(JwkError::Malformed));
    assert_eq!(with(r#""key_ops":["sign"]"#), Err(JwkError::NotForSignatures));
    assert_eq!(with(r#""alg":"RS256""#), Err(JwkError::Malformed));
    assert_eq!(with(r#""alg":"ES384""#), Err(JwkError::Unsupported));
}

#[test]
fn a_key_for_encryption_verifies_nothing_and_a_key_for_signatures_encrypts_nothing() {
    for member in [r#""use":"enc""#, r#""alg":"ECDH-ES""#, r#""key_ops":["deriveKey"]"#] {
        let key = with(member).unwrap();
        assert!(!key.allows(Algorithm::ES256), "{member}");
        assert!(key.allows_encryption(KeyManagement::EcdhEs), "{member}");
        assert!(!key.allows_encryption(KeyManagement::RsaOaep256), "{member}");
        assert_eq!(Jwk::parse(&serde_json::to_vec(&key).unwrap()).unwrap(), key, "{member}");
    }
    assert!(!with(r#""alg":"ECDH-ES""#).unwrap().allows_encryption(KeyManagement::EcdhEsA256Kw));
    for member in [r#""use":"sig""#, r#""alg":"ES256""#] {
        assert!(!with(member).unwrap().allows_encryption(KeyManagement::EcdhEs), "{member}");
    }
}

#[test]
fn another_type_is_not_supported() {
    for (from, to) in [("EC", "OKP"), ("EC", "AKP")] {
        assert_eq!(Jwk::parse(P256.replace(from, to).as_bytes()), Err(JwkError::Unsupported), "{to}");
    }
}

#[test]
fn wrong_sizes_and_loose_encodings_are_refused() {
    for (x, error) in [
        ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVA", JwkError::Size),
        ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=", JwkError::Malformed),
        ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV", JwkError::Malformed),
        ("", JwkError::Size),
    ] {
        let json = P256.replace("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", x);
        assert_eq!(Jwk::parse(json.as_bytes()), Err(error), "{x}");
    }
    assert_eq!(with(r#""kty":"EC""#), Err(JwkError::Malformed), "a member given twice");
    assert_eq!(with(r#""kid":"""#), Err(JwkError::Malformed));
    // A store of JSON chokes on the first of them.
    for control in ["\\u0000", "\\n", "\\u007f"] {
        assert_eq!(with(&format!(r#""kid":"a{control}""#)), Err(JwkError::Malformed), "{control}");
    }
}

#[test]
fn rfc7518_6_3_1_rsa_numbers_are_canonical_odd_and_long_enough() {
    let n = |length: usize| [vec![0x80], vec![1; length - 1]].concat();
    let e = vec![1, 0, 1];
    assert!(PublicKey::rsa(n(256), e.clone()).is_ok() && PublicKey::rsa(n(512), e.clone()).is_ok());
    for (n, e, error) in [
        (n(255), e.clone(), JwkError::Size),
        (vec![1; 256], e.clone(), JwkError::Size),
        (n(513), e.clone(), JwkError::Size),
        ([vec![0], n(256)].concat(), e.clone(), JwkError::Malformed),
        (vec![0x80; 256], e, JwkError::Malformed),
        (n(256), vec![3], JwkError::Size),
        (n(256), vec![1, 0, 2], JwkError::Malformed),
        (n(256), vec![], JwkError::Malformed),
    ] {
        assert_eq!(PublicKey::rsa(n, e), Err(error));
    }
}
