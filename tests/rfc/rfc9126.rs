//! Pushed authorization requests, [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126).

use http::{Method, StatusCode};

use crate::{
    desk::Desk,
    house::{
        CLIENT, CLIENT_SECRET, House, RIVAL, RIVAL_SECRET,
        browser::{Answer, client_request},
        steps::{AUTHORIZE, VERIFIER, encode, exchange, parameter, signed_in, to_code_for},
    },
};

const PATH: &str = "/oauth/par";
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// What the shop pushes, with some parameters more.
async fn push(house: &House, more: &[(&str, &str)]) -> Answer {
    let query = AUTHORIZE.split_once('?').unwrap().1;
    let asked: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut form: Vec<(&str, &str)> =
        asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.push(("client_secret", CLIENT_SECRET));
    form.extend(more);
    client_request(&house.app, PATH, &form).await
}

/// Where a browser goes with what was pushed.
async fn pushed(house: &House, more: &[(&str, &str)]) -> String {
    let answer = push(house, more).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let reference = answer.json()["request_uri"].as_str().unwrap().to_owned();
    format!("/oauth/authorize?client_id={CLIENT}&request_uri={}", encode(&reference))
}

#[tokio::test]
async fn section_2_2_the_answer_is_a_reference_for_a_short_time() {
    let desk = Desk::new().await;
    let answer = push(&desk.house, &[]).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::CREATED, "no-store"));
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    assert_eq!(body["expires_in"], 60);
    let reference = body["request_uri"].as_str().unwrap();
    assert!(reference.strip_prefix(URN).unwrap().len() > 64, "{reference}");
    assert_ne!(push(&desk.house, &[]).await.json()["request_uri"], reference);
}

#[tokio::test]
async fn section_2_1_the_client_proves_itself_and_pushes_no_reference() {
    let desk = Desk::new().await;
    let of = |id, secret| [("client_id", id), ("client_secret", secret)];
    for (form, status, code) in [
        (of(CLIENT, "wrong"), 401, "invalid_client"),
        (of("nobody", CLIENT_SECRET), 401, "invalid_client"),
        (of(CLIENT, CLIENT_SECRET), 400, "invalid_request"),
        (of(RIVAL, RIVAL_SECRET), 400, "invalid_request"),
    ] {
        let refused = client_request(&desk.house.app, PATH, &form).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (status, code), "{form:?}");
    }
    for reference in ["https://shop.example/request", &format!("{URN}x")] {
        let refused = push(&desk.house, &[("request_uri", reference)]).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "invalid_request"));
    }
}

#[tokio::test]
async fn section_2_3_another_method_and_a_body_too_large_are_told_so() {
    let desk = Desk::new().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let refused = desk.ask(method, PATH).await;
        assert_eq!((refused.status, refused.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    }
    let huge = "x".repeat(64 * 1024);
    let refused = push(&desk.house, &[("login_hint", &huge)]).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"));
}

#[tokio::test]
async fn section_4_the_browser_names_the_reference_and_the_client_gets_its_code() {
    let desk = Desk::new().await;
    let mut browser = signed_in(&desk.house).await;
    let path = pushed(&desk.house, &[]).await;
    let code = to_code_for(&mut browser, &path).await;
    let form = format!("{}&client_id={CLIENT}&client_secret={CLIENT_SECRET}", exchange(&code, VERIFIER));
    let tokens = browser.post("/oauth/token", &form).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    // Section 2.2, section 7.3: it is good for one answer.
    let again = browser.get(&path).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.text.contains("invalid_request_uri"), "{}", again.text);
}

#[tokio::test]
async fn section_4_nothing_beside_the_reference_counts() {
    let desk = Desk::new().await;
    let mut browser = signed_in(&desk.house).await;
    let path = pushed(&desk.house, &[]).await;
    let beside = format!("{path}&prompt=none&state=other&redirect_uri=https%3A%2F%2Fevil.example%2F");
    let question = browser.get(&beside).await.location;
    browser.get(&question).await;
    let denied = browser.post(&question, "decision=deny").await.location;
    assert_eq!(
        (parameter(&denied, "error"), parameter(&denied, "state")),
        ("access_denied".into(), "st".into())
    );
}

#[tokio::test]
async fn section_7_1_a_reference_is_its_clients_and_expires() {
    let desk = Desk::new().await;
    let mut browser = signed_in(&desk.house).await;
    let path = pushed(&desk.house, &[]).await;
    let foreign = path.replace(&format!("client_id={CLIENT}"), &format!("client_id={RIVAL}"));
    let refused = browser.get(&foreign).await;
    assert!(refused.status == 400 && refused.text.contains("invalid_request_uri"), "{}", refused.text);
    desk.house.later(59);
    assert_eq!(browser.get(&path).await.status, StatusCode::SEE_OTHER);
    desk.house.later(1);
    let refused = browser.get(&path).await;
    assert!(refused.status == 400 && refused.text.contains("invalid_request_uri"), "{}", refused.text);
}
