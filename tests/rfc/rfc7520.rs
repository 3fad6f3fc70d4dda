//! Examples of protecting content, [RFC 7520](https://www.rfc-editor.org/rfc/rfc7520).
//!
//! The signed text of section 4 is no JSON object, so a token of it is never [`Verified`](towergate::jose::Verified):
//! that it is refused for its claims says that its signature, which is judged before, was right.

use towergate::{
    core::Secret,
    jose::{
        Algorithm, Expected, JwsError, KeyManagement, Typ,
        jwe::{self, ContentEncryption},
        jws::hmac::{self, HmacAlgorithm},
    },
};

use crate::keys::{decode, decryption_key, verify};

/// "It’s a dangerous business, Frodo, going out your door."
const TEXT: &str = "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
const RSA_3_4: &str = r#"{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}"#;
const HOBBITON_6: &str = r#"{"kty":"RSA","kid":"hobbiton.example","use":"sig","n":"kNrPIBDXMU6fcyv5i-QHQAQ-K8gsC3HJb7FYhYaw8hXbNJa-t8q0lDKwLZgQXYV-ffWxXJv5GGrlZE4GU52lfMEegTDzYTrRQ3tepgKFjMGg6Iy6fkl1ZNsx2gEonsnlShfzA9GJwRTmtKPbk1s-hwx1IU5AT-AIelNqBgcF2vE5W25_SGGBoaROVdUYxqETDggM1z5cKV4ZjDZ8-lh4oVB07bkac6LQdHpJUUySH_Er20DXx30Kyi97PciXKTS-QKXnmm8ivyRCmux22ZoPUind2BKC5OiG4MwALhaL2Z2k8CsRdfy-7dg7z41Rp6D0ZeEvtaUp4bX4aKraL4rTfw","e":"AQAB"}"#;

#[test]
fn section_4_1_rsa_v1_5_signature() {
    let signature = "MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
    let token = format!(
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.{TEXT}.{signature}"
    );
    assert_eq!(verify(&token, RSA_3_4, Algorithm::RS256).unwrap_err(), JwsError::Claims);
    let other = token.replace(".MRj", ".MRk");
    assert_eq!(verify(&other, RSA_3_4, Algorithm::RS256).unwrap_err(), JwsError::Signature);
}

#[test]
fn sections_4_2_and_4_3_ps384_and_es512_are_not_spoken() {
    for header in [
        "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
        "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    ] {
        for algorithm in Algorithm::ALL {
            let token = format!("{header}.{TEXT}.AAAA");
            assert_eq!(verify(&token, RSA_3_4, algorithm).unwrap_err(), JwsError::Algorithm);
        }
    }
}

#[test]
fn section_4_4_hmac_sha2_integrity_protection() {
    let token = format!(
        "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.{TEXT}.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"
    );
    let key = Secret::new(decode("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"));
    let expected = Expected { algorithms: &[HmacAlgorithm::HS256], typ: Typ::AbsentOr(&[]) };
    assert_eq!(hmac::verify(&token, &key, &expected).unwrap_err(), JwsError::Claims);
    let other = token.replace(".s0h", ".s0i");
    assert_eq!(hmac::verify(&other, &key, &expected).unwrap_err(), JwsError::Signature);
}

#[test]
fn section_4_5_detached_content_is_no_token() {
    let token = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9..s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";
    let key = Secret::new(decode("hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"));
    let expected = Expected { algorithms: &[HmacAlgorithm::HS256], typ: Typ::AbsentOr(&[]) };
    assert_eq!(hmac::verify(token, &key, &expected).unwrap_err(), JwsError::Signature);
}

/// The token of section 5.5.
pub(crate) const ECDH_ES_5_5: &str = concat!(
    "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFuZC5leGFtcGxlIiwiZXBrIjp7Imt0eSI6",
    "IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBVS1RfYkFXR0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4",
    "QlFBc0ltR2VBUzQ2ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkExMjhDQkMtSFMyNTYifQ..yc9N8v5s",
    "Yyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5Q6l-F3LIgQomlz87yW4OPKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXv",
    "HteLDtw4R1XRGMEsDIqAYtskTTmzmzNa-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3xGNNkpOMQKF1Cl8i8wjzRli7",
    "-IXgyirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7URUhArM79BY8soZU0lzwI-sD5PZ3l4NDCCei9XkoIAfsXJWmySPoeRb2Ni",
    "5UZL4mYpvKDiwmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBfG-ZyJ6195_JGG2m9Csg.",
    "WCCkNa-x4BeB9hIDIfFuhg",
);

#[test]
fn section_5_5_key_agreement_using_ecdh_es_with_aes_cbc_hmac_sha2() {
    let key = decryption_key("r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8");
    let open = |enc| jwe::decrypt(ECDH_ES_5_5, &key, &[KeyManagement::EcdhEs], &[enc]);
    let text = open(ContentEncryption::A128CbcHs256).unwrap();
    assert!(text.expose().starts_with(b"You can trust us to stick with you through thick and thin"));
    assert!(open(ContentEncryption::A128Gcm).is_err(), "only what is expected");
}

#[test]
fn section_6_nesting_signatures_and_encryption() {
    let signature = "dPpMqwRZxFYi1UfcDAaf8M99o7kwUWtiXZ-ByvVuJih4MhJ_aZqciprz0OWaIAkIvn1qskChirjKvY9ESZNUCP4JjvfyPS-nqjJxYoA5ztWOyFk2cZNIPXjcJXSQwXPO9tEe-v4VSqgD0aKHqPxYog4N6Cz1lKph1U1sYDSI67_bLL7elg_vkjfMp5_W5l5LuUYGMeh6hxQIaIUXf9EwV2JmvTMuZ-vBOWy0Sniy1EFo72CRTvmtrIf5AROo5MNliY3KtUxeP-SOmD-LEYwW9SlkohYzMVAZDDOrVbv7KVRHpeYNaK75KEQqdCEEkS_rskZS-Qtt_nlegTWh1mEYaA";
    let signed = format!(
        "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJob2JiaXRvbi5leGFtcGxlIiwiZXhwIjoxMzAwODE5MzgwLCJodHRwOi8vZXhhbXBsZS5jb20vaXNfcm9vdCI6dHJ1ZX0.{signature}"
    );
    // The section nests under RSA-OAEP, which nobody here decrypts; the order is the same under any key.
    let key = decryption_key("r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8");
    let (alg, enc) = (KeyManagement::EcdhEs, ContentEncryption::A128Gcm);
    let random = towergate::core::system::OsRandom::new();
    let keys = towergate::jose::JwkSet::new(vec![key.public_jwk().clone()]);
    let nested = jwe::encrypt_to(&keys, alg, enc, Some("JWT"), signed.as_bytes(), &random).unwrap();
    let opened = jwe::decrypt(&nested, &key, &[alg], &[enc]).unwrap();
    let opened = std::str::from_utf8(opened.expose()).unwrap();
    let claims: serde_json::Value = verify(opened, HOBBITON_6, Algorithm::PS256).unwrap().claims().unwrap();
    assert_eq!(claims["iss"], "hobbiton.example");
    let other = signed.replace(".dPp", ".dPq");
    assert_eq!(verify(&other, HOBBITON_6, Algorithm::PS256).unwrap_err(), JwsError::Signature);
}
