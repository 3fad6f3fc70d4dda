//! Step-up authentication challenge, [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470).

use http::StatusCode;

use crate::{
    desk::Desk,
    house::{
        CLIENT,
        browser::{Browser, token_request, with_token},
        steps::{AUTHORIZE, VERIFIER, encode, exchange, login_form, parameter, refresh, signed_in},
    },
};

/// An API of the house that asks for a sign-in of the last minute.
const FRESH: &str = "/api/fresh";

/// A code for an authorization request with `max_age`, once the person has done what they were asked to.
async fn code_of_a_fresh_sign_in(browser: &mut Browser) -> String {
    let answer = browser.get(&format!("{AUTHORIZE}&max_age=60")).await;
    assert!(answer.location.starts_with("/login"), "{}", answer.location);
    let back = parameter(&answer.location, "return_to");
    let form = format!("{}&return_to={}", login_form(), encode(&back));
    let mut answer = browser.post("/login", &form).await;
    while answer.location.starts_with('/') {
        let path = answer.location;
        answer = browser.get(&path).await;
        if answer.status == StatusCode::OK {
            answer = browser.post(&path, "decision=allow").await;
        }
    }
    parameter(&answer.location, "code")
}

#[tokio::test]
async fn section_3_an_api_says_how_fresh_the_sign_in_must_be() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    let token = tokens["access_token"].as_str().unwrap();
    desk.house.later(60);
    assert_eq!(with_token(&desk.house.app, FRESH, token).await.status, StatusCode::OK);
    desk.house.later(1);
    let refused = with_token(&desk.house.app, FRESH, token).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let challenge = refused.header("www-authenticate");
    assert!(challenge.contains(r#"error="insufficient_user_authentication""#), "{challenge}");
    assert!(challenge.contains(r#"max_age="60""#), "{challenge}");
    assert_eq!(
        with_token(&desk.house.app, "/api", token).await.status,
        StatusCode::OK,
        "elsewhere it is good"
    );
}

#[tokio::test]
async fn section_4_the_client_asks_with_max_age_and_the_person_signs_in_again() {
    let desk = Desk::new().await;
    let mut browser = signed_in(&desk.house).await;
    desk.house.later(61);
    let code = code_of_a_fresh_sign_in(&mut browser).await;
    let tokens = token_request(&desk.house.app, &exchange(&code, VERIFIER)).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(with_token(&desk.house.app, FRESH, token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn section_5_an_acr_that_the_host_cannot_reach_is_refused_and_not_waited_for() {
    let desk = Desk::new().await;
    let mut browser = signed_in(&desk.house).await;
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["urn:unreachable"]}}}"#;
    let answer = desk.allowed(&mut browser, &format!("&claims={}", encode(claims))).await;
    assert_eq!(
        parameter(&answer.location, "error"),
        "unmet_authentication_requirements",
        "{}",
        answer.location
    );
    let usual = desk.allowed(&mut browser, "&acr_values=urn:unreachable").await;
    assert!(!parameter(&usual.location, "code").is_empty(), "a wish is not a condition: {}", usual.location);
}

#[tokio::test]
async fn section_6_1_to_refresh_is_not_to_sign_in() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    desk.house.later(61);
    let next =
        token_request(&desk.house.app, &refresh(tokens["refresh_token"].as_str().unwrap())).await.json();
    let refused = with_token(&desk.house.app, FRESH, next["access_token"].as_str().unwrap()).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn section_6_2_introspection_says_when_and_how_strongly_somebody_signed_in() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    desk.house.later(30);
    let told = desk.told(CLIENT, &tokens["access_token"]).await;
    assert_eq!((&told["auth_time"], &told["acr"]), (&1_800_000_000.into(), &"1".into()));
}
