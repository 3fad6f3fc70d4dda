//! What other software holds ends with the sign-in it was given in, however that ends, and lives on where it may.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod timed;

use http::{Method, StatusCode};
use timed::{
    BOB, MINUTE, OFFLINE, ONLINE, Place,
    client::{Browser, Code, EMAIL, Page, Tokens, code_in, is_invalid_grant, json, tokens_in},
};
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity::{ports::SessionStore, rules::fact::SessionEnd},
    oauth::ports::GrantStore,
};

#[tokio::test]
async fn tokens_end_when_the_session_lay_idle_for_too_long() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let online = place.tokens(browser, ONLINE).await;
    let offline = place.tokens(browser, OFFLINE).await;
    place.later(30 * MINUTE - 1);
    let online = tokens_in(&place.refresh(&online).await);
    assert_eq!(place.userinfo(&online).await, StatusCode::OK);
    place.later(1);
    assert_eq!(place.userinfo(&online).await, StatusCode::UNAUTHORIZED, "it has ten minutes of its own left");
    only_the_offline_family_lives(&place, &online, &offline).await;
}

#[tokio::test]
async fn tokens_end_when_the_session_is_too_old_however_much_it_is_used() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let online = place.tokens(browser, ONLINE).await;
    let offline = place.tokens(browser, OFFLINE).await;
    for _ in 0..72 {
        place.later(20 * MINUTE - 1);
        browser.try_open(place.client.at("/")).await.unwrap();
    }
    let online = tokens_in(&place.refresh(&online).await);
    place.later(72);
    only_the_offline_family_lives(&place, &online, &offline).await;
}

#[tokio::test]
async fn tokens_end_when_the_session_is_ended_from_elsewhere() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let online = place.tokens(browser, ONLINE).await;
    let offline = place.tokens(browser, OFFLINE).await;
    let origin = Origin::detached(place.clock.now(), &OsRandom::new()).unwrap();
    let ending = place.store.end_sessions_of(place.alice().await, None, SessionEnd::RevokedByUser, origin);
    assert_eq!(ending.await.unwrap(), 1);
    only_the_offline_family_lives(&place, &online, &offline).await;
}

#[tokio::test]
async fn a_code_gives_no_tokens_after_the_session_ended() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let (url, verifier) = place.client.leave_for(ONLINE);
    let session = place.store.sessions_of(place.alice().await, place.clock.now()).await.unwrap();
    let consent = browser.try_open(url).await.unwrap();
    let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
    let origin = Origin::detached(place.clock.now(), &OsRandom::new()).unwrap();
    assert!(place.store.end_session(session[0].id, SessionEnd::RevokedByUser, origin).await.unwrap());
    let code = Code { code: code_in(&answer), verifier };
    assert!(is_invalid_grant(&place.client.redeem(&code).await.unwrap()));
}

#[tokio::test]
async fn tokens_live_on_when_their_person_proves_themself_again() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let online = place.tokens(browser, ONLINE).await;
    let refreshed = place.refresh(&online).await;
    let (sid, online) = (sid_of(&refreshed), tokens_in(&refreshed));
    place.later(20 * MINUTE);
    place.sign_in(browser, EMAIL).await;
    let other = place.tokens(browser, ONLINE).await;
    place.later(20 * MINUTE);
    for tokens in [online, other] {
        let answer = place.refresh(&tokens).await;
        assert_eq!((answer.status, sid_of(&answer)), (StatusCode::OK, sid.clone()));
    }
}

#[tokio::test]
async fn tokens_end_when_another_person_signs_in_in_the_same_browser() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let online = place.tokens(browser, ONLINE).await;
    let offline = place.tokens(browser, OFFLINE).await;
    place.sign_in(browser, BOB).await;
    assert!(is_invalid_grant(&place.refresh(&online).await));
    assert_eq!(place.userinfo(&online).await, StatusCode::UNAUTHORIZED);
    assert_eq!(place.refresh(&offline).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_sign_out_with_the_cookie_of_before_ends_the_tokens_too() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let online = place.tokens(browser, ONLINE).await;
    let mut before = browser.clone();
    place.sign_in(browser, EMAIL).await;
    before.send(Method::POST, place.client.at("/logout"), &[], "").await;
    assert!(is_invalid_grant(&place.refresh(&online).await));
    let front = browser.try_open(place.client.at("/")).await.unwrap();
    assert!(front.text.contains("You are not signed in"), "{}", front.text);
}

#[tokio::test]
async fn whoever_signs_in_after_half_a_sign_out_is_served_again() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    place.tokens(browser, ONLINE).await;
    let session = place.store.sessions_of(place.alice().await, place.clock.now()).await.unwrap();
    let origin = Origin::detached(place.clock.now(), &OsRandom::new()).unwrap();
    place.store.end_session_grants(session[0].sign_in.to_string(), origin).await.unwrap();
    place.sign_in(browser, EMAIL).await;
    let tokens = place.tokens(browser, ONLINE).await;
    assert_eq!(place.userinfo(&tokens).await, StatusCode::OK);
}

/// What came of a sign-in has ended, and is on record as such; the rest lives on.
async fn only_the_offline_family_lives(place: &Place, online: &Tokens, offline: &Tokens) {
    assert!(is_invalid_grant(&place.refresh(online).await));
    let events = place.store.events(0, u32::MAX).unwrap();
    let revoked = events.iter().rfind(|event| event.action == "grant.revoked").unwrap();
    assert_eq!(revoked.reason.as_deref(), Some("account_refused"));
    assert_eq!(place.userinfo(online).await, StatusCode::UNAUTHORIZED);
    let offline = tokens_in(&place.refresh(offline).await);
    assert_eq!(place.userinfo(&offline).await, StatusCode::OK);
}

/// The `sid` of the ID token in a token answer.
fn sid_of(answer: &Page) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let answer = json(answer);
    let payload = answer["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let claims: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims["sid"].as_str().unwrap().to_owned()
}
