//! A ceremony that begins at one program and ends at the other.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use towergate::test_util::{Make, SoftPasskey};

use crate::{
    client::{Browser, Client, PASSWORD, Page},
    place::Place,
};

/// Each answer counts once, wherever it is shown first.
pub(crate) async fn a_key_is_made_and_shown_across_both(place: &Place) {
    let (client, balancer) = (&place.client, &place.balancer);
    let origin = client.issuer.clone();
    for (first, second) in [(0, 1), (1, 0)] {
        balancer.only(first);
        let mut browser = Browser::default();
        let login = browser.try_open(client.at("/login")).await.unwrap();
        let person = format!("walker-{first}@example.com");
        let signed_in = browser.try_submit(&login, &[("email", &person), ("password", PASSWORD)]).await;
        assert_eq!(signed_in.unwrap().status, StatusCode::SEE_OTHER);
        let begun = begin(client, &mut browser, "/account/passkeys/new").await;
        let (mut key, credential) = SoftPasskey::create(Make::PHONE, &begun["publicKey"], &origin).unwrap();
        let made = json!({ "ceremony": begun["ceremony"], "credential": credential });
        balancer.only(second);
        // The ceremony is bound to the session, which has a new identifier after it.
        let before = browser.clone();
        is_taken(&post(client, &mut browser, "/account/passkeys/new", &made).await);
        for instance in [first, second] {
            balancer.only(instance);
            for browser in [&mut browser, &mut before.clone()] {
                is_refused(&post(client, browser, "/account/passkeys/new", &made).await);
            }
        }

        balancer.only(second);
        let mut away = Browser::default();
        let begun = begin(client, &mut away, "/login/passkey").await;
        let shown = json!({
            "ceremony": begun["ceremony"],
            "credential": key.sign(&begun["publicKey"], &origin).unwrap(),
        });
        balancer.only(first);
        let before = away.clone();
        is_taken(&post(client, &mut away, "/login/passkey", &shown).await);
        for instance in [second, first] {
            balancer.only(instance);
            assert!(away.try_open(client.at("/")).await.unwrap().says("You are Walker"));
            let mut thief = before.clone();
            is_refused(&post(client, &mut thief, "/login/passkey", &shown).await);
            assert!(thief.try_open(client.at("/")).await.unwrap().says("You are not signed in"));
        }
    }
    balancer.any();
}

async fn begin(client: &Client, browser: &mut Browser, path: &str) -> Value {
    let begun = post(client, browser, &format!("{path}/options"), &json!({})).await;
    assert_eq!(begun.status, StatusCode::OK, "{path}: {}", begun.text);
    serde_json::from_str(&begun.text).unwrap()
}

async fn post(client: &Client, browser: &mut Browser, path: &str, body: &Value) -> Page {
    let json = [("content-type", "application/json")];
    browser.try_send(Method::POST, client.at(path), &json, &body.to_string()).await.unwrap()
}

fn is_taken(answer: &Page) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
}

fn is_refused(answer: &Page) {
    assert!(answer.status.is_client_error(), "{}: {}", answer.status, answer.text);
}
