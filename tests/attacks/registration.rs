//! A client that registered itself, as anybody may.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    house::{
        CALLBACK, ISSUER,
        browser::{token_request_as, with_token},
        steps::{AUTHORIZE, VERIFIER, encode, exchange, parameter, refresh, signed_in},
    },
    registrant::{open_house, register, send, text},
};

/// Alice is shown that a client learns who she is and no more; then the client grows.
#[tokio::test]
async fn a_registration_that_grows_learns_nothing_that_the_person_was_not_shown() {
    let house = open_house().await;
    let mut metadata = json!({
        "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post", "scope": "openid",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let told = register(&house.app, &metadata).await.body;
    let (id, secret) = (text(&told, "client_id"), text(&told, "client_secret"));
    let claims = json!({"userinfo": {"email": null}, "id_token": {"email": null}}).to_string();
    let request =
        AUTHORIZE.replace("client_id=shop&scope=openid%20email", &format!("client_id={id}&scope=openid"));
    let mut browser = signed_in(&house).await;
    let path = browser.get(&format!("{request}&claims={}", encode(&claims))).await.location;
    let page = browser.get(&path).await.text;
    assert!(page.contains("consent-allow") && !page.contains("<code>email"), "{page}");

    metadata["client_id"] = json!(id);
    metadata["scope"] = json!("openid email");
    let manage = text(&told, "registration_client_uri").strip_prefix(ISSUER).unwrap();
    let token = Some(text(&told, "registration_access_token"));
    let grown = send(&house.app, "PUT", manage, token, metadata.to_string()).await;
    assert_eq!(grown.status, StatusCode::OK, "{}", grown.body);

    let code = parameter(&browser.post(&path, "decision=allow").await.location, "code");
    let first = token_request_as(&house.app, id, secret, &exchange(&code, VERIFIER)).await.json();
    let again = refresh(text(&first, "refresh_token"));
    for tokens in [first, token_request_as(&house.app, id, secret, &again).await.json()] {
        let userinfo = with_token(&house.app, "/oauth/userinfo", text(&tokens, "access_token")).await.json();
        for told in [userinfo, payload(text(&tokens, "id_token"))] {
            assert_eq!((told["sub"].is_string(), told.get("email")), (true, None), "{told}");
        }
    }
}

/// Whoever holds tokens of people must not hear under which `sub` another site knows them.
#[tokio::test]
async fn a_client_does_not_move_into_the_sector_of_another() {
    let house = open_house().await;
    let mut metadata = json!({
        "redirect_uris": ["https://mallory.example/cb"], "token_endpoint_auth_method": "client_secret_post",
        "subject_type": "pairwise",
    });
    let mut told = register(&house.app, &metadata).await.body;
    metadata["client_id"] = told["client_id"].clone();
    let manage = text(&told, "registration_client_uri").strip_prefix(ISSUER).unwrap().to_owned();
    let mut put = async |metadata: &Value| {
        let token = text(&told, "registration_access_token").to_owned();
        let answer = send(&house.app, "PUT", &manage, Some(&token), metadata.to_string()).await;
        if answer.status == StatusCode::OK {
            told = answer.body.clone();
        }
        answer
    };
    metadata["redirect_uris"] = json!(["https://mallory.example/elsewhere"]);
    assert_eq!(put(&metadata).await.status, StatusCode::OK);
    for (name, value) in [("redirect_uris", json!([CALLBACK])), ("subject_type", json!("public"))] {
        let mut moved = metadata.clone();
        moved[name] = value;
        put(&moved).await.refuses(StatusCode::BAD_REQUEST, "invalid_client_metadata");
    }
}

/// The page that carries an answer by form posts it from this very site, past every defence against other sites.
#[tokio::test]
async fn nobody_has_the_server_post_to_itself() {
    let house = open_house().await;
    for own in [
        "https://id.example/logout",
        "https://id.example:443/logout",
        "https:/logout",
        "https:logout",
        "https:///id.example/logout",
    ] {
        let told = register(&house.app, &json!({"redirect_uris": [own]})).await;
        told.refuses(StatusCode::BAD_REQUEST, "invalid_redirect_uri");
    }
}

fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
