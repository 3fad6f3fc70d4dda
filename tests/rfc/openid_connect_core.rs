//! OpenID Connect Core 1.0, [by section](https://openid.net/specs/openid-connect-core-1_0.html).

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::ServiceExt;
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity::ports::memory::MemoryStore as People,
    jose::{
        Algorithm, Expected, JwkSet, KeyManagement, Typ, at_hash, c_hash, generate,
        jwe::{self, ContentEncryption, DecryptionKey},
        jws,
    },
    oauth::{
        ports::{ClientStore, memory::MemoryStore as Grants},
        rules::client::{AccessTokenFormat, ClientId, ClientMetadata, SubjectType},
    },
};

use crate::house::{
    App, CLIENT, House, ISSUER,
    browser::{token_request, with_token},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, refresh, signed_in, to_code_for},
};

/// The house, and what Alice's client was given after it had changed its registration.
struct Given {
    house: House,
    keys: JwkSet,
    answer: Value,
}

impl Given {
    async fn to(change: impl FnOnce(&mut ClientMetadata)) -> Self {
        Self::for_request(AUTHORIZE, change).await
    }

    async fn for_request(request: &str, change: impl FnOnce(&mut ClientMetadata)) -> Self {
        let grants = Grants::new();
        let house = House::on(People::new(), grants.clone()).await;
        let found = grants.find_client(&ClientId::parse(CLIENT).unwrap()).await.unwrap();
        let mut shop = Arc::unwrap_or_clone(found.unwrap());
        change(&mut shop.metadata);
        let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
        grants.put_client(shop, origin).await.unwrap();
        let mut browser = signed_in(&house).await;
        let code = to_code_for(&mut browser, request).await;
        let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let keys = JwkSet::parse(browser.get("/oauth/jwks").await.text.as_bytes()).unwrap();
        Self { house, keys, answer: answer.json() }
    }

    fn token(&self, name: &str) -> &str {
        self.answer[name].as_str().unwrap()
    }

    fn verified(&self, token: &str, algorithm: Algorithm) -> Value {
        let expected = Expected { algorithms: &[algorithm], typ: Typ::Exactly("JWT") };
        jws::verify(token, &self.keys, &expected).unwrap().claims().unwrap()
    }

    async fn userinfo(&self) -> (Response<()>, String) {
        let bearer = format!("Bearer {}", self.token("access_token"));
        let request = Request::get("/oauth/userinfo").header(header::AUTHORIZATION, bearer);
        send(&self.house.app, request, String::new()).await
    }
}

async fn send(app: &App, request: http::request::Builder, body: String) -> (Response<()>, String) {
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let text = body.collect().await.unwrap().to_bytes().to_vec();
    (Response::from_parts(parts, ()), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn section_2_the_id_token_says_who_for_whom_and_when() {
    let given = Given::to(|_| ()).await;
    let id = given.verified(given.token("id_token"), Algorithm::RS256);
    assert_eq!((&id["iss"], &id["aud"], &id["nonce"]), (&ISSUER.into(), &CLIENT.into(), &"no".into()));
    assert_eq!(id["sub"], given.house.alice.to_string());
    assert_eq!(id["amr"], json!(["pwd"]));
    let time = |name: &str| id[name].as_i64().unwrap();
    assert!(time("auth_time") <= time("iat") && time("iat") < time("exp"));
    assert!(id["sid"].is_string() && id.get("azp").is_none() && id.get("email").is_none(), "{id}");
}

#[tokio::test]
async fn section_3_1_3_6_at_hash_is_of_the_access_token_and_no_c_hash_is_due() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256] {
        let given = Given::to(|metadata| metadata.id_token_signed_response_alg = algorithm).await;
        let id = given.verified(given.token("id_token"), algorithm);
        assert_eq!(id["at_hash"], at_hash(algorithm, given.token("access_token")));
        assert!(id.get("c_hash").is_none());
    }
}

#[tokio::test]
async fn section_5_3_1_userinfo_answers_get_and_post_with_the_token_in_header_or_body() {
    let given = Given::to(|_| ()).await;
    let expected = json!({ "sub": given.house.alice.to_string(), "email": "alice@example.com" });
    let token = given.token("access_token");
    let bearer = format!("Bearer {token}");
    let form = "application/x-www-form-urlencoded";
    for (request, body) in [
        (Request::get("/oauth/userinfo").header(header::AUTHORIZATION, &bearer), String::new()),
        (Request::post("/oauth/userinfo").header(header::AUTHORIZATION, &bearer), String::new()),
        (
            Request::post("/oauth/userinfo").header(header::CONTENT_TYPE, form),
            format!("access_token={token}"),
        ),
    ] {
        let (response, text) = send(&given.house.app, request, body).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }
}

#[tokio::test]
async fn section_5_3_2_a_client_that_registered_so_gets_a_signed_jwt() {
    let given = Given::to(|metadata| metadata.userinfo_signed_response_alg = Some(Algorithm::ES256)).await;
    let (response, text) = given.userinfo().await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/jwt");
    let told = given.verified(&text, Algorithm::ES256);
    let sub = given.house.alice.to_string();
    let expected = json!({ "iss": ISSUER, "aud": CLIENT, "sub": sub, "email": "alice@example.com" });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn section_5_3_3_an_error_at_userinfo_is_one_of_rfc_6750() {
    let given = Given::to(|_| ()).await;
    let answer = with_token(&given.house.app, "/oauth/userinfo", "no-token-of-ours").await;
    assert_eq!((answer.status, &answer.json()["error"]), (StatusCode::UNAUTHORIZED, &"invalid_token".into()));
    let none = send(&given.house.app, Request::get("/oauth/userinfo"), String::new()).await.0;
    assert_eq!(none.status(), StatusCode::UNAUTHORIZED);
    assert!(none.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn section_5_4_a_scope_value_asks_for_its_claims_at_userinfo() {
    let request = AUTHORIZE.replace("openid%20email", "openid");
    let given = Given::for_request(&request, |_| ()).await;
    let told: Value = serde_json::from_str(&given.userinfo().await.1).unwrap();
    assert_eq!(told, json!({ "sub": given.house.alice.to_string() }));
}

#[tokio::test]
async fn section_5_5_a_claim_by_name_goes_where_it_is_asked_for() {
    let asks = async |claims: Value| {
        let request = AUTHORIZE.replace("openid%20email", "openid");
        let request = format!("{request}&claims={}", encode(&claims.to_string()));
        let given = Given::for_request(&request, |_| ()).await;
        let id = given.verified(given.token("id_token"), Algorithm::RS256);
        let told: Value = serde_json::from_str(&given.userinfo().await.1).unwrap();
        (id["email"].clone(), told["email"].clone())
    };
    let email = Value::from("alice@example.com");
    assert_eq!(asks(json!({ "id_token": { "email": null } })).await, (email.clone(), Value::Null));
    let essential = json!({ "userinfo": { "email": { "essential": true } }, "more": 1 });
    assert_eq!(asks(essential).await, (Value::Null, email.clone()));
    // 5.5.1: with one of the values that are named, or not at all.
    let values = json!({
        "id_token": { "email": { "values": ["bob@example.com", email] } },
        "userinfo": { "email": { "value": "bob@example.com" } },
    });
    assert_eq!(asks(values).await, (email, Value::Null));
}

#[tokio::test]
async fn section_5_5_what_the_client_is_not_registered_for_it_does_not_get_by_name() {
    let claims = encode(&json!({ "id_token": { "email": null, "sub": null, "iss": null } }).to_string());
    let request = format!("{}&claims={claims}", AUTHORIZE.replace("openid%20email", "openid"));
    let given = Given::for_request(&request, |metadata| metadata.scope = "openid".parse().unwrap()).await;
    let id = given.verified(given.token("id_token"), Algorithm::RS256);
    assert_eq!((id.get("email"), &id["iss"]), (None, &ISSUER.into()));
}

#[tokio::test]
async fn section_8_1_a_pairwise_sub_is_the_same_everywhere_and_not_the_accounts() {
    let given = Given::to(|metadata| {
        metadata.subject_type = SubjectType::Pairwise;
        metadata.access_token_format = AccessTokenFormat::Opaque;
    })
    .await;
    let id = given.verified(given.token("id_token"), Algorithm::RS256);
    assert_ne!(id["sub"], given.house.alice.to_string());
    let told: Value = serde_json::from_str(&given.userinfo().await.1).unwrap();
    assert_eq!(told["sub"], id["sub"]);
}

#[tokio::test]
async fn section_10_2_what_is_encrypted_was_signed_first() {
    let key = DecryptionKey::from_pkcs8(generate(Algorithm::ES256).unwrap().expose()).unwrap();
    let jwks = JwkSet::new(vec![key.public_jwk().clone()]);
    let given = Given::to(|metadata| {
        metadata.jwks = Some(jwks);
        metadata.id_token_encrypted_response_alg = Some(KeyManagement::EcdhEs);
        metadata.userinfo_encrypted_response_alg = Some(KeyManagement::EcdhEsA256Kw);
        metadata.userinfo_encrypted_response_enc = Some(ContentEncryption::A128Gcm);
    })
    .await;
    // OpenID Connect Registration section 2: A128CBC-HS256 when no `enc` was registered.
    let (alg, enc) = (KeyManagement::EcdhEs, ContentEncryption::A128CbcHs256);
    let signed = jwe::decrypt(given.token("id_token"), &key, &[alg], &[enc]).unwrap();
    let signed = std::str::from_utf8(signed.expose()).unwrap();
    assert_eq!(given.verified(signed, Algorithm::RS256)["aud"], CLIENT);
    let (alg, enc) = (KeyManagement::EcdhEsA256Kw, ContentEncryption::A128Gcm);
    let told = jwe::decrypt(&given.userinfo().await.1, &key, &[alg], &[enc]).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(told.expose()).unwrap()["email"], "alice@example.com");
}

#[tokio::test]
async fn section_12_2_a_refreshed_id_token_keeps_auth_time_and_has_no_nonce() {
    let given = Given::to(|_| ()).await;
    let first = given.verified(given.token("id_token"), Algorithm::RS256);
    given.house.later(300);
    let answer = token_request(&given.house.app, &refresh(given.token("refresh_token"))).await.json();
    let id = given.verified(answer["id_token"].as_str().unwrap(), Algorithm::RS256);
    for same in ["iss", "sub", "aud", "auth_time", "sid", "amr"] {
        assert_eq!(id[same], first[same], "{same}");
    }
    assert_eq!(id["iat"].as_i64(), first["iat"].as_i64().map(|iat| iat + 300));
    assert!(id.get("nonce").is_none());
    assert_eq!(id["at_hash"], at_hash(Algorithm::RS256, answer["access_token"].as_str().unwrap()));
}

#[test]
fn a_3_at_hash_and_a_4_c_hash() {
    assert_eq!(
        at_hash(Algorithm::RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
        "77QmUPtjPfzWtF2AnpK9RQ"
    );
    assert_eq!(
        c_hash(Algorithm::RS256, "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
        "LDktKdoQak3Pk0cnXxCltA"
    );
}
