use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use towergate_core::system::OsRandom;

use super::*;
use crate::{Jwk, SigningKey, generate};

const EXPECTED: Expected<'_> = Expected { algorithms: &[Algorithm::ES256], typ: Typ::Exactly("at+jwt") };
const HEADER: &str = r#"{"alg":"ES256","typ":"at+jwt"}"#;
const A_PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

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

    fn verify(&self, header: &str) -> Result<Verified, JwsError> {
        verify(&self.sign(header.as_bytes(), b"{}"), &self.keys(), &EXPECTED)
    }
}

fn vector(compact: &str, jwk: &str, algorithm: Algorithm) -> Result<Verified, JwsError> {
    let keys = JwkSet::new(vec![Jwk::parse(jwk.as_bytes()).unwrap()]);
    verify(compact, &keys, &Expected { algorithms: &[algorithm], typ: Typ::AbsentOr(&["JWT"]) })
}

const RFC7515_A_2_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;

#[test]
fn rfc7515_a_1_a_shared_secret_is_refused() {
    let token = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{A_PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    assert_eq!(vector(&token, RFC7515_A_2_KEY, Algorithm::RS256).unwrap_err(), JwsError::Algorithm);
}

#[test]
fn rfc7515_a_2_rs256_vector() {
    let token = format!(
        "eyJhbGciOiJSUzI1NiJ9.{A_PAYLOAD}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    let verified = vector(&token, RFC7515_A_2_KEY, Algorithm::RS256).unwrap();
    assert_eq!(verified.claims::<serde_json::Value>().unwrap()["iss"], "joe");
    assert_eq!(
        vector(&token.replace(".cC4", ".cC5"), RFC7515_A_2_KEY, Algorithm::RS256).unwrap_err(),
        JwsError::Signature
    );
}

#[test]
fn rfc7515_a_3_es256_vector() {
    let key = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let token = format!(
        "eyJhbGciOiJFUzI1NiJ9.{A_PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    assert!(vector(&token, key, Algorithm::ES256).is_ok());
}

#[test]
fn rfc7520_4_1_rs256_vector() {
    let key = r#"{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}"#;
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
    // Its text is signed well, and is no claims.
    assert_eq!(vector(token, key, Algorithm::RS256).unwrap_err(), JwsError::Claims);
}

#[test]
fn rfc8037_a_4_eddsa_vector() {
    let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(vector(token, key, Algorithm::EdDSA).unwrap_err(), JwsError::Claims);
}

#[test]
fn a_plain_token_of_our_own_passes() {
    assert!(RAW.verify(HEADER).is_ok());
}

#[test]
fn rfc8725_3_1_only_expected_algorithms_pass() {
    for alg in ["none", "None", "HS256", "RS256", "ES384", "es256", ""] {
        let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#);
        assert_eq!(RAW.verify(&header).unwrap_err(), JwsError::Algorithm, "{alg}");
    }
    for header in
        [r#"{"typ":"at+jwt"}"#, r#"{"alg":null,"typ":"at+jwt"}"#, r#"{"alg":["ES256"],"typ":"at+jwt"}"#]
    {
        assert_eq!(RAW.verify(header).unwrap_err(), JwsError::Malformed, "{header}");
    }
    let unsigned = format!("{}.e30.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#));
    assert_eq!(verify(&unsigned, &RAW.keys(), &EXPECTED).unwrap_err(), JwsError::Algorithm);
}

#[test]
fn rfc8725_2_1_a_public_rsa_key_is_no_shared_secret() {
    let hmac = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, RFC7515_A_2_KEY.as_bytes());
    let message = format!("{}.e30", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"at+jwt"}"#));
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&hmac, message.as_bytes())));
    let keys = JwkSet::new(vec![Jwk::parse(RFC7515_A_2_KEY.as_bytes()).unwrap()]);
    let expected = Expected { algorithms: &Algorithm::ALL, ..EXPECTED };
    assert_eq!(verify(&token, &keys, &expected).unwrap_err(), JwsError::Algorithm);
}

#[test]
fn rfc8725_3_11_the_type_must_be_the_expected_one() {
    assert_eq!(RAW.verify(r#"{"alg":"ES256","typ":"JWT"}"#).unwrap_err(), JwsError::Typ);
    assert_eq!(RAW.verify(r#"{"alg":"ES256"}"#).unwrap_err(), JwsError::Typ);
    assert_eq!(RAW.verify(r#"{"alg":"ES256","typ":null}"#).unwrap_err(), JwsError::Malformed);
}

#[test]
fn rfc7515_4_1_11_no_extension_is_understood() {
    for extra in [r#""crit":["exp"]"#, r#""crit":[]"#, r#""crit":null"#, r#""b64":false"#, r#""b64":true"#] {
        let header = format!(r#"{{"alg":"ES256","typ":"at+jwt",{extra}}}"#);
        assert_eq!(RAW.verify(&header).unwrap_err(), JwsError::Extension, "{extra}");
    }
}

#[test]
fn rfc7515_4_members_are_said_once() {
    for header in [
        r#"{"alg":"none","alg":"ES256","typ":"at+jwt"}"#,
        r#"{"alg":"ES256","typ":"at+jwt","x":1,"x":1}"#,
        r#"{"alg":"ES256","typ":"at+jwt","\u0061lg":"ES256"}"#,
    ] {
        assert_eq!(RAW.verify(header).unwrap_err(), JwsError::Malformed, "{header}");
    }
    let token = RAW.sign(HEADER.as_bytes(), br#"{"aud":"a","aud":"b"}"#);
    assert_eq!(verify(&token, &RAW.keys(), &EXPECTED).unwrap_err(), JwsError::Claims);
}

#[test]
fn claims_are_one_object() {
    for payload in ["", "[]", "1", "{}{}", "{", "\"{}\""] {
        let token = RAW.sign(HEADER.as_bytes(), payload.as_bytes());
        assert_eq!(verify(&token, &RAW.keys(), &EXPECTED).unwrap_err(), JwsError::Claims, "{payload}");
    }
}

#[test]
fn a_key_inside_the_token_is_never_trusted() {
    let own = serde_json::to_string(RAW.key.public_jwk()).unwrap();
    let stranger =
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None);
    let trusted = JwkSet::new(vec![stranger.unwrap().public_jwk().clone()]);
    for extra in
        [format!(r#""jwk":{own}"#), r#""jku":"https://evil.example","x5u":"https://evil.example""#.into()]
    {
        let token = RAW.sign(format!(r#"{{"alg":"ES256","typ":"at+jwt",{extra}}}"#).as_bytes(), b"{}");
        assert_eq!(verify(&token, &trusted, &EXPECTED).unwrap_err(), JwsError::Signature);
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

#[test]
fn rfc7515_7_1_exactly_three_canonical_parts() {
    let token = RAW.sign(HEADER.as_bytes(), b"{}");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let shorter = signature.get(..85).unwrap();
    for bad in [
        String::new(),
        String::from(".."),
        message.to_owned(),
        format!("{token}."),
        format!("{token}.AA"),
        format!(".{token}"),
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{message}=.{signature}"),
        format!("{message}.{shorter}+"),
        token.replace('.', ".."),
    ] {
        assert_eq!(verify(&bad, &RAW.keys(), &EXPECTED).unwrap_err(), JwsError::Malformed, "{bad}");
    }
    // The last of 86 characters carries two bits: the other sixteen spellings must not pass as the same signature.
    let spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        .chars()
        .filter(|last| verify(&format!("{message}.{shorter}{last}"), &RAW.keys(), &EXPECTED).is_ok());
    assert_eq!(spellings.count(), 1);
}

#[test]
fn a_token_that_is_too_long_is_not_even_read() {
    let long = RAW.sign(HEADER.as_bytes(), format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_LENGTH)).as_bytes());
    assert_eq!(verify(&long, &RAW.keys(), &EXPECTED).unwrap_err(), JwsError::TooLong);
}

#[test]
fn every_changed_character_is_noticed() {
    let token = RAW.key.sign_jwt("at+jwt", &serde_json::json!({ "sub": "alice" })).unwrap();
    for place in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify(&changed, &RAW.keys(), &EXPECTED).is_err(), "{place}");
    }
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
