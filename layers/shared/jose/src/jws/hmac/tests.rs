use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::*;
use crate::{Algorithm, JwkSet, jws, jws::Typ};

const EXPECTED: Expected<'_, HmacAlgorithm> =
    Expected { algorithms: &HmacAlgorithm::ALL, typ: Typ::AbsentOr(&["JWT"]) };

fn secret(length: usize) -> Secret<String> {
    Secret::new("s".repeat(length))
}

fn signed(hash: ring::hmac::Algorithm, secret: &Secret<String>, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let tag = ring::hmac::sign(&Key::new(hash, secret.expose().as_bytes()), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn hs256(header: &str) -> Result<(), JwsError> {
    verify(&signed(HMAC_SHA256, &secret(32), header, "{}"), &secret(32), &EXPECTED).map(drop)
}

#[test]
fn each_algorithm_is_its_own_hash() {
    for (hash, alg) in [(HMAC_SHA256, "HS256"), (HMAC_SHA384, "HS384"), (HMAC_SHA512, "HS512")] {
        let token = signed(hash, &secret(64), &format!(r#"{{"alg":"{alg}"}}"#), r#"{"sub":"shop"}"#);
        let verified = verify(&token, &secret(64), &EXPECTED).unwrap();
        assert_eq!(verified.header().algorithm.as_str(), alg);
        assert_eq!(verified.claims::<serde_json::Value>().unwrap()["sub"], "shop");
        for other in HmacAlgorithm::ALL.into_iter().filter(|other| other.as_str() != alg) {
            let swapped = signed(hash, &secret(64), &format!(r#"{{"alg":"{other}"}}"#), "{}");
            assert_eq!(verify(&swapped, &secret(64), &EXPECTED).unwrap_err(), JwsError::Signature);
            let expected = Expected { algorithms: &[other], ..EXPECTED };
            assert_eq!(verify(&token, &secret(64), &expected).unwrap_err(), JwsError::Algorithm);
        }
    }
}

#[test]
fn only_the_algorithms_of_secrets_pass_here_and_nowhere_else() {
    for alg in ["none", "None", "ES256", "RS256", "hs256", "HS1", ""] {
        assert_eq!(hs256(&format!(r#"{{"alg":"{alg}"}}"#)), Err(JwsError::Algorithm), "{alg}");
    }
    let token = signed(HMAC_SHA256, &secret(32), r#"{"alg":"HS256"}"#, "{}");
    let expected = jws::Expected { algorithms: &Algorithm::ALL, typ: Typ::AbsentOr(&[]) };
    assert_eq!(jws::verify(&token, &JwkSet::default(), &expected).unwrap_err(), JwsError::Algorithm);
}

#[test]
fn the_rules_of_every_token_hold() {
    assert_eq!(hs256(r#"{"alg":"HS256","kid":"anything"}"#), Ok(()));
    assert_eq!(hs256(r#"{"alg":"HS256","typ":"at+jwt"}"#), Err(JwsError::Typ));
    assert_eq!(hs256(r#"{"alg":"HS256","crit":["exp"]}"#), Err(JwsError::Extension));
    assert_eq!(hs256(r#"{"alg":"HS256","b64":false}"#), Err(JwsError::Extension));
    assert_eq!(hs256(r#"{"alg":"HS256","alg":"HS256"}"#), Err(JwsError::Malformed));
    let twice = signed(HMAC_SHA256, &secret(32), r#"{"alg":"HS256"}"#, r#"{"aud":"a","aud":"b"}"#);
    assert_eq!(verify(&twice, &secret(32), &EXPECTED).unwrap_err(), JwsError::Claims);
}

#[test]
fn every_changed_character_and_every_cut_is_noticed() {
    let token = signed(HMAC_SHA256, &secret(32), r#"{"alg":"HS256"}"#, r#"{"sub":"shop"}"#);
    assert!(verify(&token, &secret(32), &EXPECTED).is_ok());
    for place in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify(&changed, &secret(32), &EXPECTED).is_err(), "{place}");
        assert!(verify(token.get(..place).unwrap(), &secret(32), &EXPECTED).is_err(), "cut at {place}");
    }
    assert_eq!(verify(&token, &secret(33), &EXPECTED).unwrap_err(), JwsError::Signature);
}
