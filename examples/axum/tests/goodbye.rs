//! Goodbye, days of grace and the end, under a clock that the test moves: what other software holds ends at once, and the
//! account on time.

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod timed;

use http::{Method, StatusCode};
use towergate::{
    core::Timestamp,
    identity::{
        ports::{DeletionStore, UserStore},
        rules::user::UserState,
    },
};

use timed::{
    OFFLINE, Place,
    client::{Browser, EMAIL, PASSWORD, Page},
};

const DAY: u64 = 24 * 3600;

#[cfg(test)]
async fn leave(place: &Place, browser: &mut Browser) -> Page {
    let page = browser.try_open(place.client.at("/account/delete")).await.unwrap();
    let closed = browser.submit(&page, &[("confirmation", EMAIL)]).await;
    assert!(closed.text.contains("id=\"delete-closed\""), "{}", closed.text);
    closed
}

#[tokio::test]
async fn a_goodbye_ends_what_other_software_holds_and_the_account_after_fourteen_days() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let tokens = place.tokens(browser, OFFLINE).await;
    assert_eq!(place.userinfo(&tokens).await, StatusCode::OK);
    let alice = place.alice().await;
    leave(&place, browser).await;
    assert_eq!(place.userinfo(&tokens).await, StatusCode::UNAUTHORIZED);
    assert!(timed::client::is_invalid_grant(&place.refresh(&tokens).await));

    place.later(14 * DAY - 1);
    assert_eq!(place.goodbye.finish().await.unwrap(), 0);
    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    let leaving = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert!(leaving.text.contains("id=\"delete-cancel-submit\""), "{}", leaving.text);
    // Nobody is signed in by it at the authorization endpoint either.
    let (mut url, _) = place.client.leave_for("openid");
    url.query_pairs_mut().append_pair("prompt", "none");
    let refused = browser.send(Method::GET, url, &[], "").await.redirect().unwrap();
    assert!(refused.query().unwrap().contains("error=login_required"), "{refused}");

    place.later(1);
    let late = browser.submit(&leaving, &[]).await;
    assert!(late.text.contains("id=\"delete-gone\""), "{}", late.text);
    assert_eq!(place.goodbye.finish().await.unwrap(), 1);
    assert_eq!(place.goodbye.finish().await.unwrap(), 0);
    assert_eq!(place.store.find_user(alice).await.unwrap().unwrap().state, UserState::Deleted);
    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    let refused = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
}

#[tokio::test]
async fn whoever_stays_asks_their_software_to_be_let_in_anew() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let tokens = place.tokens(browser, OFFLINE).await;
    leave(&place, browser).await;
    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    let leaving = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    let login = browser.submit(&leaving, &[]).await;
    browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert!(timed::client::is_invalid_grant(&place.refresh(&tokens).await));
    let tokens = place.tokens(browser, OFFLINE).await;
    assert_eq!(place.userinfo(&tokens).await, StatusCode::OK);
    place.later(20 * DAY);
    assert_eq!(place.goodbye.finish().await.unwrap(), 0);
}

#[tokio::test]
async fn a_goodbye_asks_for_a_proof_of_the_last_five_minutes() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let page = browser.try_open(place.client.at("/account/delete")).await.unwrap();
    place.later(301);
    let asked = browser.submit(&page, &[("confirmation", EMAIL)]).await;
    assert_eq!(asked.url.path(), "/login", "{}", asked.text);
    for path in ["/account/delete", "/account/export"] {
        let asked = browser.try_open(place.client.at(path)).await.unwrap();
        assert_eq!(asked.url.path(), "/login", "{path}");
    }
    assert_eq!(place.store.deletion_of(place.alice().await).await.unwrap(), None);
}

#[tokio::test]
async fn a_clock_that_jumps_back_ends_nothing_early() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    leave(&place, browser).await;
    let end = place.store.deletion_of(place.alice().await).await.unwrap().unwrap();
    place.clock.set(Timestamp::from_unix_seconds(1_700_000_000));
    assert_eq!(place.goodbye.finish().await.unwrap(), 0);
    place.clock.set(end);
    assert_eq!(place.goodbye.finish().await.unwrap(), 1);
}
