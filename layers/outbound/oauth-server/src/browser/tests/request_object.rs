//! Requests that the client signed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};
use towergate_jose::{Algorithm, JwkSet, SigningKey, generate};

use super::house::{CALLBACK, GOOD, House};

/// A house whose client has a key.
async fn house() -> (House, SigningKey) {
    let key =
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap();
    let house = House::new().await;
    house.register(|metadata| metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]))).await;
    (house, key)
}

fn sign(key: &SigningKey, said: &Value) -> String {
    key.sign_jwt("oauth-authz-req+jwt", said).unwrap()
}

#[tokio::test]
async fn rfc9101_5_what_the_client_signed_wins() {
    let (house, key) = house().await;
    let request = sign(&key, &json!({ "state": "signed", "redirect_uri": CALLBACK, "prompt": "none" }));
    let elsewhere = GOOD.replace("https%3A%2F%2Fshop.example%2Fcb", "https%3A%2F%2Fevil.example%2F");
    for beside in [GOOD, &elsewhere] {
        let answer = house.browser().get(&format!("{beside}&request={request}")).await;
        assert_eq!(answer.param("error").as_deref(), Some("login_required"));
        assert_eq!(answer.param("state").as_deref(), Some("signed"));
    }
}

#[tokio::test]
async fn rfc9101_6_2_an_unsigned_or_foreign_request_is_refused_at_the_known_address() {
    let (house, key) = house().await;
    let stranger =
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap();
    let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
    for bad in
        [none, sign(&stranger, &json!({})), String::from("a.b.c.d.e"), sign(&key, &json!({ "iss": "x" }))]
    {
        let answer = house.browser().get(&format!("{GOOD}&request={bad}")).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request_object"), "{bad}");
        assert_eq!(answer.param("state").as_deref(), Some("a b"));
    }
    let nowhere = "/oauth/authorize?client_id=shop&redirect_uri=https%3A%2F%2Fevil.example&request=e30";
    let answer = house.browser().get(nowhere).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.body.contains("invalid_request_object"), "{}", answer.body);
    assert!(house.facts().is_empty(), "{:?}", house.facts());
}

#[tokio::test]
async fn a_client_without_keys_signs_nothing() {
    let house = House::new().await;
    let (_, key) = self::house().await;
    let answer = house.browser().get(&format!("{GOOD}&request={}", sign(&key, &json!({})))).await;
    assert_eq!(answer.param("error").as_deref(), Some("invalid_request_object"));
}

#[tokio::test]
async fn rfc9101_10_5_of_a_client_that_must_sign_nothing_unsigned_counts() {
    let (house, key) = house().await;
    house
        .register(|metadata| {
            metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]));
            metadata.require_signed_request_object = true;
        })
        .await;
    let answer = house.browser().get(GOOD).await;
    assert_eq!(answer.param("error").as_deref(), Some("invalid_request"));
    let whole = json!({
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    });
    house.sign_in("alice");
    let mut browser = house.browser();
    let query = format!("/oauth/authorize?client_id=shop&state=x&request={}", sign(&key, &whole));
    let path = browser.get(&query).await.location().to_owned();
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    let answer = browser.post(&path, "decision=allow").await;
    assert!(answer.param("code").is_some());
    assert_eq!(answer.param("state"), None, "the client did not sign it");
    let twice = browser.post(&path, "decision=allow").await;
    assert!(!twice.body.contains(" -> "), "only the client can put it again: {}", twice.body);
}

#[tokio::test]
async fn what_is_too_long_to_be_repeated_by_get_is_refused() {
    let (house, key) = house().await;
    let pad = |signer: &SigningKey, said: Value| {
        let mut said = said;
        said["pad"] = Value::from("x".repeat(11_900));
        signer.sign_jwt("JWT", &said).unwrap()
    };
    let signer = house.server.keys().preferred().unwrap();
    let hint = pad(&signer, json!({ "iss": "https://id.example", "aud": "shop", "sub": "alice", "exp": 1 }));
    let long = format!(
        "{}&state={}&request={}&id_token_hint={hint}",
        GOOD.split_once('?').unwrap().1.replace("&state=a%20b", ""),
        "s".repeat(4000),
        pad(&key, json!({}))
    );
    let post = |form: &str| {
        let form = form.to_owned();
        let request = http::Request::post("/oauth/authorize")
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site");
        let house = &house;
        async move { house.browser().send(request, &form).await }
    };
    let short = post(GOOD.split_once('?').unwrap().1).await;
    assert!(short.location().starts_with("/oauth/authorize?"));
    let refused = post(&long).await;
    assert_eq!(refused.param("error").as_deref(), Some("invalid_request"));
    // The same from this very site needs no repetition.
    let near = house.browser().post("/oauth/authorize", &long).await;
    assert!(near.location().starts_with("/login?"), "{}", near.location());
}
