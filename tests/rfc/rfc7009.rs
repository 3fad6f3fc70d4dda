//! Token revocation, [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009).

use http::{Method, StatusCode};
use serde_json::Value;

use crate::{
    desk::Desk,
    house::{
        CLIENT, CLIENT_SECRET, RIVAL, RIVAL_SECRET,
        browser::{client_request, token_request, with_token},
        steps::refresh,
    },
};

const PATH: &str = "/oauth/revoke";

async fn is_alive(desk: &Desk, token: &Value) -> bool {
    desk.told(CLIENT, token).await["active"] == true
}

#[tokio::test]
async fn section_2_it_is_a_post_and_the_token_is_never_in_the_address() {
    let desk = Desk::new().await;
    let refused = desk.ask(Method::GET, PATH).await;
    assert_eq!((refused.status, refused.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    let form = [("client_id", CLIENT), ("client_secret", CLIENT_SECRET), ("token", "x")];
    let refused = client_request(&desk.house.app, "/oauth/revoke?token=x", &form).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "invalid_request".into()));
}

#[tokio::test]
async fn section_2_1_the_client_proves_itself_and_names_a_token() {
    let desk = Desk::new().await;
    for (form, status, code) in [
        (&[("client_id", CLIENT), ("client_secret", CLIENT_SECRET)][..], 400, "invalid_request"),
        (&[("client_id", CLIENT), ("client_secret", "wrong"), ("token", "x")], 401, "invalid_client"),
        (&[("client_id", CLIENT), ("token", "x")], 401, "invalid_client"),
        (&[("token", "x")], 401, "invalid_client"),
    ] {
        let refused = client_request(&desk.house.app, PATH, form).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (status, code), "{form:?}");
    }
}

#[tokio::test]
async fn section_2_1_a_hint_is_only_a_hint() {
    let desk = Desk::new().await;
    for hint in ["access_token", "refresh_token", "something_else"] {
        for name in ["access_token", "refresh_token"] {
            let tokens = desk.tokens("").await;
            assert_eq!(desk.revoke(&tokens[name], hint).await.status, StatusCode::OK);
            assert!(!is_alive(&desk, &tokens[name]).await, "{name} as {hint}");
        }
    }
}

#[tokio::test]
async fn section_2_1_a_refresh_token_takes_all_along_that_came_from_its_grant() {
    let desk = Desk::new().await;
    let first = desk.tokens("").await;
    let second =
        token_request(&desk.house.app, &refresh(first["refresh_token"].as_str().unwrap())).await.json();
    // One that was exchanged already still names its family.
    assert_eq!(desk.revoke(&first["refresh_token"], "refresh_token").await.status, StatusCode::OK);
    for token in [&first["access_token"], &second["access_token"], &second["refresh_token"]] {
        assert!(!is_alive(&desk, token).await);
    }
    let api = with_token(&desk.house.app, "/api", second["access_token"].as_str().unwrap()).await;
    assert_eq!(api.status, StatusCode::UNAUTHORIZED, "an API that asks the store sees it at once");
}

#[tokio::test]
async fn section_2_1_an_access_token_dies_alone() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    assert_eq!(desk.revoke(&tokens["access_token"], "access_token").await.status, StatusCode::OK);
    assert!(!is_alive(&desk, &tokens["access_token"]).await);
    assert!(is_alive(&desk, &tokens["refresh_token"]).await);
}

#[tokio::test]
async fn section_2_1_another_clients_token_is_left_alone_and_nothing_is_told() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    for name in ["access_token", "refresh_token"] {
        let form = [
            ("client_id", RIVAL),
            ("client_secret", RIVAL_SECRET),
            ("token", tokens[name].as_str().unwrap()),
        ];
        let answer = client_request(&desk.house.app, PATH, &form).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "{}"));
        assert!(is_alive(&desk, &tokens[name]).await, "{name}");
    }
}

#[tokio::test]
async fn section_2_2_what_is_no_token_is_answered_like_what_was_revoked() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    let revoked = desk.revoke(&tokens["access_token"], "").await;
    let again = desk.revoke(&tokens["access_token"], "").await;
    let unknown = desk.revoke(&"unknown".into(), "").await;
    for answer in [&revoked, &again, &unknown] {
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "{}"));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn section_2_2_1_a_store_that_is_away_is_503_and_the_client_tries_again() {
    let desk = Desk::new().await;
    let tokens = desk.tokens("").await;
    desk.grants.set_unavailable(true);
    let answer = desk.revoke(&tokens["access_token"], "").await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "1"));
    desk.grants.set_unavailable(false);
    assert!(is_alive(&desk, &tokens["access_token"]).await);
}
