//! A reference where something else is expected, and something else where a reference is; and what a stranger makes of one.

use std::time::Duration;

use http::StatusCode;
use towergate::{
    core::Clock, identity::ports::memory::MemoryStore as People, oauth::ports::memory::MemoryStore as Grants,
};

use crate::house::{
    CALLBACK, CLIENT, CLIENT_SECRET, House,
    browser::{Browser, client_request, with_token},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, login_form, parameter, refresh, signed_in, to_code},
};

const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// A house, and the reference of what the shop pushed there.
async fn pushed(more: &[(&str, &str)]) -> (House, String) {
    let house = House::on(People::new(), Grants::new()).await;
    let query = AUTHORIZE.split_once('?').unwrap().1;
    let mut form: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    form.push(("client_secret".into(), CLIENT_SECRET.into()));
    let mut form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    form.extend(more);
    let answer = client_request(&house.app, "/oauth/par", &form).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let reference = answer.json()["request_uri"].as_str().unwrap().to_owned();
    (house, reference)
}

fn at(reference: &str) -> String {
    format!("/oauth/authorize?client_id={CLIENT}&request_uri={}", encode(reference))
}

#[tokio::test]
async fn a_reference_is_no_code_no_token_and_no_question() {
    let (house, reference) = pushed(&[]).await;
    let token = reference.strip_prefix(URN).unwrap();
    for text in [token, &reference] {
        for form in [exchange(&encode(text), VERIFIER), refresh(&encode(text))] {
            let form = format!("{form}&client_id={CLIENT}&client_secret={CLIENT_SECRET}");
            let refused = Browser::new(house.app.clone()).post("/oauth/token", &form).await;
            assert_eq!(refused.code(), "invalid_grant", "{}", refused.text);
        }
        let form = [("client_id", CLIENT), ("client_secret", CLIENT_SECRET), ("token", text)];
        assert_eq!(client_request(&house.app, "/oauth/introspect", &form).await.json()["active"], false);
        assert_eq!(client_request(&house.app, "/oauth/revoke", &form).await.status, StatusCode::OK);
    }
    for path in ["/oauth/userinfo", "/api"] {
        assert_eq!(with_token(&house.app, path, token).await.status, StatusCode::UNAUTHORIZED);
    }
    let mut browser = signed_in(&house).await;
    assert_eq!(browser.get(&format!("/interaction/{}", encode(token))).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(browser.get(&at(&reference)).await.status, StatusCode::SEE_OTHER, "none of it spent it");
}

#[tokio::test]
async fn no_other_token_is_a_reference() {
    let (house, reference) = pushed(&[]).await;
    let mut browser = signed_in(&house).await;
    let code = to_code(&mut browser).await;
    let session = browser.cookies["__Host-tgs"].clone();
    let behind = |token: &str| token.split_once('_').unwrap().1.to_owned();
    for other in [
        code.clone(),
        session.clone(),
        format!("tgpar_{}", behind(&code)),
        format!("tgpar_{}", behind(&session)),
    ] {
        let refused = browser.get(&at(&format!("{URN}{other}"))).await;
        assert!(refused.text.contains("invalid_request_uri"), "{}", refused.text);
    }
    let swapped = reference.replace("request_uri:", "request_uri: ");
    for torn in [swapped, reference.to_uppercase(), format!("{reference}#x"), format!(" {reference}")] {
        let told = browser.get(&at(&torn)).await;
        assert!(told.location.is_empty() || told.location.contains("error="), "{torn}: {}", told.location);
    }
}

#[tokio::test]
async fn a_sign_in_that_is_broken_off_and_taken_up_again_loses_nothing_of_what_was_pushed() {
    let claims = r#"{"id_token":{"email":{"essential":true}}}"#;
    let more = [
        ("prompt", "login consent"),
        ("max_age", "300"),
        ("claims", claims),
        ("login_hint", "alice@example.com"),
    ];
    let (house, reference) = pushed(&more).await;
    let mut browser = Browser::new(house.app.clone());
    let login = browser.get(&at(&reference)).await.location;
    assert_eq!(parameter(&login, "login_hint"), "alice@example.com");
    assert_eq!(parameter(&login, "max_age"), "300");
    browser.get(&login).await;
    // They wander off, and come back by the same address before they sign in.
    house.later(50);
    let login = browser.get(&at(&reference)).await.location;
    house.later(600);
    let return_to = parameter(&login, "return_to");
    browser.post("/login", &format!("{}&return_to={}", login_form(), encode(&return_to))).await;
    assert!(browser.get(&return_to).await.text.contains("consent-allow"));
    let back = browser.post(&return_to, "decision=allow").await.location;
    let form = exchange(&parameter(&back, "code"), VERIFIER);
    let form = format!("{form}&client_id={CLIENT}&client_secret={CLIENT_SECRET}");
    let tokens = browser.post("/oauth/token", &form).await.json();
    let payload = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let claims = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, payload).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((claims["email"].as_str(), claims["nonce"].as_str()), (Some("alice@example.com"), Some("no")));
}

#[tokio::test]
async fn a_clock_that_jumps_gives_no_second_answer() {
    let (house, reference) = pushed(&[]).await;
    let mut browser = signed_in(&house).await;
    let start = house.clock.now();
    house.clock.advance(Duration::from_secs(3600));
    assert!(browser.get(&at(&reference)).await.text.contains("invalid_request_uri"));
    house.clock.set(start);
    let mut browser = signed_in(&house).await;
    let question = browser.get(&at(&reference)).await.location;
    browser.get(&question).await;
    assert!(browser.post(&question, "decision=allow").await.location.starts_with(CALLBACK));
    house.clock.set(start.minus(Duration::from_secs(3600)));
    assert!(browser.get(&at(&reference)).await.text.contains("invalid_request_uri"));
}
