//! A sign-in that is too weak or too old, and the way to the metadata.

use super::*;
use crate::{JsonRejection, ResourceMetadata};

type Guard = ResourceLayer<SharedKeys, crate::NoStore, JsonRejection>;

async fn ask(guard: Guard, token: Option<&str>) -> Response<Full<Bytes>> {
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
    let mut request = Request::new(());
    if let Some(token) = token {
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    }
    guard.layer(inner).oneshot(request).await.unwrap()
}

fn guard() -> Guard {
    ResourceLayer::new(verifier()).require_audience(API)
}

fn challenge(response: &Response<Full<Bytes>>) -> &str {
    response.headers()[WWW_AUTHENTICATE].to_str().unwrap()
}

#[tokio::test]
async fn rfc9470_3_a_weak_sign_in_is_told_which_would_do() {
    let strict = || guard().require_acr(["urn:three", "urn:four"]);
    let refused = ask(strict(), Some(&signed(&claims()))).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refusal(&refused), Refusal::InsufficientUserAuthentication);
    let text = challenge(&refused);
    assert!(text.contains(r#"error="insufficient_user_authentication""#), "{text}");
    assert!(text.ends_with(r#", acr_values="urn:three urn:four""#), "{text}");
    let missing = ask(strict(), Some(&with("acr", Value::Null))).await;
    assert_eq!(refusal(&missing), Refusal::InsufficientUserAuthentication);
    assert_eq!(ask(strict(), Some(&with("acr", json!("urn:four")))).await.status(), StatusCode::OK);
    assert_eq!(ask(guard(), Some(&with("acr", Value::Null))).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn rfc9470_3_an_old_sign_in_is_told_how_fresh_it_must_be() {
    let fresh = || guard().require_max_age(Duration::from_secs(60));
    assert_eq!(ask(fresh(), Some(&signed(&claims()))).await.status(), StatusCode::OK);
    for old in [json!(NOW.unix_seconds() - 61), Value::Null] {
        let refused = ask(fresh(), Some(&with("auth_time", old))).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(challenge(&refused).ends_with(r#", max_age="60""#), "{}", challenge(&refused));
    }
}

#[tokio::test]
async fn a_missing_scope_is_said_before_a_weak_sign_in() {
    let strict = guard().require_acr(["urn:three"]).require_scope(scope("admin"));
    assert_eq!(refusal(&ask(strict, Some(&signed(&claims()))).await), Refusal::InsufficientScope);
}

#[tokio::test]
async fn rfc9728_5_1_every_challenge_names_the_metadata() {
    let metadata = ResourceMetadata::new(API, ISSUER).unwrap();
    let described = || ResourceLayer::new(verifier()).described_by(&metadata);
    let named = r#", resource_metadata="https://api.example/.well-known/oauth-protected-resource""#;
    for token in [None, Some("torn")] {
        let refused = ask(described(), token).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert!(challenge(&refused).ends_with(named), "{}", challenge(&refused));
    }
    assert_eq!(ask(described(), Some(&signed(&claims()))).await.status(), StatusCode::OK);
    let elsewhere = with("aud", json!("https://other.example"));
    assert_eq!(ask(described(), Some(&elsewhere)).await.status(), StatusCode::UNAUTHORIZED);
}
