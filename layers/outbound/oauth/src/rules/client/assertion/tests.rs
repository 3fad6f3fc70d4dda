use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac::{HMAC_SHA256, HMAC_SHA384},
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::*;
use crate::rules::single_use::LONGEST;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const SECONDS: i64 = 1_700_000_000;
const ISSUER: &str = "https://id.example";
const TOKEN: &str = "https://id.example/oauth/token";
const RECIPIENT: Recipient<'_> = Recipient { names: &[ISSUER, TOKEN], now: NOW };
const SECRET: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const EDDSA: &str = r#"{"alg":"EdDSA"}"#;
const HS256: &str = r#"{"alg":"HS256"}"#;

fn pair() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// The set of the one key, under this name.
fn keys(kid: Option<&str>) -> AssertionKey {
    let x = URL_SAFE_NO_PAD.encode(pair().public_key());
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid.unwrap_or("k") });
    AssertionKey::Public(Arc::new(serde_json::from_value(json!({ "keys": [key] })).unwrap()))
}

fn secret() -> AssertionKey {
    AssertionKey::Shared(Secret::new(SECRET.to_vec()))
}

fn good() -> Value {
    json!({
        "iss": "shop", "sub": "shop", "aud": ISSUER, "jti": "1", "iat": SECONDS, "exp": SECONDS + 60,
    })
}

fn message(header: &str, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn signed(header: &str, claims: &Value) -> String {
    let message = message(header, claims);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair().sign(message.as_bytes())))
}

fn shared(header: &str, claims: &Value, secret: &[u8]) -> String {
    let message = message(header, claims);
    let tag = ring::hmac::sign(&ring::hmac::Key::new(HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn verdict(compact: &str, key: &AssertionKey) -> Result<SingleUse, AssertionError> {
    Assertion::read(compact)?.verify(key, &RECIPIENT)
}

/// The verdict on the good claims with one of them changed; `null` takes it away.
fn changed(claim: &str, value: Value) -> Result<SingleUse, AssertionError> {
    let mut claims = good();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(claim),
        value => claims.as_object_mut().unwrap().insert(claim.to_owned(), value),
    };
    verdict(&signed(EDDSA, &claims), &keys(None))
}

#[test]
fn an_assertion_under_a_key_or_a_secret_proves_its_client() {
    let by_key = Assertion::read(&signed(EDDSA, &good())).unwrap();
    assert_eq!(by_key.client().as_str(), "shop");
    assert_eq!(by_key.algorithm().method(), ClientAuthMethod::PrivateKeyJwt);
    let by_secret = Assertion::read(&shared(HS256, &good(), SECRET)).unwrap();
    assert_eq!(by_secret.algorithm().method(), ClientAuthMethod::ClientSecretJwt);
    let (one, other) = (by_key.verify(&keys(None), &RECIPIENT), by_secret.verify(&secret(), &RECIPIENT));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one.digest.matches(&other.digest), "an identifier is one client's, however it signs");
    assert_eq!(one.until, NOW.plus(Duration::from_secs(60)).plus(TOLERANCE));
}

#[test]
fn an_assertion_is_signed_with_the_clients_own_key() {
    let signature = AssertionError::Jws(JwsError::Signature);
    let forged = shared(HS256, &good(), b"another secret of the right length");
    assert_eq!(verdict(&forged, &secret()).unwrap_err(), signature);
    let mut altered = good();
    altered["jti"] = "2".into();
    let (message, tag) = (message(EDDSA, &altered), signed(EDDSA, &good()));
    let forged = format!("{message}.{}", tag.rsplit_once('.').unwrap().1);
    assert_eq!(verdict(&forged, &keys(None)).unwrap_err(), signature);
    assert_eq!(
        verdict(&signed(r#"{"alg":"EdDSA","kid":"other"}"#, &good()), &keys(None)).unwrap_err(),
        AssertionError::Jws(JwsError::UnknownKey)
    );
    assert_eq!(
        verdict(&signed(r#"{"alg":"ES256"}"#, &good()), &keys(None)).unwrap_err(),
        AssertionError::Jws(JwsError::WrongKey)
    );
    let short = AssertionKey::Shared(Secret::new(b"short".to_vec()));
    let weak = shared(HS256, &good(), b"short");
    assert_eq!(verdict(&weak, &short).unwrap_err(), AssertionError::Jws(JwsError::WeakSecret));
}

#[test]
fn a_key_of_the_other_kind_and_no_key_prove_nothing() {
    let wrong = AssertionError::Jws(JwsError::WrongKey);
    assert_eq!(verdict(&signed(EDDSA, &good()), &secret()).unwrap_err(), wrong);
    assert_eq!(verdict(&shared(HS256, &good(), SECRET), &keys(None)).unwrap_err(), wrong);
    // Nor does a signature under the key whose work stands in for a missing one.
    let missing = AssertionKey::Missing("keys_unavailable");
    for assertion in [signed(EDDSA, &good()), shared(HS256, &good(), &[0; 32])] {
        let error = verdict(&assertion, &missing).unwrap_err();
        assert_eq!((error, error.reason()), (AssertionError::Key("keys_unavailable"), "keys_unavailable"));
    }
}

#[test]
fn only_algorithms_that_are_offered_are_read() {
    let claims = good();
    for alg in ["none", "None", "HS384", "HS512", "RS512", "ES384", "hs256", ""] {
        let assertion = signed(&format!(r#"{{"alg":"{alg}"}}"#), &claims);
        assert_eq!(
            Assertion::read(&assertion).unwrap_err(),
            AssertionError::Jws(JwsError::Algorithm),
            "{alg}"
        );
    }
    let message = message(r#"{"alg":"HS384"}"#, &claims);
    let tag = ring::hmac::sign(&ring::hmac::Key::new(HMAC_SHA384, SECRET), message.as_bytes());
    let strong = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
    assert!(Assertion::read(&strong).is_err());
    for algorithm in AssertionAlgorithm::ALL {
        assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
    }
}

#[test]
fn the_type_is_that_of_an_assertion_or_absent() {
    for typ in ["JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"] {
        assert!(
            verdict(&signed(&format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#), &good()), &keys(None)).is_ok()
        );
    }
    for typ in ["at+jwt", "oauth-authz-req+jwt", "logout+jwt", "dpop+jwt", "token-introspection+jwt", ""] {
        let refused = verdict(&signed(&format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#), &good()), &keys(None));
        assert_eq!(refused.unwrap_err(), AssertionError::Jws(JwsError::Typ), "{typ}");
        let by_secret = shared(&format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#), &good(), SECRET);
        assert_eq!(verdict(&by_secret, &secret()).unwrap_err(), AssertionError::Jws(JwsError::Typ), "{typ}");
    }
}

#[test]
fn rfc7523_3_issuer_and_subject_are_the_client() {
    for (claim, value) in [("iss", json!("other")), ("sub", json!("other")), ("iss", json!(""))] {
        assert_eq!(changed(claim, value).unwrap_err(), AssertionError::Subject, "{claim}");
    }
    for (claim, value) in
        [("iss", Value::Null), ("sub", Value::Null), ("sub", json!(["shop"])), ("iss", json!(7))]
    {
        assert_eq!(changed(claim, value).unwrap_err(), AssertionError::Jws(JwsError::Claims), "{claim}");
    }
    let mut spaced = good();
    spaced["iss"] = "a shop".into();
    spaced["sub"] = "a shop".into();
    assert_eq!(Assertion::read(&signed(EDDSA, &spaced)).unwrap_err(), AssertionError::Subject);
}

#[test]
fn rfc7523_3_the_audience_is_this_server_alone() {
    for aud in [json!(ISSUER), json!(TOKEN), json!([ISSUER]), json!([ISSUER, TOKEN])] {
        assert!(changed("aud", aud.clone()).is_ok(), "{aud}");
    }
    for aud in [
        json!("https://other.example"),
        json!("https://id.example/"),
        json!([ISSUER, "https://other.example"]),
        json!([]),
        Value::Null,
    ] {
        assert_eq!(changed("aud", aud.clone()).unwrap_err(), AssertionError::Audience, "{aud}");
    }
    for aud in [json!(7), json!([7]), json!({ "a": ISSUER })] {
        assert_eq!(changed("aud", aud.clone()).unwrap_err(), AssertionError::Jws(JwsError::Claims), "{aud}");
    }
    let strict = Recipient { names: &[ISSUER], now: NOW };
    let mut claims = good();
    claims["aud"] = TOKEN.into();
    let read = Assertion::read(&signed(EDDSA, &claims)).unwrap();
    assert_eq!(read.verify(&keys(None), &strict).unwrap_err(), AssertionError::Audience);
}

#[test]
fn rfc7523_3_it_expires_and_soon() {
    assert_eq!(changed("exp", Value::Null).unwrap_err(), AssertionError::Times(JwtError::NoExpiry));
    for (exp, expected) in [
        (SECONDS - 10, Err(AssertionError::Times(JwtError::Expired))),
        (SECONDS - 9, Ok(())),
        (SECONDS + 3610, Ok(())),
        (SECONDS + 3611, Err(AssertionError::Lifetime)),
        (i64::MAX, Err(AssertionError::Lifetime)),
    ] {
        assert_eq!(changed("exp", json!(exp)).map(drop), expected, "{exp}");
    }
    assert_eq!(changed("exp", json!("soon")).unwrap_err(), AssertionError::Jws(JwsError::Claims));
}

#[test]
fn it_need_not_be_remembered_longer_than_the_longest() {
    let once = changed("exp", json!(SECONDS + 3610)).unwrap();
    assert_eq!(once.until.since(Timestamp::from_unix_seconds(SECONDS)), LONGEST);
}

#[test]
fn a_clock_may_run_ten_seconds_ahead() {
    for claim in ["iat", "nbf"] {
        assert!(changed(claim, json!(SECONDS + 8)).is_ok(), "{claim}");
        assert!(changed(claim, json!(SECONDS + 10)).is_ok(), "{claim}");
        for late in [11, 60] {
            let error = changed(claim, json!(SECONDS + late)).unwrap_err();
            assert_eq!(error.reason(), "assertion_from_the_future", "{claim} {late}");
        }
        assert!(changed(claim, Value::Null).is_ok(), "{claim}");
    }
}

#[test]
fn it_has_an_identifier() {
    for jti in [Value::Null, json!("")] {
        assert_eq!(changed("jti", jti).unwrap_err(), AssertionError::Id);
    }
    assert_eq!(changed("jti", json!(1)).unwrap_err(), AssertionError::Jws(JwsError::Claims));
    assert!(!changed("jti", json!("2")).unwrap().digest.matches(&changed("jti", json!("1")).unwrap().digest));
}

#[test]
fn it_is_bounded_and_says_each_thing_once() {
    let mut long = good();
    long["jti"] = "x".repeat(jws::MAX_LENGTH).into();
    assert_eq!(Assertion::read(&signed(EDDSA, &long)).unwrap_err(), AssertionError::Jws(JwsError::TooLong));
    let twice = URL_SAFE_NO_PAD.encode(r#"{"iss":"shop","sub":"shop","iss":"shop"}"#);
    let twice = format!("{}.{twice}.AAAA", URL_SAFE_NO_PAD.encode(EDDSA));
    assert_eq!(Assertion::read(&twice).unwrap_err().reason(), "malformed_assertion");
    for bad in ["", "x", "a.b.c", "e30.e30.e30"] {
        assert_eq!(Assertion::read(bad).unwrap_err().reason(), "malformed_assertion", "{bad}");
    }
}

proptest::proptest! {
    #[test]
    fn anything_is_read_without_a_panic(text in "\\PC{0,80}", header in "\\PC{0,40}", claims in "\\PC{0,40}") {
        let _ = Assertion::read(&text);
        let (header, claims) = (URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let _ = Assertion::read(&format!("{header}.{claims}.AAAA"));
    }
}
