use std::{convert::Infallible, sync::LazyLock, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};
use towergate_core::{Timestamp, clock::ManualClock};
use towergate_jose::{Algorithm, JwkSet, JwsError, SigningKey, generate, jwt::JwtError};
use towergate_oauth_types::Scope;

use crate::{AccessTokenInfo, Refusal, ResourceLayer, SharedKeys, TokenProblem};

use super::*;

mod step_up;
mod stored;

const ISSUER: &str = "https://id.example";
const API: &str = "https://api.example";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_000_000);

static KEY: LazyLock<SigningKey> = LazyLock::new(fresh_key);

fn fresh_key() -> SigningKey {
    SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap()
}

fn verifier() -> Verifier<SharedKeys> {
    let keys = SharedKeys::new(JwkSet::new(vec![KEY.public_jwk().clone()]));
    Verifier::new(ISSUER, keys).clock(Arc::new(ManualClock::at(NOW)))
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": API, "sub": "alice", "client_id": "app", "scope": "read write",
        "iat": NOW.unix_seconds() - 1, "exp": NOW.unix_seconds() + 599, "sid": "s1", "acr": "urn:two", "amr": ["pwd"],
        "auth_time": NOW.unix_seconds() - 60, "jti": "018c2f65-0000-7000-8000-000000000000",
    })
}

fn with(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    signed(&claims)
}

fn signed(claims: &Value) -> String {
    KEY.sign_jwt("at+jwt", claims).unwrap()
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

/// Sends the token through the layer and answers the response; the inner service answers what it was told.
async fn send<L: TokenLookup>(verifier: Verifier<SharedKeys, L>, values: &[&str]) -> Response<Full<Bytes>> {
    let inner = service_fn(async |request: Request<()>| {
        let mut response = Response::new(Full::<Bytes>::from("inside"));
        let info = request.extensions().get::<AccessTokenInfo>().expect("the token's facts");
        response.extensions_mut().insert(info.clone());
        Ok::<_, Infallible>(response)
    });
    let layer = ResourceLayer::new(verifier).require_audience(API).require_scope(scope("read"));
    let mut request = Request::new(());
    for value in values {
        request.headers_mut().append(AUTHORIZATION, value.parse().unwrap());
    }
    layer.layer(inner).oneshot(request).await.unwrap()
}

async fn bear<L: TokenLookup>(verifier: Verifier<SharedKeys, L>, token: &str) -> Response<Full<Bytes>> {
    send(verifier, &[&format!("Bearer {token}")]).await
}

fn refusal(response: &Response<Full<Bytes>>) -> Refusal {
    *response.extensions().get().expect("a refusal")
}

fn challenge(headers: &HeaderMap) -> &str {
    headers[WWW_AUTHENTICATE].to_str().unwrap()
}

#[tokio::test]
async fn a_good_jwt_passes_offline_and_its_facts_reach_the_handler() {
    let response = bear(verifier(), &signed(&claims())).await;
    assert_eq!(response.status(), StatusCode::OK);
    let info = response.extensions().get::<AccessTokenInfo>().unwrap();
    assert_eq!(info.client.as_str(), "app");
    assert_eq!(info.subject.as_ref().unwrap().as_str(), "alice");
    assert_eq!((&info.scope, &info.audience), (&scope("read write"), &vec![API.to_owned()]));
    assert_eq!((info.sid.as_deref(), info.acr.as_deref()), (Some("s1"), Some("urn:two")));
    assert_eq!(info.expires_at, NOW.plus(Duration::from_secs(599)));
}

#[tokio::test]
async fn rfc9068_5_a_client_that_acts_for_itself_is_no_person() {
    let response = bear(verifier(), &with("sub", json!("app"))).await;
    assert_eq!(response.extensions().get::<AccessTokenInfo>().unwrap().subject, None);
}

#[tokio::test]
async fn rfc6750_3_1_without_credentials_there_is_no_error_code() {
    for values in [&[][..], &["Basic YTpi"]] {
        let response = send(verifier(), values).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(response.headers()), r#"Bearer realm="https://api.example""#);
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
}

#[tokio::test]
async fn rfc6750_3_1_a_torn_or_second_header_is_an_invalid_request() {
    for values in [&["Bearer"][..], &["Bearer a b"], &["Bearer a", "Bearer a"]] {
        let response = send(verifier(), values).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(challenge(response.headers()).contains(r#"error="invalid_request""#));
    }
}

#[tokio::test]
async fn rfc6750_2_3_a_token_in_the_query_is_not_seen() {
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
    let uri = format!("/?access_token={}", signed(&claims()));
    let request = Request::builder().uri(uri).body(()).unwrap();
    let layer = ResourceLayer::new(verifier()).require_audience(API);
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    assert_eq!(refusal(&response), Refusal::NoCredentials);
}

#[tokio::test]
async fn rfc6750_3_1_an_invalid_token_gets_401_and_no_details() {
    let response = bear(verifier(), "not.a.jwt").await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(
        challenge(response.headers())
            .starts_with(r#"Bearer realm="https://api.example", error="invalid_token""#)
    );
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["error"], "invalid_token");
}

#[tokio::test]
async fn rfc9068_4_each_check_refuses_on_its_own() {
    let problem = |token: String| async move {
        let response = bear(verifier(), &token).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        match refusal(&response) {
            Refusal::InvalidToken(problem) => problem,
            other => panic!("{other}"),
        }
    };
    let judged = TokenProblem::Judged;
    let seconds = NOW.unix_seconds();
    assert_eq!(problem(with("iss", json!("https://evil.example"))).await, judged(JwtError::Issuer));
    assert_eq!(problem(with("aud", json!("https://other.example"))).await, judged(JwtError::Audience));
    assert_eq!(problem(with("aud", json!([]))).await, judged(JwtError::Audience));
    assert_eq!(problem(with("exp", json!(seconds))).await, judged(JwtError::Expired));
    assert_eq!(problem(with("iat", json!(seconds + 1))).await, judged(JwtError::IssuedInTheFuture));
    assert_eq!(problem(with("nbf", json!(seconds + 1))).await, judged(JwtError::NotYet));
    for required in ["iss", "aud", "exp", "iat", "jti", "sub", "client_id"] {
        assert_eq!(problem(with(required, Value::Null)).await, TokenProblem::Claims, "{required}");
    }
    assert_eq!(problem(with("jti", json!("1"))).await, TokenProblem::Claims);
    assert_eq!(problem(with("sub", json!("alice@example.org"))).await, TokenProblem::Claims);
    let id_token = KEY.sign_jwt("JWT", &claims()).unwrap();
    assert_eq!(problem(id_token).await, TokenProblem::Signature(JwsError::Typ));
    let strange = fresh_key().sign_jwt("at+jwt", &claims()).unwrap();
    assert_eq!(problem(strange).await, TokenProblem::Signature(JwsError::UnknownKey));
}

#[tokio::test]
async fn one_of_several_audiences_is_enough() {
    let response = bear(verifier(), &with("aud", json!(["https://other.example", API]))).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_audience_is_the_issuer_unless_told_otherwise() {
    let pass = async |token: String| {
        let inner =
            service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
        let request = Request::builder().header(AUTHORIZATION, format!("Bearer {token}")).body(()).unwrap();
        ResourceLayer::new(verifier()).layer(inner).oneshot(request).await.unwrap().status()
    };
    assert_eq!(pass(with("aud", json!(ISSUER))).await, StatusCode::OK);
    assert_eq!(pass(signed(&claims())).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn rfc6750_3_1_too_little_scope_is_403_and_says_what_is_needed() {
    for narrow in [json!("write"), json!("")] {
        let response = bear(verifier(), &with("scope", narrow)).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert_eq!(
            challenge(response.headers()),
            r#"Bearer realm="https://api.example", error="insufficient_scope", error_description="the access token does not allow this", scope="read""#
        );
    }
}

#[tokio::test]
async fn a_refused_algorithm_and_a_replaced_key_shut_the_door() {
    let only_ed = verifier().algorithms(&[Algorithm::EdDSA]);
    assert!(matches!(refusal(&bear(only_ed, &signed(&claims())).await), Refusal::InvalidToken(_)));
    let keys = SharedKeys::new(JwkSet::new(vec![KEY.public_jwk().clone()]));
    let verifier = Verifier::new(ISSUER, keys.clone()).clock(Arc::new(ManualClock::at(NOW)));
    assert_eq!(bear(verifier.clone(), &signed(&claims())).await.status(), StatusCode::OK);
    keys.replace(JwkSet::default());
    assert_eq!(bear(verifier, &signed(&claims())).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_was_verified_before_is_judged_anew() {
    let clock = Arc::new(ManualClock::at(NOW));
    let verifier = verifier().clock(clock.clone());
    let (token, bearer) = (signed(&claims()), format!("Bearer {}", signed(&claims())));
    let passes = async |verifier, bearer: &str| send(verifier, &[bearer]).await.status() == StatusCode::OK;
    for _ in 0..3 {
        assert!(passes(verifier.clone(), &bearer).await);
    }
    assert!(format!("{verifier:?}").contains("tokens: 1"), "{verifier:?}");

    // Another signature under the same claims, and the same one cut short or with an end of its own.
    let cut = bearer.len() - 1;
    for other in [
        bearer.split_at(cut).0.to_owned(),
        format!("{bearer}A"),
        format!("{}{}", bearer.split_at(cut).0, "_"),
    ] {
        assert!(!passes(verifier.clone(), &other).await, "{other}");
    }
    assert!(passes(verifier.clone(), &format!("Bearer {token}")).await);

    // A clone that accepts less, another audience, more scope, a stronger sign-in.
    assert!(!passes(verifier.clone().algorithms(&[Algorithm::EdDSA]), &bearer).await);
    let at = async |layer: ResourceLayer<SharedKeys>| {
        let inner =
            service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
        let request = Request::builder().header(AUTHORIZATION, &bearer).body(()).unwrap();
        layer.layer(inner).oneshot(request).await.unwrap().status()
    };
    let layer = || ResourceLayer::new(verifier.clone()).require_audience(API);
    assert_eq!(at(layer()).await, StatusCode::OK);
    assert_eq!(at(ResourceLayer::new(verifier.clone())).await, StatusCode::UNAUTHORIZED);
    assert_eq!(at(layer().require_scope(scope("admin"))).await, StatusCode::FORBIDDEN);
    assert_eq!(at(layer().require_max_age(Duration::from_secs(59))).await, StatusCode::UNAUTHORIZED);

    clock.advance(Duration::from_secs(598));
    assert!(passes(verifier.clone(), &bearer).await);
    clock.advance(Duration::from_secs(1));
    assert!(!passes(verifier, &bearer).await);
}

#[tokio::test]
async fn a_host_may_word_the_refusal_but_not_its_status() {
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
    let layer = ResourceLayer::new(verifier()).rejecting(|_: &Refusal| Response::new(String::from("no")));
    let response = layer.layer(inner).oneshot(Request::new(())).await.unwrap();
    assert_eq!((response.status(), response.body().as_str()), (StatusCode::UNAUTHORIZED, "no"));
    assert!(response.headers().contains_key(WWW_AUTHENTICATE));
}

#[tokio::test]
async fn a_clock_that_differs_is_forgiven_only_when_asked() {
    let late = with("iat", json!(NOW.unix_seconds() + 5));
    assert_eq!(bear(verifier(), &late).await.status(), StatusCode::UNAUTHORIZED);
    let forgiving = || verifier().tolerance(Duration::from_secs(5));
    assert_eq!(bear(forgiving(), &late).await.status(), StatusCode::OK);
    let over = with("exp", json!(NOW.unix_seconds() - 5));
    assert_eq!(bear(forgiving(), &over).await.status(), StatusCode::UNAUTHORIZED);
}
