//! What a client pushed, opened by browsers: for one answer.

use std::time::Duration;

use http::{Request, header};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use towergate_oauth::rules::{
    client::{ClientAuthMethod, ClientMetadata},
    pushed_request::{LIFETIME, URN},
};

use super::house::{Answer, GOOD, House};
use crate::ServerConfig;

/// A house whose client is public, so that it pushes without more ado.
async fn house() -> House {
    house_with(|_| (), |_| ()).await
}

async fn house_with(
    config: impl FnOnce(&mut ServerConfig),
    change: impl FnOnce(&mut ClientMetadata),
) -> House {
    let house = House::with(config).await;
    house
        .register(|metadata| {
            metadata.token_endpoint_auth_method = ClientAuthMethod::None;
            change(metadata);
        })
        .await;
    house
}

/// What the client is told that pushes.
async fn push(house: &House, more: &str) -> serde_json::Value {
    let form = format!("{}{more}", GOOD.split_once('?').unwrap().1);
    let inner = service_fn(async |_: Request<Full<bytes::Bytes>>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(Full::<bytes::Bytes>::default()))
    });
    let request = Request::post("/oauth/par")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .unwrap();
    let answer = house.server.protocol().layer(inner).oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

/// The path at which a browser names what the client pushed.
async fn pushed(house: &House, more: &str) -> String {
    let body = push(house, more).await;
    let uri = body["request_uri"].as_str().unwrap_or_else(|| panic!("{body}"));
    format!("/oauth/authorize?client_id=shop&request_uri={uri}")
}

/// The page that says that a reference opens nothing.
fn refused(answer: &Answer) {
    assert!(answer.body.starts_with("400 invalid_request_uri"), "{} {}", answer.status, answer.body);
    assert!(!answer.headers.contains_key(header::LOCATION));
}

#[tokio::test]
async fn rfc9126_4_what_was_pushed_is_what_is_asked() {
    let house = house().await;
    house.sign_in("alice");
    let path =
        pushed(&house, "&nonce=n&max_age=60&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D").await;
    let mut browser = house.browser();
    // RFC 9126 4, RFC 9101 5: whatever stands beside the reference does not count.
    let beside =
        format!("{path}&scope=openid&state=other&redirect_uri=https%3A%2F%2Fevil.example%2F&prompt=none");
    let interaction = browser.get(&beside).await.location().to_owned();
    let id = interaction.rsplit('/').next().unwrap().parse().unwrap();
    let kept = towergate_oauth::ports::InteractionStore::find_interaction(&house.store, id).await;
    let request = kept.unwrap().unwrap().request;
    assert_eq!((request.nonce.as_deref(), request.max_age), (Some("n"), Some(60)));
    assert!(request.prompt.is_empty() && request.claims.userinfo.contains_key("email"));
    assert_eq!(request.scope.to_string(), "email openid");
    browser.get(&interaction).await;
    let answer = browser.post(&interaction, "decision=allow").await;
    assert!(answer.param("code").is_some());
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
}

#[tokio::test]
async fn rfc9126_2_2_a_reference_is_good_for_one_answer() {
    let house = house().await;
    house.sign_in("alice");
    let path = pushed(&house, "").await;
    let mut browser = house.browser();
    let interaction = browser.get(&path).await.location().to_owned();
    browser.get(&interaction).await;
    assert!(browser.post(&interaction, "decision=allow&remember=on").await.param("code").is_some());
    refused(&browser.get(&path).await);
    refused(&house.browser().get(&path).await);
    // Where nobody is asked any more, too.
    let path = pushed(&house, "").await;
    assert!(browser.get(&path).await.param("code").is_some());
    refused(&browser.get(&path).await);
    // An error is an answer as well.
    house.sign_out();
    let path = pushed(&house, "&prompt=none").await;
    assert_eq!(browser.get(&path).await.param("error").as_deref(), Some("login_required"));
    refused(&browser.get(&path).await);
    house.sign_in("alice");
    refused(&browser.get(&path).await);
}

#[tokio::test]
async fn a_page_may_be_loaded_again_until_there_is_an_answer() {
    let house = house().await;
    let path = pushed(&house, "").await;
    let mut browser = house.browser();
    let first = browser.get(&path).await.return_to();
    let again = browser.get(&path).await.return_to();
    assert_ne!(first, again);
    house.sign_in("alice");
    browser.get(&first).await;
    browser.get(&again).await;
    assert!(browser.post(&again, "decision=allow").await.param("code").is_some());
    let late = browser.post(&first, "decision=allow").await;
    assert!(late.body.starts_with("400 invalid_request: "), "{}", late.body);
    assert!(!late.body.contains("->"), "what was pushed is not put again: {}", late.body);
    refused(&browser.get(&path).await);
}

#[tokio::test]
async fn whoever_only_looks_at_the_address_takes_nothing_from_the_person() {
    let house = house().await;
    let path = pushed(&house, "").await;
    house.browser().get(&path).await.return_to();
    let mut browser = house.browser();
    let interaction = browser.get(&path).await.return_to();
    house.sign_in("alice");
    browser.get(&interaction).await;
    assert!(browser.post(&interaction, "decision=allow").await.param("code").is_some());
}

#[tokio::test]
async fn of_two_browsers_one_gets_an_answer() {
    let house = house().await;
    house.sign_in("alice");
    let path = pushed(&house, "").await;
    let (mut one, mut other) = (house.browser(), house.browser());
    let first = one.get(&path).await.location().to_owned();
    let second = other.get(&path).await.location().to_owned();
    one.get(&first).await;
    other.get(&second).await;
    let denied = other.post(&second, "decision=deny").await;
    assert_eq!(denied.param("error").as_deref(), Some("access_denied"));
    let late = one.post(&first, "decision=allow").await;
    assert!(late.body.starts_with("400 "), "{}", late.body);
    assert_eq!(house.facts().iter().filter(|fact| **fact == "code.issued").count(), 0);
}

#[tokio::test]
async fn rfc9126_2_2_a_reference_expires_and_what_began_from_it_does_not() {
    let house = house().await;
    let path = pushed(&house, "").await;
    let mut browser = house.browser();
    let interaction = browser.get(&path).await.return_to();
    house.clock.advance(LIFETIME);
    refused(&browser.get(&path).await);
    // Who was already asked to sign in may take their time.
    house.clock.advance(Duration::from_secs(300));
    house.sign_in("alice");
    browser.get(&interaction).await;
    assert!(browser.post(&interaction, "decision=allow").await.param("code").is_some());
}

#[tokio::test]
async fn rfc9126_7_another_clients_reference_opens_nothing_and_is_on_record() {
    let house = house().await;
    let path = pushed(&house, "").await;
    let mut rival = house.client().await;
    rival.id = "rival".parse().unwrap();
    let origin = towergate_core::audit::Origin::detached(
        towergate_core::Clock::now(&*house.clock),
        &towergate_core::random::InsecureSeededRandom::new(5),
    );
    towergate_oauth::ports::ClientStore::put_client(&house.store, rival, origin.unwrap()).await.unwrap();
    refused(&house.browser().get(&path.replace("client_id=shop", "client_id=rival")).await);
    assert_eq!(house.facts(), ["request.pushed", "request.refused"]);
    house.browser().get(&path).await.return_to();
}

#[tokio::test]
async fn what_is_no_reference_is_told_to_the_person() {
    let house = house().await;
    let path = pushed(&house, "").await;
    let rest = path.strip_suffix(|_: char| true).unwrap();
    let forged = format!("{rest}{}", if path.ends_with('A') { 'Q' } else { 'A' });
    for bad in [
        forged,
        format!("/oauth/authorize?client_id=shop&request_uri={URN}x"),
        format!("{GOOD}&request_uri={URN}tgpar_x"),
    ] {
        refused(&house.browser().get(&bad).await);
    }
    for bad in [format!("{path}&request=a.b.c"), format!("{path}&state=a&state=b")] {
        let answer = house.browser().get(&bad).await;
        assert!(answer.body.starts_with("400 invalid_request: "), "{}", answer.body);
    }
    assert_eq!(house.facts(), ["request.pushed"]);
}

#[tokio::test]
async fn rfc9126_4_a_client_that_lost_its_rights_meanwhile_gets_nothing() {
    let house = house().await;
    let path = pushed(&house, "").await;
    house
        .register(|metadata| {
            metadata.token_endpoint_auth_method = ClientAuthMethod::None;
            metadata.redirect_uris = vec![String::from("https://shop.example/other")];
        })
        .await;
    let answer = house.browser().get(&path).await;
    assert!(answer.body.starts_with("400 invalid_request: "), "{}", answer.body);
    house.disable_client().await;
    let answer = house.browser().get(&path).await;
    assert!(answer.body.starts_with("400 invalid_client"), "{}", answer.body);
}

#[tokio::test]
async fn people_get_in_while_requests_are_pushed_without_end() {
    let house = house_with(|config| config.max_open_interactions = 4, |_| ()).await;
    let path = pushed(&house, "").await;
    assert!(push(&house, "").await["error"].is_string(), "the client's share is taken");
    house.browser().get(GOOD).await.return_to();
    house.browser().get(&path).await.return_to();
    house.browser().get(GOOD).await.return_to();
    assert_eq!(house.browser().get(GOOD).await.status, 503);
}

#[tokio::test]
async fn rfc9126_5_and_6_a_client_that_must_push_is_told_so() {
    for (all, one) in [(true, false), (false, true)] {
        let house = house_with(
            |config| config.require_pushed_authorization_requests = all,
            |metadata| metadata.require_pushed_authorization_requests = one,
        )
        .await;
        let answer = house.browser().get(GOOD).await;
        assert_eq!(answer.param("error").as_deref(), Some("invalid_request"));
        house.browser().get(&pushed(&house, "").await).await.return_to();
    }
}

#[tokio::test]
async fn a_sign_in_that_must_be_fresh_is_made_for_what_was_pushed() {
    let house = house().await;
    house.sign_in("alice");
    house.clock.advance(Duration::from_secs(30));
    let path = pushed(&house, "&prompt=login").await;
    let mut browser = house.browser();
    let interaction = browser.get(&path).await.return_to();
    assert_eq!(browser.get(&interaction).await.return_to(), interaction, "not fresh yet");
    house.sign_in("alice");
    browser.get(&interaction).await;
    assert!(browser.post(&interaction, "decision=allow").await.param("code").is_some());
}
