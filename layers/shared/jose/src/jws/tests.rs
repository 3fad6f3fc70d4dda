use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use towergate_core::system::OsRandom;

use super::*;
use crate::{Jwk, SigningKey, generate};

const EXPECTED: Expected<'_> = Expected { algorithms: &[Algorithm::ES256], typ: Typ::Exactly("at+jwt") };
const HEADER: &str = r#"{"alg":"ES256","typ":"at+jwt"}"#;

/// A P-256 key that signs whatever it is given, as an attacker's would.
struct Raw {
    pair: EcdsaKeyPair,
    key: SigningKey,
}

static RAW: LazyLock<Raw> = LazyLock::new(|| {
    let pkcs8 = generate(Algorithm::ES256).unwrap();
    let random = OsRandom::new();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose(), random.as_ring()).unwrap();
    Raw { pair, key: SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), Some("raw".into())).unwrap() }
});

impl Raw {
    fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.pair.sign(OsRandom::new().as_ring(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn keys(&self) -> JwkSet {
        JwkSet::new(vec![self.key.public_jwk().clone()])
    }
}

#[test]
fn the_kid_selects_the_key_and_the_key_pins_the_algorithm() {
    let ed = SigningKey::from_pkcs8(
        Algorithm::EdDSA,
        generate(Algorithm::EdDSA).unwrap().expose(),
        Some("ed".into()),
    )
    .unwrap();
    let keys = JwkSet::new(vec![RAW.key.public_jwk().clone(), ed.public_jwk().clone()]);
    let expected = Expected { algorithms: &Algorithm::ALL, ..EXPECTED };
    let outcome = |header: &str| verify(&RAW.sign(header.as_bytes(), b"{}"), &keys, &expected).map(|_| ());
    assert_eq!(outcome(r#"{"alg":"ES256","typ":"at+jwt","kid":"raw"}"#), Ok(()));
    assert_eq!(outcome(r#"{"alg":"ES256","typ":"at+jwt","kid":"ed"}"#), Err(JwsError::WrongKey));
    assert_eq!(outcome(r#"{"alg":"EdDSA","typ":"at+jwt","kid":"ed"}"#), Err(JwsError::Signature));
    assert_eq!(outcome(r#"{"alg":"ES256","typ":"at+jwt","kid":"other"}"#), Err(JwsError::UnknownKey));
    assert_eq!(outcome(HEADER), Ok(()), "no kid, one fitting key");
    assert_eq!(outcome(r#"{"alg":"RS256","typ":"at+jwt"}"#), Err(JwsError::WrongKey));
}

#[test]
fn without_a_kid_two_fitting_keys_are_one_too_many() {
    let key = RAW.key.public_jwk().clone();
    let keys = JwkSet::new(vec![key.clone(), key]);
    let token = RAW.sign(HEADER.as_bytes(), b"{}");
    assert_eq!(verify(&token, &keys, &EXPECTED).unwrap_err(), JwsError::AmbiguousKey);
    assert_eq!(verify(&token, &JwkSet::default(), &EXPECTED).unwrap_err(), JwsError::UnknownKey);
}

static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    Algorithm::ALL
        .into_iter()
        .map(|algorithm| {
            SigningKey::from_pkcs8(algorithm, generate(algorithm).unwrap().expose(), None).unwrap()
        })
        .collect()
});

#[test]
fn rs256_and_ps256_are_not_the_same_signature() {
    let key = KEYS.iter().find(|key| key.algorithm() == Algorithm::PS256).unwrap();
    let token = key.sign_jwt("at+jwt", &serde_json::json!({})).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (_, payload) = message.split_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"RS256","typ":"at+jwt","kid":"{}"}}"#, key.kid()));
    let keys = JwkSet::new(vec![key.public_jwk().clone()]);
    let expected = Expected { algorithms: &Algorithm::ALL, ..EXPECTED };
    let swapped = format!("{header}.{payload}.{signature}");
    assert_eq!(verify(&swapped, &keys, &expected).unwrap_err(), JwsError::WrongKey);
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_only_under_its_own_key(sub in ".{0,40}", n: i64, which in 0..4_usize) {
        let key = &KEYS[which];
        let claims = serde_json::json!({ "sub": sub, "n": n });
        let token = key.sign_jwt("at+jwt", &claims).unwrap();
        let expected = Expected { algorithms: &Algorithm::ALL, ..EXPECTED };
        let all: JwkSet = KEYS.iter().map(|key| key.public_jwk().clone()).collect();
        let verified = verify(&token, &all, &expected).unwrap();
        prop_assert_eq!(verified.claims::<serde_json::Value>().unwrap(), claims);
        let others = KEYS.iter().filter(|other| other.kid() != key.kid()).map(|key| key.public_jwk().clone());
        prop_assert_eq!(verify(&token, &others.collect(), &expected).unwrap_err(), JwsError::UnknownKey);
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}", header: Vec<u8>, payload: Vec<u8>) {
        let _ = verify(&text, &RAW.keys(), &EXPECTED);
        let _ = Jwk::parse(text.as_bytes());
        let _ = verify(&RAW.sign(&header, &payload), &RAW.keys(), &EXPECTED);
        let _ = verify(&RAW.sign(HEADER.as_bytes(), &payload), &RAW.keys(), &EXPECTED);
        let _ = Jwk::parse(&payload);
    }
}
