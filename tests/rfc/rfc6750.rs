//! Bearer tokens, [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750), by section, at userinfo and at an API. What is refused
//! with which challenge is listed row by row in `tests/refusals`.

use http::{Request, StatusCode, header};
use towergate::{
    identity::ports::memory::MemoryStore as People, oauth::ports::memory::MemoryStore as Grants,
};

use crate::house::{
    House,
    browser::{Answer, request, token_request},
    steps::{VERIFIER, exchange, signed_in, to_code},
};

const BOTH: [&str; 2] = ["/oauth/userinfo", "/api"];

/// The house, and an access token in it.
async fn given() -> (House, String) {
    let house = House::on(People::new(), Grants::new()).await;
    let code = to_code(&mut signed_in(&house).await).await;
    let tokens = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
    assert_eq!(tokens["token_type"], "Bearer");
    (house, tokens["access_token"].as_str().unwrap().to_owned())
}

async fn with(house: &House, path: &str, credentials: &str) -> Answer {
    let head = Request::get(path).header(header::AUTHORIZATION, credentials);
    request(&house.app, head, String::new()).await
}

#[tokio::test]
async fn section_2_1_the_header_in_any_case_of_its_scheme() {
    let (house, token) = given().await;
    for path in BOTH {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(
                with(&house, path, &format!("{scheme} {token}")).await.status,
                StatusCode::OK,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn section_2_2_a_form_is_read_at_userinfo_and_only_of_a_post() {
    let (house, token) = given().await;
    let form = format!("access_token={token}");
    let posted = request(&house.app, Request::post("/oauth/userinfo"), form.clone()).await;
    assert_eq!(posted.status, StatusCode::OK);
    let got = request(&house.app, Request::get("/oauth/userinfo"), form).await;
    assert_eq!(got.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn section_2_3_a_query_is_not_read_and_its_answer_is_not_kept() {
    let (house, token) = given().await;
    for (path, status) in BOTH.into_iter().zip([StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED]) {
        let head = Request::get(format!("{path}?access_token={token}"));
        let answer = request(&house.app, head, String::new()).await;
        assert_eq!((answer.status, answer.header("cache-control")), (status, "no-store"), "{path}");
        assert!(answer.header("www-authenticate").starts_with("Bearer realm="));
        assert!(!format!("{:?}{}", answer.headers, answer.text).contains(&token));
    }
}

#[tokio::test]
async fn section_3_and_3_1_a_challenge_has_one_scheme_and_parameters_of_allowed_characters() {
    let (house, token) = given().await;
    let two = format!("Bearer {token} {token}");
    for path in BOTH {
        for (credentials, error) in [("Bearer guess", Some("invalid_token")), ("Basic eA==", None)] {
            let answer = with(&house, path, credentials).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            let challenge = answer.header("www-authenticate");
            assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 1);
            let said = challenge.split("error=\"").nth(1).map(|rest| rest.split('"').next().unwrap());
            assert_eq!(said, error, "{path}: {challenge}");
            assert!(challenge.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "{challenge}");
            // Who showed nothing that could be a token is told of no error.
            assert_eq!(answer.text.is_empty(), error.is_none(), "{path}: {}", answer.text);
        }
        assert!(matches!(
            with(&house, path, &two).await.status,
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED
        ));
    }
}

#[tokio::test]
async fn section_5_3_what_a_token_opens_is_not_kept_by_others() {
    let (house, token) = given().await;
    let answer = with(&house, "/oauth/userinfo", &format!("Bearer {token}")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
}
