//! A client that ends while all that it holds is used.

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::ServiceExt;
use towergate::{
    identity::ports::IdentityStore,
    oauth::ports::OAuthStore,
    oauth_server::{Registration, RegistrationMode},
};

use crate::{
    code::assert_dead,
    house::{
        App, CALLBACK, House, ISSUER,
        browser::{Answer, token_request_as},
        steps::{
            AUTHORIZE, VERIFIER, exchange, parameter, refresh, signed_in, to_code_for, to_consent_about,
        },
    },
    together::together,
};

const AT_ONCE: usize = 32;

pub(crate) async fn a_deletion_leaves_nothing_that_others_make_meanwhile<I, O>(people: I, grants: O)
where
    I: IdentityStore,
    O: OAuthStore,
{
    let house = House::with_config(people, grants, |config| {
        config.registration = Registration::new(RegistrationMode::Open);
    })
    .await;
    let metadata = json!({
        "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let client = send(&house.app, "POST", "/oauth/register", "none", &metadata).await.1;
    let (id, secret) = (text(&client, "client_id"), text(&client, "client_secret"));
    let request = AUTHORIZE.replace("client_id=shop", &format!("client_id={id}"));
    let mut browser = signed_in(&house).await;
    let mut refreshes = Vec::new();
    let mut codes = Vec::new();
    let mut questions = Vec::new();
    for _ in 0..8 {
        let code = to_code_for(&mut browser, &request).await;
        let tokens = token_request_as(&house.app, &id, &secret, &exchange(&code, VERIFIER)).await.json();
        refreshes.push(text(&tokens, "refresh_token"));
        codes.push(to_code_for(&mut browser, &request).await);
        questions.push(to_consent_about(&mut browser, &request).await);
    }

    let path = text(&client, "registration_client_uri").strip_prefix(ISSUER).unwrap().to_owned();
    let token = text(&client, "registration_access_token");
    let answers = together(AT_ONCE, |number| {
        let (app, id, secret, path, token) =
            (house.app.clone(), id.clone(), secret.clone(), path.clone(), token.clone());
        let mut browser = browser.clone();
        let one = number / 4 % 8;
        let (use_refresh, code, question) =
            (refresh(&refreshes[one]), codes[one].clone(), questions[one].clone());
        async move {
            match number % 4 {
                0 => Some(token_request_as(&app, &id, &secret, &use_refresh).await),
                1 => Some(token_request_as(&app, &id, &secret, &exchange(&code, VERIFIER)).await),
                2 => Some(browser.post(&question, "decision=allow&remember=on").await),
                _ => {
                    send(&app, "DELETE", &path, &token, &Value::Null).await;
                    None
                }
            }
        }
    })
    .await;

    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    for answer in answers.iter().filter(|answer| answer.status == StatusCode::OK) {
        assert_dead(&house, &text(&answer.json(), "access_token")).await;
    }
    for answer in answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER) {
        let form = exchange(&parameter(&answer.location, "code"), VERIFIER);
        let late = token_request_as(&house.app, &id, &secret, &form).await;
        assert_eq!((late.status, late.code().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    }
    let answer = browser.get(&request).await;
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (StatusCode::BAD_REQUEST, ""),
        "nobody knows it any more"
    );
}

async fn send(app: &App, method: &str, path: &str, token: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Full::new(Bytes::from(body.to_string())))
        .unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, serde_json::from_slice(&body).unwrap_or_default())
}

fn text(told: &Value, name: &str) -> String {
    told[name].as_str().unwrap_or_else(|| panic!("no {name}: {told}")).to_owned()
}
