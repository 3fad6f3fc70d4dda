use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use towergate_core::{audit::Outcome, token::OpaqueToken};
use towergate_oauth::{
    ports::{GrantStore, InteractionStore},
    rules::{
        client::{ClientAuthMethod, ClientId},
        code,
        grant::Subject,
        interaction::{self, InteractionId, InteractionState},
    },
};

use super::house::{Answer, Browser, GOOD, House};

/// Walks to the consent page as `name`; answers its path.
async fn to_consent(house: &House, browser: &mut Browser<'_>, name: &str) -> String {
    let path = browser.get(GOOD).await.return_to();
    house.sign_in(name);
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    path
}

async fn state(house: &House, path: &str) -> InteractionState {
    let id: InteractionId = path.strip_prefix("/interaction/").unwrap().parse().unwrap();
    house.store.find_interaction(id).await.unwrap().unwrap().state
}

fn assert_page(answer: &Answer, status: StatusCode) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert!(!answer.headers.contains_key(header::LOCATION));
}

#[tokio::test]
async fn the_whole_way_from_nobody_to_a_code() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    let page = browser.get(&path).await;
    assert_eq!(
        page.body,
        "The Shop at shop.example asks alice@example.com: Read your e-mail address, Know who you are on this site"
    );
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https: https://shop.example"), "{policy}");

    let answer = browser.post(&path, "decision=allow").await;
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
    assert_eq!(answer.param("iss").as_deref(), Some("https://id.example"));
    let code = OpaqueToken::parse(code::PREFIX, &answer.param("code").unwrap()).unwrap();
    let stored = house.store.find_code(code.id()).await.unwrap().unwrap();
    assert!(stored.code.digest.matches(&code.digest()) && !stored.spent);
    assert_eq!(stored.code.expires_at.since(stored.grant.created_at), Duration::from_secs(60));
    assert_eq!(stored.grant.subject.as_str(), "alice");
    assert_eq!(stored.grant.audience, ["https://id.example"]);
    assert_eq!(house.facts(), ["interaction.begun", "consent.given", "code.issued"]);
    assert_eq!(state(&house, &path).await, InteractionState::Approved);
}

#[tokio::test]
async fn a_no_reaches_the_client_and_is_written_down() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    let answer = browser.post(&path, "decision=deny&remember=on").await;
    assert_eq!(answer.param("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
    assert_eq!(answer.param("iss").as_deref(), Some("https://id.example"));
    assert_eq!(house.facts(), ["interaction.begun", "consent.denied"]);
    assert_eq!(house.store.events().last().unwrap().outcome, Outcome::Refused);
    assert_eq!(state(&house, &path).await, InteractionState::Denied);
}

#[tokio::test]
async fn another_browser_is_refused() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    let mut stranger = house.browser();
    assert_page(&stranger.get(&path).await, StatusCode::FORBIDDEN);
    stranger.get(GOOD).await;
    assert!(stranger.cookie.is_some() && stranger.cookie != browser.cookie);
    assert_page(&stranger.get(&path).await, StatusCode::FORBIDDEN);
    assert_page(&stranger.post(&path, "decision=allow").await, StatusCode::FORBIDDEN);
    assert_eq!(state(&house, &path).await, InteractionState::Open);
}

#[tokio::test]
async fn another_person_is_refused_and_not_told_whose_it_is() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    house.sign_in("bob");
    for answer in [browser.get(&path).await, browser.post(&path, "decision=allow").await] {
        assert_page(&answer, StatusCode::FORBIDDEN);
        assert!(!answer.body.contains("alice"), "{}", answer.body);
    }
    assert_eq!(state(&house, &path).await, InteractionState::Open);
}

#[tokio::test]
async fn signed_out_in_between_means_to_sign_in_again() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    house.sign_out();
    assert_eq!(browser.get(&path).await.return_to(), path);
    assert_eq!(browser.post(&path, "decision=allow").await.return_to(), path);
    assert_eq!(state(&house, &path).await, InteractionState::Open);
}

#[tokio::test]
async fn prompt_login_wants_a_sign_in_after_the_request_also_on_resume() {
    let house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    for wish in ["prompt=login", "max_age=0"] {
        let path = browser.get(&format!("{GOOD}&{wish}")).await.return_to();
        assert_eq!(browser.get(&path).await.return_to(), path, "the old sign-in does not count");
        assert_eq!(browser.post(&path, "decision=allow").await.return_to(), path);
        house.sign_in("alice");
        assert_eq!(browser.get(&path).await.status, StatusCode::OK);
        assert!(browser.post(&path, "decision=allow").await.param("code").is_some());
    }
}

#[tokio::test]
async fn prompt_login_lets_another_person_sign_in() {
    let house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let path = browser.get(&format!("{GOOD}&prompt=login")).await.return_to();
    browser.get(&path).await;
    house.sign_in("bob");
    assert!(browser.get(&path).await.body.contains("bob@example.com"));
}

#[tokio::test]
async fn max_age_is_checked_again_when_the_answer_comes() {
    let house = House::new().await;
    house.sign_in("alice");
    house.clock.advance(Duration::from_secs(50));
    let mut browser = house.browser();
    let path = browser.get(&format!("{GOOD}&max_age=60")).await.location().to_owned();
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);
    house.clock.advance(Duration::from_secs(20));
    assert_eq!(browser.post(&path, "decision=allow").await.return_to(), path);
    house.sign_in("alice");
    house.clock.advance(Duration::from_secs(70));
    browser.get(&path).await;
    assert!(
        browser.post(&path, "decision=allow").await.param("code").is_some(),
        "signed in for this very request"
    );
}

#[tokio::test]
async fn the_second_answer_gets_a_page_and_no_second_code() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    assert!(browser.post(&path, "decision=allow").await.param("code").is_some());
    for form in ["decision=allow", "decision=deny"] {
        assert_page(&browser.post(&path, form).await, StatusCode::BAD_REQUEST);
    }
    assert_page(&browser.get(&path).await, StatusCode::BAD_REQUEST);
    assert_eq!(house.facts(), ["interaction.begun", "consent.given", "code.issued"]);
}

#[tokio::test]
async fn after_fifteen_minutes_the_question_is_gone() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    house.clock.advance(Duration::from_secs(15 * 60));
    assert_page(&browser.get(&path).await, StatusCode::BAD_REQUEST);
    assert_page(&browser.post(&path, "decision=allow").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_identifier_that_never_was_is_gone_too() {
    let house = House::new().await;
    for path in [
        "/interaction/",
        "/interaction/x",
        "/interaction/00000000-0000-0000-0000-000000000000",
        "/interaction/a/b",
    ] {
        assert_page(&house.browser().get(path).await, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn an_answer_that_is_neither_yes_nor_no_changes_nothing() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    for form in
        ["", "decision=maybe", "decision=allow&decision=deny", "decision=allow&remember=on&remember=on"]
    {
        assert_page(&browser.post(&path, form).await, StatusCode::BAD_REQUEST);
    }
    assert_eq!(state(&house, &path).await, InteractionState::Open);
}

#[tokio::test]
async fn a_yes_to_a_question_that_nobody_saw_shows_the_question() {
    let house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.location().to_owned();
    assert_eq!(browser.post(&path, "decision=allow").await.location(), path);
    assert_eq!(state(&house, &path).await, InteractionState::Open);
}

#[tokio::test]
async fn whoever_was_not_asked_again_is_not_on_record_as_asked() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    browser.post(&path, "decision=allow&remember=on").await;
    house.sign_out();
    let path = browser.get(GOOD).await.return_to();
    house.sign_in("alice");
    let before = house.facts().len();
    assert!(browser.get(&path).await.param("code").is_some());
    assert_eq!(house.facts()[before..], ["code.issued"]);
}

#[tokio::test]
async fn a_consent_is_remembered_only_on_request() {
    let house = House::new().await;
    let mut browser = house.browser();
    let (alice, shop) = (Subject::parse("alice").unwrap(), ClientId::parse("shop").unwrap());
    for (form, kept) in [
        ("decision=allow", false),
        ("decision=allow&remember=off", false),
        ("decision=allow&remember=on", true),
    ] {
        house.sign_out();
        let path = to_consent(&house, &mut browser, "alice").await;
        browser.post(&path, form).await;
        let consent = house.store.find_consent(&alice, &shop).await.unwrap();
        assert_eq!(consent.is_some(), kept, "{form}");
    }
    house.sign_out();
    let path = browser.get(GOOD).await.return_to();
    house.sign_in("alice");
    assert!(browser.get(&path).await.param("code").is_some(), "nobody is asked again");
    assert_eq!(state(&house, &path).await, InteractionState::Approved);
}

#[tokio::test]
async fn a_client_that_was_disabled_meanwhile_gets_no_code() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    house.disable_client().await;
    assert_page(&browser.post(&path, "decision=allow").await, StatusCode::BAD_REQUEST);
    assert!(!house.facts().contains(&"code.issued"));
}

#[tokio::test]
async fn a_client_that_may_no_longer_use_codes_gets_none() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    let only = towergate_oauth::rules::client::GrantType::ClientCredentials;
    house.register(|shop| shop.grant_types = [only].into()).await;
    assert_page(&browser.post(&path, "decision=allow").await, StatusCode::BAD_REQUEST);
    assert!(!house.facts().contains(&"code.issued"));
}

#[tokio::test]
async fn an_address_that_was_taken_from_the_registration_meanwhile_gets_no_code() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    house.register(|metadata| metadata.redirect_uris = vec![String::from("https://shop.example/new")]).await;
    assert_page(&browser.post(&path, "decision=allow").await, StatusCode::BAD_REQUEST);
    assert!(!house.facts().contains(&"code.issued"));
}

#[tokio::test]
async fn many_answers_at_once_give_one_code() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    let answers = (0..16).map(|_| {
        let (mut tab, path) = (house.browser(), path.clone());
        tab.cookie.clone_from(&browser.cookie);
        async move { tab.post(&path, "decision=allow").await.status }
    });
    let answers = futures_util::future::join_all(answers).await;
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{answers:?}");
    assert_eq!(house.facts().iter().filter(|fact| **fact == "code.issued").count(), 1);
}

#[tokio::test]
async fn a_question_expires_while_its_answer_is_held_back() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    let clock = house.clock.clone();
    let late = Full::<Bytes>::from("decision=allow").map_frame(move |frame| {
        clock.advance(interaction::LIFETIME);
        frame
    });
    let request = Request::post(&path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, browser.cookie.as_deref().unwrap());
    assert_page(&house.send(request.body(late).unwrap()).await, StatusCode::BAD_REQUEST);
    assert_eq!(state(&house, &path).await, InteractionState::Open);
}

/// What a request that began before signing out still believes.
#[tokio::test]
async fn no_code_leaves_for_a_request_that_signing_out_has_overtaken() {
    let house = House::new().await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    let answer = browser.post(&path, "decision=allow&remember=on").await;
    assert!(answer.param("code").is_some());
    let path = browser.get(&format!("{GOOD}&prompt=consent")).await.location().to_owned();
    assert_eq!(browser.get(&path).await.status, StatusCode::OK);

    house.end_sign_in("sid-alice").await;
    let before = house.facts();
    assert_page(&browser.post(&path, "decision=allow").await, StatusCode::BAD_REQUEST);
    assert_page(&browser.get(GOOD).await, StatusCode::FORBIDDEN);
    assert_eq!(house.facts(), before);
}

/// [RFC 8252 section 8.6](https://www.rfc-editor.org/rfc/rfc8252#section-8.6): whoever listens at a loopback address
/// could be anybody.
#[tokio::test]
async fn rfc8252_8_6_a_public_client_at_a_loopback_address_is_asked_for_each_time() {
    let house = House::new().await;
    house
        .register(|metadata| {
            metadata.token_endpoint_auth_method = ClientAuthMethod::None;
            metadata.redirect_uris = vec![String::from("http://127.0.0.1/cb")];
        })
        .await;
    let request = GOOD.replace("https%3A%2F%2Fshop.example%2Fcb", "http%3A%2F%2F127.0.0.1%3A7000%2Fcb");
    let mut browser = house.browser();
    let path = browser.get(&request).await.return_to();
    house.sign_in("alice");
    let page = browser.get(&path).await;
    assert!(page.status == StatusCode::OK && page.body.ends_with("(each time)"), "{}", page.body);
    let answer = browser.post(&path, "decision=allow&remember=on").await;
    let (alice, shop) = (Subject::parse("alice").unwrap(), ClientId::parse("shop").unwrap());
    assert!(house.store.find_consent(&alice, &shop).await.unwrap().is_none());
    assert!(answer.location().starts_with("http://127.0.0.1:7000/cb?code="));

    let elsewhere = request.replace("7000", "7001");
    assert!(browser.get(&elsewhere).await.location().starts_with("/interaction/"));
    let silent = browser.get(&format!("{elsewhere}&prompt=none")).await;
    assert!(silent.location().contains("error=consent_required"), "{}", silent.location());
}

#[tokio::test]
async fn rfc8252_8_6_a_consent_remembered_over_https_does_not_speak_for_a_loopback_address() {
    let house = House::new().await;
    house
        .register(|metadata| {
            metadata.token_endpoint_auth_method = ClientAuthMethod::None;
            metadata.redirect_uris.push(String::from("http://127.0.0.1/cb"));
        })
        .await;
    let mut browser = house.browser();
    let path = to_consent(&house, &mut browser, "alice").await;
    browser.post(&path, "decision=allow&remember=on").await;
    assert!(browser.get(GOOD).await.param("code").is_some(), "it is remembered");

    let native = GOOD.replace("https%3A%2F%2Fshop.example%2Fcb", "http%3A%2F%2F127.0.0.1%3A7000%2Fcb");
    let path = browser.get(&native).await.location().to_owned();
    assert!(path.starts_with("/interaction/"), "{path}");
    let page = browser.get(&path).await;
    assert!(page.status == StatusCode::OK && page.body.ends_with("(each time)"), "{}", page.body);
}
