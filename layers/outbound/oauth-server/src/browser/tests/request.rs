//! What a request may ask of the sign-in, the consent and the APIs.

use http::{Request, StatusCode, header};
use serde_json::json;
use towergate_core::token::OpaqueToken;
use towergate_oauth::{
    ports::GrantStore,
    rules::{client::SubjectType, code, grant::Subject},
};
use url::form_urlencoded::byte_serialize;

use super::house::{Answer, CALLBACK, GOOD, House};
use crate::config::ResourceServer;

fn with(name: &str, value: &str) -> String {
    format!("{GOOD}&{name}={}", byte_serialize(value.as_bytes()).collect::<String>())
}

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
async fn rfc8707_2_the_tokens_are_for_the_apis_that_were_named_and_seen() {
    let house = House::with(|config| {
        config.resource_servers = vec![ResourceServer::new("https://api.example/v1").unwrap()];
    })
    .await;
    let refused = house.browser().get(&with("resource", "https://evil.example")).await;
    assert_eq!(error(&refused).as_deref(), Some("invalid_target"));
    house.sign_in("alice");
    for (query, audience) in [
        (with("resource", "https://api.example/v1"), "https://api.example/v1"),
        (GOOD.to_owned(), "https://id.example"),
    ] {
        let mut browser = house.browser();
        let path = browser.get(&query).await.location().to_owned();
        let page = browser.get(&path).await;
        assert_eq!(page.body.contains("; api.example"), audience != "https://id.example", "{}", page.body);
        let code = browser.post(&path, "decision=allow").await.param("code").unwrap();
        let id = OpaqueToken::parse(code::PREFIX, &code).unwrap().id();
        let found = house.store.find_code(id).await.unwrap().unwrap();
        assert_eq!(found.grant.audience, [audience]);
    }
}

#[tokio::test]
async fn a_single_claim_is_asked_about_and_remembered() {
    let house = House::new().await;
    house.register(|metadata| metadata.scope = "openid email profile".parse().unwrap()).await;
    house.sign_in("alice");
    let claims = r#"{"userinfo":{"birthdate":null,"email":null}}"#;
    let mut browser = house.browser();
    for query in [GOOD.to_owned(), with("claims", claims)] {
        let silent = house.browser().get(&format!("{query}&prompt=none")).await;
        assert_eq!(error(&silent).as_deref(), Some("consent_required"), "{query}");
        let path = browser.get(&query).await.location().to_owned();
        let page = browser.get(&path).await;
        assert_eq!(page.body.contains("Your date of birth"), query != GOOD, "{}", page.body);
        assert!(!page.body.contains("; Your e-mail"), "its scope says so already");
        browser.post(&path, "decision=allow&remember=on").await;
        assert!(house.browser().get(&format!("{query}&prompt=none")).await.param("code").is_some());
    }
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

#[tokio::test]
async fn no_host_name_ends_a_directive_and_only_an_allowed_picture_is_loaded() {
    for (allowed, images) in
        [(true, "img-src 'self' data: https://cdn.example;"), (false, "img-src 'self' data:;")]
    {
        let house = House::with(|config| {
            config.logo_hosts.extend(allowed.then(|| String::from("cdn.example")));
        })
        .await;
        let evil = "https://a;script-src/cb";
        house
            .register(|metadata| {
                metadata.redirect_uris = vec![evil.to_owned()];
                metadata.logo_uri = Some(String::from("https://cdn.example/logo.png"));
            })
            .await;
        house.sign_in("alice");
        let mut browser = house.browser();
        let encoded: String = byte_serialize(evil.as_bytes()).collect();
        let query = GOOD.replace(&byte_serialize(CALLBACK.as_bytes()).collect::<String>(), &encoded);
        let path = browser.get(&query).await.location().to_owned();
        let page = browser.get(&path).await;
        assert_eq!(page.body.contains("logo.png"), allowed, "{}", page.body);
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains(images), "{policy}");
        assert!(policy.ends_with("form-action 'self' https: https:"), "{policy}");
        assert!(!policy.contains("script-src"), "{policy}");
    }
}

#[tokio::test]
async fn form_post_and_fragment_carry_a_yes_as_well_as_a_no() {
    let house = House::new().await;
    house.sign_in("alice");
    for (decision, field) in [("allow", "code"), ("deny", "error")] {
        let mut browser = house.browser();
        let path = browser.get(&with("response_mode", "form_post")).await.location().to_owned();
        browser.get(&path).await;
        let answer = browser.post(&path, &format!("decision={decision}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        for name in [field, "state", "iss"] {
            assert!(answer.body.contains(&format!("name=\"{name}\" value=\"")), "{}", answer.body);
        }
        let path = browser.get(&with("response_mode", "fragment")).await.location().to_owned();
        browser.get(&path).await;
        let answer = browser.post(&path, &format!("decision={decision}")).await;
        assert!(answer.location().starts_with(&format!("{CALLBACK}#{field}=")), "{}", answer.location());
    }
}

#[tokio::test]
async fn a_second_click_leads_to_the_same_question_again() {
    let house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.location().to_owned();
    browser.get(&path).await;
    assert!(browser.post(&path, "decision=allow&remember=on").await.param("code").is_some());
    let twice = browser.post(&path, "decision=allow&remember=on").await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    let again = twice.body.split_once(" -> ").unwrap().1.to_owned();
    let answer = browser.get(&again).await;
    assert!(answer.param("code").is_some());
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
    let stranger = house.browser().post(&path, "decision=allow").await;
    assert!(!stranger.body.contains(" -> "), "{}", stranger.body);
}
