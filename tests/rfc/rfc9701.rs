//! JWT answers of introspection, [RFC 9701](https://www.rfc-editor.org/rfc/rfc9701).

use http::StatusCode;
use serde_json::{Value, json};
use towergate::jose::{
    Algorithm, Expected, JwkSet, KeyManagement, Typ,
    jwe::{self, ContentEncryption, DecryptionKey},
    jws,
};

use crate::{
    alice_and_bob::bob,
    desk::{Desk, GUARD},
    house::{CLIENT, ISSUER, MAIL, browser::Answer, steps::encode},
};

const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// The claims of an answer that is a JWT, signed by this algorithm.
async fn claims(desk: &Desk, answer: &Answer, algorithm: Algorithm) -> Value {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (StatusCode::OK, MEDIA_TYPE),
        "{}",
        answer.text
    );
    verified(desk, &answer.text, algorithm).await
}

async fn verified(desk: &Desk, token: &str, algorithm: Algorithm) -> Value {
    let keys = JwkSet::parse(desk.get("/oauth/jwks").await.text.as_bytes()).unwrap();
    let expected = Expected { algorithms: &[algorithm], typ: Typ::Exactly("token-introspection+jwt") };
    jws::verify(token, &keys, &expected).unwrap().claims().unwrap()
}

async fn for_the_api(desk: &Desk) -> Value {
    desk.tokens(&format!("&resource={}", encode(MAIL))).await["access_token"].clone()
}

#[tokio::test]
async fn section_4_and_5_who_accepts_a_jwt_is_answered_with_one() {
    let desk = Desk::new().await;
    let token = for_the_api(&desk).await;
    let answer = desk.introspect(GUARD, &token, Some(MEDIA_TYPE)).await;
    assert_eq!((answer.header("vary"), answer.header("cache-control")), ("Accept", "no-store"));
    let claims = claims(&desk, &answer, Algorithm::RS256).await;
    assert_eq!(claims["iss"], ISSUER);
    assert_eq!(claims["aud"], GUARD);
    assert_eq!(claims["iat"], 1_800_000_000);
    assert_eq!(claims["token_introspection"], desk.told(GUARD, &token).await, "the answer of RFC 7662");
    assert_eq!(claims["token_introspection"]["active"], true);
    let mut members: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        ["aud", "iat", "iss", "token_introspection"],
        "section 8.1: no sub and no exp of its own"
    );
}

#[tokio::test]
async fn section_4_who_accepts_anything_else_is_answered_in_json() {
    let desk = Desk::new().await;
    let token = for_the_api(&desk).await;
    for accept in
        [None, Some("*/*"), Some("application/json"), Some("application/token-introspection+jwt;q=0")]
    {
        let answer = desk.introspect(GUARD, &token, accept).await;
        assert_eq!((answer.header("content-type"), answer.header("vary")), ("application/json", "Accept"));
        assert_eq!(answer.json()["active"], true);
    }
}

#[tokio::test]
async fn section_5_of_what_is_inactive_nothing_more_is_told_under_signature_either() {
    let desk = Desk::new().await;
    let not_theirs = desk.tokens("").await["access_token"].clone();
    for token in [not_theirs, "unknown".into()] {
        let answer = desk.introspect(GUARD, &token, Some(MEDIA_TYPE)).await;
        let claims = claims(&desk, &answer, Algorithm::RS256).await;
        assert_eq!(claims["token_introspection"], json!({ "active": false }));
    }
}

#[tokio::test]
async fn section_5_the_answer_is_not_taken_for_an_access_token() {
    let desk = Desk::new().await;
    let token = for_the_api(&desk).await;
    let answer = desk.introspect(GUARD, &token, Some(MEDIA_TYPE)).await;
    assert_eq!(desk.told(GUARD, &answer.text.clone().into()).await, json!({ "active": false }));
    let api = crate::house::browser::with_token(&desk.house.app, "/api", &answer.text).await;
    assert_eq!(api.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn section_6_the_registration_chooses_the_algorithm_and_holds_for_every_answer() {
    let desk =
        Desk::with(|metadata| metadata.introspection_signed_response_alg = Some(Algorithm::ES256)).await;
    let token = for_the_api(&desk).await;
    for accept in [None, Some(MEDIA_TYPE), Some("application/json")] {
        let answer = desk.introspect(GUARD, &token, accept).await;
        assert_eq!(claims(&desk, &answer, Algorithm::ES256).await["token_introspection"]["active"], true);
    }
    let plain = desk.introspect(CLIENT, &token, None).await;
    assert_eq!(plain.header("content-type"), "application/json", "the other client registered nothing");
}

#[tokio::test]
async fn section_6_who_registered_encryption_gets_a_signed_answer_inside() {
    for (enc, used) in [
        (None, ContentEncryption::A128CbcHs256),
        (Some(ContentEncryption::A256Gcm), ContentEncryption::A256Gcm),
    ] {
        let key: DecryptionKey = bob();
        let desk = Desk::with(|metadata| {
            metadata.introspection_encrypted_response_alg = Some(KeyManagement::EcdhEs);
            metadata.introspection_encrypted_response_enc = enc;
            metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]));
        })
        .await;
        let token = for_the_api(&desk).await;
        let answer = desk.introspect(GUARD, &token, None).await;
        assert_eq!(answer.header("content-type"), MEDIA_TYPE);
        let signed = jwe::decrypt(&answer.text, &key, &[KeyManagement::EcdhEs], &[used]).unwrap();
        let signed = std::str::from_utf8(signed.expose()).unwrap();
        assert_eq!(verified(&desk, signed, Algorithm::RS256).await["token_introspection"]["active"], true);
    }
}

#[tokio::test]
async fn section_6_without_a_key_to_encrypt_to_nothing_is_told_in_clear() {
    let desk = Desk::with(|metadata| {
        metadata.introspection_encrypted_response_alg = Some(KeyManagement::EcdhEs);
    })
    .await;
    let token = for_the_api(&desk).await;
    let answer = desk.introspect(GUARD, &token, None).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::BAD_REQUEST, "invalid_client".into()));
    assert!(!answer.text.contains("active"), "{}", answer.text);
}

#[tokio::test]
async fn section_7_the_metadata_names_the_algorithms() {
    let desk = Desk::new().await;
    let metadata = desk.get("/.well-known/oauth-authorization-server").await.json();
    for (name, values) in [
        ("introspection_signing_alg_values_supported", json!(["ES256", "RS256"])),
        (
            "introspection_encryption_alg_values_supported",
            json!(["ECDH-ES", "ECDH-ES+A256KW", "RSA-OAEP-256"]),
        ),
        ("introspection_encryption_enc_values_supported", json!(["A128GCM", "A256GCM", "A128CBC-HS256"])),
    ] {
        assert_eq!(metadata[name], values, "{name}");
    }
}
