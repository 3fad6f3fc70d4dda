//! How signed tokens have fooled others. Each token is right in every way but the one that it is here for.

use towergate::jose::{
    Algorithm, Expected, Jwk, JwkError, JwsError, SigningKey, Typ, Verified, generate, jws,
    jws::hmac::{self, HmacAlgorithm},
};

use crate::keys::{ED25519, P256, RSA, decode, eddsa, encode, es256, hs256, message, set, shared, verify};

pub(crate) const EVERY: Expected<'_> = Expected { algorithms: &Algorithm::ALL, typ: Typ::AbsentOr(&["JWT"]) };
pub(crate) const ES256: &str = r#"{"alg":"ES256"}"#;

/// Against all the keys there are, by any algorithm.
pub(crate) fn outcome(token: &str) -> Result<(), JwsError> {
    jws::verify(token, &set(&[P256, RSA, ED25519]), &EVERY).map(drop)
}

pub(crate) fn by_secret(token: &str) -> Result<Verified<HmacAlgorithm>, JwsError> {
    hmac::verify(token, &shared(), &Expected { algorithms: &HmacAlgorithm::ALL, typ: EVERY.typ })
}

#[test]
fn the_tokens_that_these_are_made_of_are_good() {
    assert_eq!(outcome(&es256(ES256, "{}")), Ok(()));
    assert_eq!(outcome(&eddsa(r#"{"alg":"EdDSA"}"#, "{}")), Ok(()));
    assert!(by_secret(&hs256(&decode(crate::keys::SHARED), r#"{"alg":"HS256"}"#, "{}")).is_ok());
}

/// CVE-2015-9235 and its like.
#[test]
fn a_public_key_is_no_shared_secret() {
    let key: serde_json::Value = serde_json::from_str(RSA).unwrap();
    let modulus = decode(key["n"].as_str().unwrap());
    for secret in [RSA.as_bytes(), &modulus, key["n"].as_str().unwrap().as_bytes(), P256.as_bytes(), b""] {
        for alg in ["HS256", "HS384", "HS512"] {
            let token = hs256(secret, &format!(r#"{{"alg":"{alg}"}}"#), "{}");
            assert_eq!(outcome(&token), Err(JwsError::Algorithm));
            assert!(by_secret(&token).is_err());
        }
        for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
            let token = hs256(secret, &format!(r#"{{"alg":"{alg}"}}"#), "{}");
            assert_eq!(outcome(&token), Err(JwsError::Signature), "{alg}");
            assert_eq!(by_secret(&token).unwrap_err(), JwsError::Algorithm, "{alg}");
        }
    }
    assert_eq!(by_secret(&es256(ES256, "{}")).unwrap_err(), JwsError::Algorithm);
}

#[test]
fn none_never_verifies_however_it_is_spelt() {
    for alg in ["none", "None", "NONE", "nOnE", "nonE", " none", "none ", "no\\u006ee", "null", ""] {
        let header = format!(r#"{{"alg":"{alg}"}}"#);
        for token in [format!("{}.", message(&header, "{}")), es256(&header, "{}"), hs256(&[], &header, "{}")]
        {
            assert_eq!(outcome(&token), Err(JwsError::Algorithm), "{token}");
            assert_eq!(by_secret(&token).unwrap_err(), JwsError::Algorithm, "{token}");
        }
    }
    for header in
        [r#"{"typ":"JWT"}"#, r#"{"alg":null}"#, r#"{"alg":["ES256"]}"#, r#"{"alg":{}}"#, r#"{"alg":0}"#]
    {
        assert_eq!(outcome(&es256(header, "{}")), Err(JwsError::Malformed), "{header}");
    }
}

/// CVE-2020-28042.
#[test]
fn an_unsigned_token_is_told_apart_and_an_empty_signature_is_none() {
    assert_eq!(outcome(&format!("{}.", message(ES256, "{}"))), Err(JwsError::Signature));
    assert_eq!(
        by_secret(&format!("{}.", message(r#"{"alg":"HS256"}"#, "{}"))).unwrap_err(),
        JwsError::Signature
    );
    for header in [ES256, r#"{"alg":"nOnE"}"#] {
        assert!(!jws::peek(&format!("{}.", message(header, "{}"))).unwrap().is_signed());
    }
}

/// CVE-2018-0114.
#[test]
fn a_key_inside_the_token_is_never_trusted() {
    let stranger = generate(Algorithm::ES256).unwrap();
    let stranger = SigningKey::from_pkcs8(Algorithm::ES256, stranger.expose(), None).unwrap();
    let trusted = serde_json::to_string(stranger.public_jwk()).unwrap();
    let place = r#""https://evil.example""#;
    for (name, value) in
        [("jwk", P256), ("jku", place), ("x5u", place), ("x5c", r#"["AAAA"]"#), ("x5t", place)]
    {
        let token = es256(&format!(r#"{{"alg":"ES256","{name}":{value}}}"#), "{}");
        assert_eq!(verify(&token, &trusted, Algorithm::ES256).unwrap_err(), JwsError::Signature, "{name}");
        assert!(verify(&token, P256, Algorithm::ES256).is_ok(), "{name} is not looked at");
    }
}

#[test]
fn no_extension_is_understood() {
    for extra in [
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""crit":["exp"]"#,
        r#""crit":["alg"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""crit":"exp""#,
    ] {
        let token = es256(&format!(r#"{{"alg":"ES256",{extra}}}"#), "{}");
        assert_eq!(outcome(&token), Err(JwsError::Extension), "{extra}");
    }
}

#[test]
fn a_key_is_of_the_curve_that_its_algorithm_has() {
    for crv in ["P-384", "P-521", "secp256k1", "P-256 ", "p-256"] {
        let key = P256.replace("P-256", crv);
        assert_eq!(Jwk::parse(key.as_bytes()), Err(JwkError::Unsupported), "{crv}");
    }
    for (alg, key) in
        [("EdDSA", P256), ("RS256", P256), ("PS256", ED25519), ("ES256", ED25519), ("ES256", RSA)]
    {
        let token = es256(&format!(r#"{{"alg":"{alg}"}}"#), "{}");
        let refusal = jws::verify(&token, &set(&[key]), &EVERY).unwrap_err();
        assert_eq!(refusal, JwsError::WrongKey, "{alg}");
    }
    let off = P256.replace("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", &encode([1; 32]));
    assert_eq!(verify(&es256(ES256, "{}"), &off, Algorithm::ES256).unwrap_err(), JwsError::Signature);
}

#[test]
fn members_are_said_once() {
    for header in [
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"ES256","\u0061lg":"none"}"#,
        r#"{"alg":"ES256","x":{"y":1,"y":2}}"#,
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
    ] {
        assert_eq!(outcome(&es256(header, "{}")), Err(JwsError::Malformed), "{header}");
    }
    for payload in [
        r#"{"aud":"a","aud":"b"}"#,
        r#"{"cnf":{"jkt":"a","jkt":"b"}}"#,
        "{}{}",
        "{} x",
        "[]",
        "1",
        "",
        "\u{feff}{}",
    ] {
        assert_eq!(outcome(&es256(ES256, payload)), Err(JwsError::Claims), "{payload}");
    }
    for header in [
        r#"{"alg":"ES256","kid":7}"#,
        r#"{"alg":"ES256","kid":null}"#,
        r#"{"alg":"ES256","typ":[]}"#,
        "[]",
        "{",
        "",
    ] {
        assert_eq!(outcome(&es256(header, "{}")), Err(JwsError::Malformed), "{header}");
    }
}

#[test]
fn a_kid_is_a_name_and_nothing_else() {
    for kid in ["../../dev/null", "' OR 1=1 --", "https://evil.example/key", "", "*"] {
        let token = es256(&format!(r#"{{"alg":"ES256","kid":"{kid}"}}"#), "{}");
        assert_eq!(outcome(&token), Err(JwsError::UnknownKey), "{kid}");
    }
}
