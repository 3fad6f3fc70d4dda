//! JSON Web Signature, [RFC 7515](https://www.rfc-editor.org/rfc/rfc7515).

use towergate::jose::{
    Algorithm, Expected, JwkSet, JwsError, Typ, jws,
    jws::hmac::{self, HmacAlgorithm},
};

use crate::keys::{P256, RSA, decode, encode, es256, shared, verify};

const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn a_1_hs256_by_the_door_of_shared_secrets_alone() {
    let token = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let expected = Expected { algorithms: &[HmacAlgorithm::HS256], typ: Typ::AbsentOr(&["JWT"]) };
    let verified = hmac::verify(&token, &shared(), &expected).unwrap();
    let claims: serde_json::Value = verified.claims().unwrap();
    assert_eq!((&claims["iss"], &claims["exp"]), (&"joe".into(), &1_300_819_380.into()));
    for key in [RSA, P256] {
        for algorithm in Algorithm::ALL {
            assert_eq!(verify(&token, key, algorithm).unwrap_err(), JwsError::Algorithm);
        }
    }
}

#[test]
fn a_2_rs256() {
    let token = format!(
        "eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    let verified = verify(&token, RSA, Algorithm::RS256).unwrap();
    assert_eq!(verified.claims::<serde_json::Value>().unwrap()["iss"], "joe");
    assert_eq!(verify(&token, RSA, Algorithm::PS256).unwrap_err(), JwsError::Algorithm);
    let other = token.replace(".cC4", ".cC5");
    assert_eq!(verify(&other, RSA, Algorithm::RS256).unwrap_err(), JwsError::Signature);
}

#[test]
fn a_3_es256() {
    let token = format!(
        "eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    assert!(verify(&token, P256, Algorithm::ES256).is_ok());
}

#[test]
fn a_4_es512_is_not_spoken() {
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AAAA";
    assert_eq!(verify(token, P256, Algorithm::ES256).unwrap_err(), JwsError::Algorithm);
}

#[test]
fn a_5_none_is_read_as_unsigned_and_never_verified() {
    let token = format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.");
    for algorithm in Algorithm::ALL {
        assert_eq!(verify(&token, P256, algorithm).unwrap_err(), JwsError::Algorithm);
    }
    let expected = Expected { algorithms: &HmacAlgorithm::ALL, typ: Typ::AbsentOr(&["JWT"]) };
    assert_eq!(hmac::verify(&token, &shared(), &expected).unwrap_err(), JwsError::Algorithm);
    let unverified = jws::peek(&token).unwrap();
    assert_eq!((unverified.alg(), unverified.is_signed()), ("none", false));
    assert_eq!(unverified.unverified_claims::<serde_json::Value>().unwrap()["iss"], "joe");
}

#[test]
fn a_6_and_a_7_json_serializations_are_not_read() {
    let part = r#""protected":"eyJhbGciOiJFUzI1NiJ9","header":{"kid":"e9bc097a-ce51-4036-9562-d2ade882db0d"},"signature":"DtEh""#;
    for json in [
        format!(r#"{{"payload":"{PAYLOAD}","signatures":[{{{part}}}]}}"#),
        format!(r#"{{"payload":"{PAYLOAD}",{part}}}"#),
    ] {
        assert_eq!(verify(&json, P256, Algorithm::ES256).unwrap_err(), JwsError::Malformed);
        assert_eq!(jws::peek(&json).unwrap_err(), JwsError::Malformed);
    }
}

#[test]
fn c_base64url_without_padding() {
    assert_eq!(encode([3, 236, 255, 224, 193]), "A-z_4ME");
    assert_eq!(decode("A-z_4ME"), [3, 236, 255, 224, 193]);
}

#[test]
fn e_an_unknown_critical_header_refuses_the_token() {
    let token = "eyJhbGciOiJub25lIiwNCiAiY3JpdCI6WyJodHRwOi8vZXhhbXBsZS5jb20vVU5ERUZJTkVEIl0sDQogImh0dHA6Ly9leGFtcGxlLmNvbS9VTkRFRklORUQiOnRydWUNCn0.RkFJTA.";
    assert_eq!(jws::peek(token).unwrap_err(), JwsError::Extension);
    let signed = es256(
        r#"{"alg":"ES256","crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true}"#,
        "{}",
    );
    assert_eq!(verify(&signed, P256, Algorithm::ES256).unwrap_err(), JwsError::Extension);
}

#[test]
fn section_4_1_9_typ_is_a_media_type_without_regard_to_case() {
    let expected = Expected { algorithms: &[Algorithm::ES256], typ: Typ::Exactly("at+jwt") };
    let keys: JwkSet = crate::keys::set(&[P256]);
    let outcome = |typ: &str| {
        jws::verify(&es256(&format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#), "{}"), &keys, &expected).map(drop)
    };
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
        assert_eq!(outcome(typ), Ok(()), "{typ}");
    }
    for typ in ["JWT", "", "text/at+jwt"] {
        assert_eq!(outcome(typ), Err(JwsError::Typ), "{typ}");
    }
}
