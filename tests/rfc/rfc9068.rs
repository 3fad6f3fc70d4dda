//! JWT profile for access tokens, [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068).

use http::StatusCode;
use serde_json::Value;
use towergate::{
    identity::ports::memory::MemoryStore as People,
    jose::{Algorithm, Expected, JwkSet, JwsError, Typ, jws},
    oauth::ports::memory::MemoryStore as Grants,
    oauth_types::Scope,
};

use crate::house::{
    CLIENT, House, ISSUER,
    browser::{token_request, with_token},
    steps::{VERIFIER, exchange, signed_in, to_code},
};

/// Alice's access token and the keys that the issuer publishes.
async fn access_token() -> (String, JwkSet, House) {
    let house = House::on(People::new(), Grants::new()).await;
    let mut browser = signed_in(&house).await;
    let code = to_code(&mut browser).await;
    let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let keys = browser.get("/oauth/jwks").await;
    (token, JwkSet::parse(keys.text.as_bytes()).unwrap(), house)
}

#[tokio::test]
async fn section_2_1_the_header_says_at_jwt_and_an_algorithm() {
    let (token, keys, _) = access_token().await;
    let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::Exactly("at+jwt") };
    let verified = jws::verify(&token, &keys, &expected).unwrap();
    assert!(verified.header().kid.is_some());
    let id_token = Expected { typ: Typ::AbsentOr(&["JWT"]), ..expected };
    assert_eq!(jws::verify(&token, &keys, &id_token).unwrap_err(), JwsError::Typ, "no ID token");
}

#[tokio::test]
async fn section_2_2_the_claims_that_must_be_there() {
    let (token, keys, house) = access_token().await;
    let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::Exactly("at+jwt") };
    let claims: Value = jws::verify(&token, &keys, &expected).unwrap().claims().unwrap();
    assert_eq!((&claims["iss"], &claims["client_id"]), (&ISSUER.into(), &CLIENT.into()));
    assert_eq!(claims["sub"], house.alice.to_string());
    let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert!(iat < exp && exp - iat <= 3600, "{iat} {exp}");
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 16));
    let audience =
        |aud: &Value| aud == ISSUER || aud.as_array().is_some_and(|aud| aud.contains(&ISSUER.into()));
    assert!(audience(&claims["aud"]), "{}", claims["aud"]);
    // 2.2.1: when Alice signed in; 2.2.3: what was allowed.
    assert!(claims["auth_time"].as_i64().is_some_and(|time| time <= iat));
    let scope = Scope::parse(claims["scope"].as_str().unwrap());
    assert_eq!(scope, Scope::parse("openid email"));
}

#[tokio::test]
async fn section_4_a_token_of_another_kind_opens_nothing() {
    let (token, _, house) = access_token().await;
    let status = async |token: &str| with_token(&house.app, "/api", token).await.status;
    assert_eq!(status(&token).await, StatusCode::OK);
    let code = to_code(&mut signed_in(&house).await).await;
    let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
    assert_eq!(status(answer["id_token"].as_str().unwrap()).await, StatusCode::UNAUTHORIZED);
    house.later(3600);
    assert_eq!(status(&token).await, StatusCode::UNAUTHORIZED, "expired");
}

#[tokio::test]
async fn section_2_2_1_the_sign_in_is_told_and_5_no_claim_of_the_hosts() {
    let (token, keys, _) = access_token().await;
    let expected = Expected { algorithms: &Algorithm::ALL, typ: Typ::Exactly("at+jwt") };
    let claims: Value = jws::verify(&token, &keys, &expected).unwrap().claims().unwrap();
    assert_eq!(claims["amr"], serde_json::json!(["pwd"]));
    let known =
        ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "auth_time", "acr", "amr", "sid"];
    for name in claims.as_object().unwrap().keys() {
        assert!(known.contains(&name.as_str()), "{name}");
    }
}
