//! What a request may ask of the sign-in.

use http::{Request, StatusCode, header};
use serde_json::json;
use towergate_oauth::rules::{client::SubjectType, grant::Subject};

use super::house::{Answer, GOOD, House, with};
use crate::config::ResourceServer;

fn error(answer: &Answer) -> Option<String> {
    answer.param("error")
}

async fn levelled() -> House {
    House::with(|config| config.acr_values = vec![String::from("pwd"), String::from("mfa")]).await
}

const ESSENTIAL: &str = r#"{"id_token":{"acr":{"essential":true,"values":["mfa"]}}}"#;

#[tokio::test]
async fn oidc_core_5_5_1_1_an_essential_level_is_reached_by_signing_in_or_refused() {
    let house = levelled().await;
    house.sign_in_at("alice", Some("pwd"));
    let silent = house.browser().get(&format!("{}&prompt=none", with("claims", ESSENTIAL))).await;
    assert_eq!(error(&silent).as_deref(), Some("interaction_required"));

    let mut browser = house.browser();
    let answer = browser.get(&with("claims", ESSENTIAL)).await;
    assert!(answer.location().ends_with("&acr_values=mfa"), "{}", answer.location());
    let path = answer.return_to();
    assert_eq!(browser.get(&path).await.return_to(), path, "nobody has signed in since");
    house.sign_in_at("alice", Some("mfa"));
    assert_eq!(browser.get(&path).await.status, StatusCode::OK, "asked for consent");

    house.sign_in_at("alice", Some("pwd"));
    let path = browser.get(&with("claims", ESSENTIAL)).await.return_to();
    house.sign_in_at("alice", Some("pwd"));
    let refused = browser.get(&path).await;
    assert_eq!(error(&refused).as_deref(), Some("unmet_authentication_requirements"));

    let unheard = ESSENTIAL.replace("mfa", "smartcard");
    let refused = house.browser().get(&with("claims", &unheard)).await;
    assert_eq!(error(&refused).as_deref(), Some("unmet_authentication_requirements"));
}

#[tokio::test]
async fn a_registered_max_age_forces_a_fresh_sign_in_and_is_told_to_the_page() {
    let house = House::new().await;
    house.register(|metadata| metadata.default_max_age = Some(60)).await;
    house.sign_in("alice");
    assert!(house.browser().get(GOOD).await.location().starts_with("/interaction/"));
    house.clock.advance(std::time::Duration::from_secs(61));
    let answer = house.browser().get(GOOD).await;
    assert!(answer.location().contains("&max_age=60"), "{}", answer.location());
    assert!(house.browser().get(&with("max_age", "3600")).await.location().starts_with("/interaction/"));
}

/// An ID token that the server gave to the shop about somebody.
fn id_token(house: &House, sub: &str) -> String {
    let claims = json!({ "iss": "https://id.example", "aud": "shop", "sub": sub, "exp": 1 });
    house.server.keys().preferred().unwrap().sign_jwt("JWT", &claims).unwrap()
}

#[tokio::test]
async fn oidc_core_3_1_2_1_a_hint_wants_the_person_it_is_about() {
    let house = House::new().await;
    let query = with("id_token_hint", &id_token(&house, "alice"));
    house.sign_in("bob");
    let silent = house.browser().get(&format!("{query}&prompt=none")).await;
    assert_eq!(error(&silent).as_deref(), Some("login_required"));

    let mut browser = house.browser();
    let path = browser.get(&query).await.return_to();
    house.sign_in("bob");
    assert_eq!(error(&browser.get(&path).await).as_deref(), Some("login_required"), "bob again");
    house.sign_in("alice");
    assert_eq!(browser.get(&path).await.status, StatusCode::BAD_REQUEST, "it was answered");
    assert_eq!(house.facts(), ["interaction.begun", "interaction.refused"]);
    let path = browser.get(&query).await.location().to_owned();
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);

    let foreign = house.browser().get(&with("id_token_hint", "e30.e30.AAAA")).await;
    assert_eq!(error(&foreign).as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn oidc_core_8_1_a_hint_names_the_person_as_the_client_knows_them() {
    let house = House::new().await;
    house.register(|metadata| metadata.subject_type = SubjectType::Pairwise).await;
    house.sign_in("alice");
    let client = house.client().await;
    let known_as = house.server.sub_of(&client, &Subject::parse("alice").unwrap());
    let hinted = house.browser().get(&with("id_token_hint", &id_token(&house, known_as.as_str()))).await;
    assert!(hinted.location().starts_with("/interaction/"), "{}", hinted.location());
    let claims = json!({ "userinfo": { "sub": { "value": "alice" } } }).to_string();
    let other = house.browser().get(&format!("{}&prompt=none", with("claims", &claims))).await;
    assert_eq!(error(&other).as_deref(), Some("login_required"));
}

#[tokio::test]
async fn prompt_create_leads_to_the_page_where_accounts_are_made() {
    let house = House::new().await;
    assert_eq!(
        error(&house.browser().get(&with("prompt", "create")).await).as_deref(),
        Some("invalid_request")
    );
    let house = House::with(|config| config.creates_accounts = true).await;
    let answer = house.browser().get(&with("prompt", "create")).await;
    assert!(answer.location().starts_with("/register?return_to=%2Finteraction%2F"), "{}", answer.location());
}

#[tokio::test]
async fn a_post_from_another_site_brings_all_of_the_request_along() {
    let house = House::with(|config| {
        config.resource_servers = vec![ResourceServer::new("https://api.example").unwrap()];
    })
    .await;
    let query = format!(
        "{}&resource=https://api.example&resource=https://id.example&acr_values=1&ui_locales=nl&id_token_hint={}",
        with("claims", ESSENTIAL),
        id_token(&house, "alice")
    );
    let post = || {
        Request::post("/oauth/authorize")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "cross-site")
    };
    let answer = house.browser().send(post(), query.split_once('?').unwrap().1).await;
    let location = answer.location();
    for part in [
        "claims=%7B",
        "resource=https%3A%2F%2Fapi",
        "resource=https%3A%2F%2Fid",
        "id_token_hint=ey",
        "acr_values=1",
    ] {
        assert!(location.contains(part), "{part} {location}");
    }
    let long = format!("{}&id_token_hint={}", query.split_once('?').unwrap().1, id_token(&house, "alice"));
    let answer = house.browser().send(post(), &long).await;
    assert_eq!(error(&answer).as_deref(), Some("invalid_request"), "a hint given twice");
}
