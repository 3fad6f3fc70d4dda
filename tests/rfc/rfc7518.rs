//! JSON Web Algorithms, [RFC 7518](https://www.rfc-editor.org/rfc/rfc7518).
//!
//! B.1 is a test inside the crate, since no token can have its associated data for a header.

use towergate::{
    core::{Random, Secret, system::OsRandom},
    jose::{
        Algorithm, Expected, Jwk, JwsError, KeyManagement, SigningKey, Typ, generate,
        jwe::{self, ContentEncryption},
        jws,
        jws::hmac::{self, HmacAlgorithm},
    },
};

use crate::{
    alice_and_bob::{bob, to_bob},
    keys::{P256, encode, es256, hmac_signed, verify},
};

#[test]
fn section_3_2_a_secret_is_as_long_as_the_hash() {
    let expected = Expected { algorithms: &HmacAlgorithm::ALL, typ: Typ::AbsentOr(&[]) };
    let hashes = [ring::hmac::HMAC_SHA256, ring::hmac::HMAC_SHA384, ring::hmac::HMAC_SHA512];
    for (algorithm, hash) in HmacAlgorithm::ALL.into_iter().zip(hashes) {
        let outcome = |length: usize| {
            let secret = vec![7; length];
            let token = hmac_signed(hash, &secret, &format!(r#"{{"alg":"{algorithm}"}}"#), "{}");
            hmac::verify(&token, &Secret::new(secret), &expected).map(drop)
        };
        let length = hash.digest_algorithm().output_len();
        assert_eq!(outcome(length), Ok(()), "{algorithm}");
        assert_eq!(outcome(length - 1), Err(JwsError::WeakSecret), "{algorithm}");
    }
}

#[test]
fn section_3_3_rsa_keys_have_2048_bits_or_more() {
    let key = |bytes: usize| format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, encode(vec![0xff; bytes]));
    assert!(Jwk::parse(key(256).as_bytes()).is_ok());
    assert!(Jwk::parse(key(128).as_bytes()).is_err());
}

#[test]
fn section_3_4_an_ecdsa_signature_is_64_bytes_and_no_der() {
    let token = es256(r#"{"alg":"ES256"}"#, "{}");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = crate::keys::decode(signature);
    assert_eq!(signature.len(), 64);
    let integer = |number: &[u8]| [&[2, 33, 0], number].concat();
    let (r, s) = signature.split_at(32);
    let der = [vec![0x30, 70], integer(r), integer(s)].concat();
    let der = format!("{message}.{}", encode(der));
    assert_eq!(verify(&der, P256, Algorithm::ES256).unwrap_err(), JwsError::Signature);
}

#[test]
fn section_3_every_algorithm_signs_what_only_itself_verifies() {
    for algorithm in Algorithm::ALL {
        let pkcs8 = generate(algorithm).unwrap();
        let key = SigningKey::from_pkcs8(algorithm, pkcs8.expose(), None).unwrap();
        let token = key.sign_jwt("JWT", &serde_json::json!({ "sub": "alice" })).unwrap();
        assert_eq!(jws::peek(&token).unwrap().alg(), algorithm.as_str());
        let public = serde_json::to_string(key.public_jwk()).unwrap();
        for other in Algorithm::ALL {
            assert_eq!(verify(&token, &public, other).is_ok(), other == algorithm, "{algorithm} {other}");
        }
    }
}

#[test]
fn section_4_6_2_and_c_the_agreed_key_of_alice_and_bob() {
    let token = to_bob(|_| {});
    let opened = jwe::decrypt(&token, &bob(), &[KeyManagement::EcdhEs], &[ContentEncryption::A128Gcm]);
    assert_eq!(opened.unwrap().expose(), b"hush");
}

#[test]
fn section_5_every_pair_of_algorithms_reads_back() {
    let random: &dyn Random = &OsRandom::new();
    for alg in [KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw] {
        for enc in ContentEncryption::ALL {
            let token = jwe::encrypt(b"hush", bob().public_jwk(), alg, enc, Some("JWT"), random).unwrap();
            assert_eq!(
                jwe::decrypt(&token, &bob(), &[alg], &[enc]).unwrap().expose(),
                b"hush",
                "{alg} {enc}"
            );
        }
    }
}
