//! Token introspection, [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662).

use http::{Method, StatusCode};
use serde_json::json;

use crate::{
    desk::{Desk, GUARD},
    house::{
        CLIENT, CLIENT_SECRET, FILES, ISSUER, MAIL, RIVAL, RIVAL_SECRET, browser::client_request,
        steps::encode,
    },
};

const PATH: &str = "/oauth/introspect";

fn resource(name: &str) -> String {
    format!("&resource={}", encode(name))
}

#[tokio::test]
async fn section_2_it_is_a_post_and_the_token_is_never_in_the_address() {
    let desk = Desk::new().await;
    let refused = desk.ask(Method::GET, PATH).await;
    assert_eq!((refused.status, refused.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    let form = [("client_id", CLIENT), ("client_secret", CLIENT_SECRET), ("token", "x")];
    let refused = client_request(&desk.house.app, "/oauth/introspect?token=x", &form).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "invalid_request".into()));
}

#[tokio::test]
async fn section_2_1_a_hint_that_is_wrong_harms_nothing() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    for hint in ["access_token", "refresh_token", "something_else"] {
        for name in ["access_token", "refresh_token"] {
            let form = [
                ("client_id", CLIENT),
                ("client_secret", CLIENT_SECRET),
                ("token", tokens[name].as_str().unwrap()),
                ("token_type_hint", hint),
            ];
            let told = client_request(&desk.house.app, PATH, &form).await.json();
            assert_eq!(told["active"], true, "{name} as {hint}");
        }
    }
}

#[tokio::test]
async fn section_2_1_who_does_not_prove_itself_is_told_nothing() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    let token = ("token", tokens["access_token"].as_str().unwrap());
    desk.register("public", "", |metadata| {
        metadata.token_endpoint_auth_method = towergate::oauth::rules::client::ClientAuthMethod::None;
    })
    .await;
    for form in [
        &[token][..],
        &[token, ("client_id", CLIENT)],
        &[token, ("client_id", CLIENT), ("client_secret", "wrong")],
        &[token, ("client_id", "public")],
    ] {
        let refused = client_request(&desk.house.app, PATH, form).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::UNAUTHORIZED, "invalid_client".into()));
    }
}

#[tokio::test]
async fn section_2_2_a_client_hears_all_of_its_own_tokens() {
    let desk = Desk::new().await;
    let now = 1_800_000_000;
    let tokens = desk.tokens("").await;
    for (name, token_type, aud, life) in [
        ("access_token", json!("Bearer"), json!(ISSUER), 600),
        ("refresh_token", json!(null), json!(null), 30 * 24 * 3600),
    ] {
        let told = desk.told(CLIENT, &tokens[name]).await;
        for (member, value) in [
            ("active", json!(true)),
            ("scope", json!("email openid")),
            ("client_id", json!(CLIENT)),
            ("token_type", token_type),
            ("sub", json!(desk.house.alice.to_string())),
            ("aud", aud),
            ("iss", json!(ISSUER)),
            ("exp", json!(now + life)),
            ("iat", json!(now)),
            ("nbf", json!(now)),
        ] {
            assert_eq!(told[member], value, "{name}: {member}");
        }
        assert!(told["jti"].is_string());
    }
}

#[tokio::test]
async fn section_2_2_who_guards_an_api_hears_of_access_tokens_for_it_what_concerns_it() {
    let desk = Desk::new().await;
    for more in [resource(MAIL), resource(MAIL) + &resource(FILES)] {
        let tokens = desk.tokens(&more).await;
        let told = desk.told(GUARD, &tokens["access_token"]).await;
        for (member, value) in [
            ("active", json!(true)),
            ("aud", json!(MAIL)),
            ("scope", json!("email")),
            ("client_id", json!(CLIENT)),
            ("sub", json!(desk.house.alice.to_string())),
        ] {
            assert_eq!(told[member], value, "{member}");
        }
        assert_eq!(desk.told(GUARD, &tokens["refresh_token"]).await, json!({ "active": false }));
    }
}

#[tokio::test]
async fn section_2_2_to_anybody_else_every_token_is_inactive() {
    let desk = Desk::new().await;
    let [ours, open] = [desk.tokens("").await, desk.tokens(&resource(FILES)).await];
    for token in [&ours["access_token"], &ours["refresh_token"], &ours["id_token"], &open["access_token"]] {
        assert_eq!(desk.told(GUARD, token).await, json!({ "active": false }));
        let form =
            [("client_id", RIVAL), ("client_secret", RIVAL_SECRET), ("token", token.as_str().unwrap())];
        let answer = client_request(&desk.house.app, PATH, &form).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, r#"{"active":false}"#));
    }
}

#[tokio::test]
async fn section_2_2_why_a_token_is_inactive_is_not_told() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    desk.revoke(&tokens["access_token"], "").await;
    let spent = desk.tokens("").await;
    desk.house.later(600);
    let mut answers = Vec::new();
    for token in [&tokens["access_token"], &spent["access_token"], &tokens["id_token"], &"unknown".into()] {
        let mut answer = desk.introspect(CLIENT, token, None).await;
        answer.headers.remove("x-request-id");
        answers.push((answer.status, answer.text, answer.headers));
    }
    assert_eq!(answers[0].1, r#"{"active":false}"#);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn section_4_the_answer_is_never_kept() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    let answer = desk.introspect(CLIENT, &tokens["access_token"], None).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
}
