//! Authentication in OpenID Connect Core 1.0,
//! [section 3.1.2](https://openid.net/specs/openid-connect-core-1_0.html#AuthorizationEndpoint), with a real sign-in.

use http::StatusCode;
use serde_json::Value;
use towergate::{
    identity::ports::memory::MemoryStore as People, jose::jws, oauth::ports::memory::MemoryStore as Grants,
};

use crate::house::{
    House, MAIL,
    browser::{Browser, token_request},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, login_form, parameter, signed_in, to_code_for},
};

async fn house() -> (House, Browser) {
    let house = House::on(People::new(), Grants::new()).await;
    let browser = signed_in(&house).await;
    (house, browser)
}

async fn id_token(house: &House, code: &str) -> String {
    let answer = token_request(&house.app, &exchange(code, VERIFIER)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["id_token"].as_str().unwrap().to_owned()
}

fn claims(id_token: &str) -> Value {
    jws::peek(id_token).unwrap().unverified_claims().unwrap()
}

/// Alice has allowed the client what it asks, to be remembered.
async fn remembered(browser: &mut Browser) -> String {
    let path = browser.get(AUTHORIZE).await.location;
    browser.get(&path).await;
    let answer = browser.post(&path, "decision=allow&remember=on").await;
    parameter(&answer.location, "code")
}

#[tokio::test]
async fn section_3_1_2_1_prompt_login_and_max_age_are_proven_by_auth_time() {
    for demand in ["prompt=login", "prompt=select_account", "max_age=60", "max_age=0"] {
        let (house, mut browser) = house().await;
        let first = claims(&id_token(&house, &remembered(&mut browser).await).await);
        house.later(61);
        let page = browser.get(&format!("{AUTHORIZE}&{demand}")).await.location;
        assert!(page.starts_with("/login?"), "{demand}: {page}");
        let path = parameter(&page, "return_to");
        let bounced = browser.get(&path).await.location;
        assert_eq!(parameter(&bounced, "return_to"), path, "{demand}: nobody has signed in since");
        house.later(1);
        let home = browser.post("/login", &format!("{}&return_to={}", login_form(), encode(&path))).await;
        assert_eq!(home.location, path, "{demand}");
        let answer = browser.get(&path).await;
        let fresh = claims(&id_token(&house, &parameter(&answer.location, "code")).await);
        let since = fresh["auth_time"].as_i64().unwrap() - first["auth_time"].as_i64().unwrap();
        assert_eq!(since, 62, "{demand}");
    }
}

#[tokio::test]
async fn section_3_1_2_1_an_expired_id_token_hints_at_its_person() {
    let (house, mut browser) = house().await;
    let hint = id_token(&house, &remembered(&mut browser).await).await;
    let lifetime = claims(&hint)["exp"].as_u64().unwrap() - claims(&hint)["iat"].as_u64().unwrap();
    house.later(lifetime);
    browser.post("/login", &login_form()).await;
    let silent = format!("{AUTHORIZE}&prompt=none&id_token_hint={hint}");
    let answer = browser.get(&silent).await.location;
    assert!(parameter(&answer, "code").starts_with("tgcode_"), "{answer}");
    let torn = browser.get(&silent.replace("id_token_hint=ey", "id_token_hint=eX")).await.location;
    assert_eq!(parameter(&torn, "error"), "invalid_request");
    let somebody = encode(r#"{"id_token":{"sub":{"value":"somebody-else"}}}"#);
    let other = browser.get(&format!("{AUTHORIZE}&prompt=none&claims={somebody}")).await.location;
    assert_eq!(parameter(&other, "error"), "login_required");
}

#[tokio::test]
async fn section_3_1_2_6_what_would_have_to_be_asked_is_an_error_under_prompt_none() {
    let (house, mut browser) = house().await;
    let silent = format!("{AUTHORIZE}&prompt=none");
    let mut stranger = Browser::new(house.app.clone());
    for (browser, query, error) in [
        (&mut stranger, silent.clone(), "login_required"),
        (&mut browser, silent.clone(), "consent_required"),
        (&mut Browser::new(house.app.clone()), format!("{silent}%20login"), "invalid_request"),
    ] {
        let answer = browser.get(&query).await;
        assert_eq!(
            (answer.status, parameter(&answer.location, "error").as_str()),
            (StatusCode::SEE_OTHER, error)
        );
    }
    remembered(&mut browser).await;
    assert!(parameter(&browser.get(&silent).await.location, "code").starts_with("tgcode_"));
    let more = browser.get(&format!("{silent}&resource={}", encode(MAIL))).await.location;
    assert_eq!(parameter(&more, "error"), "consent_required", "{more}");
}

#[tokio::test]
async fn section_3_1_2_6_whoever_is_one_of_several_is_chosen_first() {
    let (house, mut browser) = house().await;
    let hint = id_token(&house, &remembered(&mut browser).await).await;
    browser.cookies.insert(String::from("beside"), String::from("bob"));
    let silent = format!("{AUTHORIZE}&prompt=none");
    let answer = browser.get(&silent).await.location;
    assert_eq!(parameter(&answer, "error"), "account_selection_required", "{answer}");
    let answer = browser.get(&format!("{silent}&id_token_hint={hint}")).await.location;
    assert!(parameter(&answer, "code").starts_with("tgcode_"), "{answer}");

    let page = browser.get(AUTHORIZE).await.location;
    assert!(page.starts_with("/login?"), "the host lets the person choose: {page}");
    let path = parameter(&page, "return_to");
    assert!(browser.get(&path).await.location.starts_with("/login?"), "nobody has been chosen yet");
    browser.cookies.remove("beside");
    let answer = browser.get(&path).await.location;
    assert!(parameter(&answer, "code").starts_with("tgcode_"), "{answer}");
}

#[tokio::test]
async fn section_3_1_2_1_what_only_helps_is_no_error_and_what_is_unknown_is_ignored() {
    let (_house, mut browser) = house().await;
    let query = format!(
        "{AUTHORIZE}&display=popup&ui_locales=nl%20xx-none&claims_locales=nl&acr_values=9%208&odd=1&odd=2"
    );
    let code = to_code_for(&mut browser, &query).await;
    assert!(code.starts_with("tgcode_"), "{code}");
}

#[tokio::test]
async fn section_5_5_1_1_an_essential_acr_that_signing_in_does_not_reach_is_an_error() {
    let (house, mut browser) = house().await;
    let essential = encode(r#"{"id_token":{"acr":{"essential":true,"values":["urn:example:smartcard"]}}}"#);
    let page = browser.get(&format!("{AUTHORIZE}&claims={essential}")).await.location;
    assert_eq!(parameter(&page, "acr_values"), "urn:example:smartcard", "{page}");
    let path = parameter(&page, "return_to");
    house.later(1);
    browser.post("/login", &login_form()).await;
    let answer = browser.get(&path).await.location;
    assert_eq!(parameter(&answer, "error"), "unmet_authentication_requirements");
}
