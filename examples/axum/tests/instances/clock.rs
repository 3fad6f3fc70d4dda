//! What holds while the clock of the second program is ten minutes ahead: nothing counts twice, and what one of them takes for
//! over is still good where it is not.

use http::{Method, StatusCode};
use towergate::{audit::verify, core::audit::chain::SealSigner, postgres::PostgresStore};
use towergate_example_axum::{config::Config, seal_key};
use url::Url;

use crate::{
    client::{Browser, Client, EMAIL, PASSWORD, Page, Tokens, is_invalid_grant, json, tokens_in},
    place::Place,
    wait::until,
};

/// The program whose clock is right.
const RIGHT: usize = 0;
/// The program whose clock is ahead.
const AHEAD: usize = 1;

const NEW_PASSWORD: &str = "nine lanterns under a green bridge";

/// So that a balancer that asks sends it nobody.
pub(crate) async fn the_one_ahead_says_that_it_is_not_ready(place: &Place) {
    for (instance, status, says) in [
        (RIGHT, StatusCode::OK, "ready\n"),
        (AHEAD, StatusCode::SERVICE_UNAVAILABLE, "clock tells another time than the database\n"),
    ] {
        place.balancer.only(instance);
        let ready = Browser::default().try_open(place.client.at("/readyz")).await.unwrap();
        assert_eq!((ready.status, &*ready.text), (status, says));
    }
}

/// Sessions are longer than clocks differ.
pub(crate) async fn whoever_signs_in_or_out_at_one_does_so_at_both(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    for (first, second) in [(RIGHT, AHEAD), (AHEAD, RIGHT)] {
        balancer.only(first);
        let mut browser = Browser::default();
        sign_in(client, &mut browser, PASSWORD).await;
        balancer.only(second);
        let front = browser.try_open(client.at("/")).await.unwrap();
        assert!(front.says("You are Alice"), "{}", front.text);
        let mut elsewhere = browser.clone();
        browser.try_submit(&front, &[]).await.unwrap();
        for instance in [first, second] {
            balancer.only(instance);
            let front = elsewhere.try_open(client.at("/")).await.unwrap();
            assert!(front.says("You are not signed in"), "{}", front.text);
        }
    }
}

/// A code lives for a minute: to the one ahead, those of the other are always too old; and never is one redeemed twice.
pub(crate) async fn a_code_counts_once_and_is_good_at_one_of_them_at_least(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    balancer.only(RIGHT);
    let code = client.obtain_code(&mut Browser::default()).await;
    balancer.only(AHEAD);
    assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()), "it has expired there");
    balancer.only(RIGHT);
    let tokens = tokens_in(&client.redeem(&code).await.unwrap());
    balancer.only(AHEAD);
    assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()));
    is_dead(place, &tokens).await;

    let code = client.obtain_code(&mut Browser::default()).await;
    balancer.only(RIGHT);
    let tokens = tokens_in(&client.redeem(&code).await.unwrap());
    for instance in [AHEAD, RIGHT] {
        balancer.only(instance);
        assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()));
    }
    is_dead(place, &tokens).await;
}

/// Each rotation at the other; and a token that was rotated at one is nothing at the other, not even a repetition.
pub(crate) async fn a_refresh_token_is_rotated_at_either_and_counts_once(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    for (rotates, replays) in [(RIGHT, AHEAD), (AHEAD, RIGHT)] {
        balancer.only(RIGHT);
        let code = client.obtain_code(&mut Browser::default()).await;
        let mut tokens = tokens_in(&client.redeem(&code).await.unwrap());
        for instance in [AHEAD, RIGHT, AHEAD, RIGHT] {
            balancer.only(instance);
            tokens = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
            assert_eq!(json(&client.userinfo(&tokens.access).await.unwrap())["email"], EMAIL);
        }
        balancer.only(rotates);
        let next = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
        balancer.only(replays);
        assert!(is_invalid_grant(&client.refresh(&tokens.refresh).await.unwrap()), "{replays}");
        is_dead(place, &next).await;
    }
}

/// An access token lives for ten minutes, and no longer anywhere.
pub(crate) async fn an_access_token_is_over_where_its_time_is(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    balancer.only(RIGHT);
    let code = client.obtain_code(&mut Browser::default()).await;
    let tokens = tokens_in(&client.redeem(&code).await.unwrap());
    assert_eq!(client.userinfo(&tokens.access).await.unwrap().status, StatusCode::OK);
    balancer.only(AHEAD);
    assert_eq!(client.userinfo(&tokens.access).await.unwrap().status, StatusCode::UNAUTHORIZED);
    let tokens = tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
    for instance in [AHEAD, RIGHT] {
        balancer.only(instance);
        assert_eq!(client.userinfo(&tokens.access).await.unwrap().status, StatusCode::OK);
    }
}

/// Those that outlive the difference are good at both, once; a short one is over at the one ahead, and one from the future is refused by
/// the other.
pub(crate) async fn an_assertion_counts_once(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    let issuer = &client.issuer;
    let is_good = async |instance, assertion: &str| {
        balancer.only(instance);
        let answer = place.machine.token(client, assertion).await;
        assert!(
            answer.status == StatusCode::OK || json(&answer)["error"] == "invalid_client",
            "{}",
            answer.text
        );
        answer.status == StatusCode::OK
    };
    for (first, second) in [(RIGHT, AHEAD), (AHEAD, RIGHT)] {
        let long = place.machine.assertion_of(issuer, 0, 1800);
        assert!(is_good(first, &long).await);
        assert!(!is_good(second, &long).await && !is_good(first, &long).await, "it was shown");
    }
    let short = place.machine.assertion_of(issuer, 0, 60);
    assert!(!is_good(AHEAD, &short).await, "it is over there");
    assert!(is_good(RIGHT, &short).await && !is_good(RIGHT, &short).await);
    let early = place.machine.assertion_of(issuer, 600, 60);
    assert!(!is_good(RIGHT, &early).await, "its time has not come there");
    assert!(is_good(AHEAD, &early).await && !is_good(AHEAD, &early).await);
}

/// A link to set a password anew lives for an hour.
pub(crate) async fn a_mailed_proof_is_good_at_the_other_and_once(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    let (mut seen, mut password) = (Vec::new(), PASSWORD);
    for (asks, sets, next) in [(RIGHT, AHEAD, NEW_PASSWORD), (AHEAD, RIGHT, PASSWORD)] {
        balancer.only(asks);
        let mut browser = Browser::default();
        let page = browser.try_open(client.at("/forgot")).await.unwrap();
        browser.try_submit(&page, &[("email", EMAIL)]).await.unwrap();
        let mut link = None;
        until(std::time::Duration::from_secs(60), async || {
            link = mailed(place, &seen).await;
            link.is_some()
        })
        .await;
        let link = link.unwrap();
        seen.push(link.clone());
        balancer.only(sets);
        let page = browser.try_open(link.clone()).await.unwrap();
        let set = browser.try_submit(&page, &[("new_password", next)]).await.unwrap();
        assert!(!set.status.is_client_error(), "{}: {}", set.status, set.text);
        for instance in [asks, sets] {
            balancer.only(instance);
            let again = Browser::default().try_open(link.clone()).await.unwrap();
            assert!(!again.text.contains("name=\"new_password\""), "it was good once: {}", again.text);
            let refused = try_sign_in(client, &mut Browser::default(), password).await;
            assert_ne!(refused.status, StatusCode::SEE_OTHER, "the old one opens nothing");
            sign_in(client, &mut Browser::default(), next).await;
        }
        password = next;
    }
}

/// To the one ahead a wait of less than ten minutes is over; to the other it never lasts longer than it says.
pub(crate) async fn guesses_are_counted_at_both_together_and_nobody_is_shut_out(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    let guess = async |instance| {
        balancer.only(instance);
        let login = Browser::default().try_open(client.at("/login")).await.unwrap();
        let tried = [("email", "walker-0@example.com"), ("password", "wrong")];
        Browser::default().try_submit(&login, &tried).await.unwrap()
    };
    for instance in [RIGHT, AHEAD, RIGHT, AHEAD, RIGHT] {
        assert_eq!(guess(instance).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    // The fifth was at the right one: the one ahead sees it long ago, and lets one more pass.
    let waits = guess(RIGHT).await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS, "{}", waits.text);
    assert_eq!(guess(AHEAD).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for instance in [AHEAD, RIGHT] {
        let waits = guess(instance).await;
        assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS, "{}", waits.text);
        let seconds: u64 = waits.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!(seconds <= 60, "no longer than it says: {seconds}");
    }
}

/// Both seal one log, whose times go back and forth.
pub(crate) async fn the_audit_log_is_one_and_proven(place: &Place) {
    let store = PostgresStore::connect(&place.database()).await.unwrap();
    let config = Config::read(&place.config()).unwrap();
    let key = seal_key::read(&seal_key::path(&config).unwrap()).unwrap();
    let key = SealSigner::derive(&key, "audit seals").unwrap().public_key();
    until(std::time::Duration::from_secs(120), async || {
        let proven = verify(&store, vec![key.clone()], Vec::new(), |_| ()).await.unwrap();
        proven.events > 0 && proven.unsealed == 0
    })
    .await;
}

async fn is_dead(place: &Place, tokens: &Tokens) {
    for instance in [AHEAD, RIGHT] {
        place.balancer.only(instance);
        assert!(is_invalid_grant(&place.client.refresh(&tokens.refresh).await.unwrap()));
        assert_eq!(place.client.userinfo(&tokens.access).await.unwrap().status, StatusCode::UNAUTHORIZED);
    }
}

async fn sign_in(client: &Client, browser: &mut Browser, password: &str) {
    let answer = try_sign_in(client, browser, password).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
}

async fn try_sign_in(client: &Client, browser: &mut Browser, password: &str) -> Page {
    let login = browser.try_open(client.at("/login")).await.unwrap();
    browser.try_submit(&login, &[("email", EMAIL), ("password", password)]).await.unwrap()
}

/// The link of a mail that was not seen yet, in the mailbox of either: whoever comes first sends it.
async fn mailed(place: &Place, seen: &[Url]) -> Option<Url> {
    for instance in [RIGHT, AHEAD] {
        place.balancer.only(instance);
        let url = place.client.at("/dev/mailbox");
        let page = Browser::default().try_send(Method::GET, url, &[], "").await.unwrap();
        let links = page.text.split("class=\"mail-link\" href=\"").skip(1);
        let links = links.filter_map(|rest| rest.split('"').next()).map(|link| link.replace("&#38;", "&"));
        let fresh = links
            .filter_map(|link| Url::parse(&link).ok())
            .find(|link| link.path().starts_with("/reset") && !seen.contains(link));
        if fresh.is_some() {
            return fresh;
        }
    }
    None
}
