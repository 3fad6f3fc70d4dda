//! How often an address may ask, behind a proxy that is trusted and past one that is not.

use http::{Method, StatusCode};
use towergate_example_axum::run::Framework;
use url::Url;

use super::{
    browser::{Browser, Page},
    place::{EMAIL, Place},
};

pub(crate) async fn an_address_signs_in_so_often_and_is_told_to_wait<F: Framework>() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("towergate.db").display());
    let place = Place::over::<F>("http", &database, "[limits]\nlogin = 3\nregister = 1").await;
    // Others' passwords or one's own: what is counted is the address. Signing in clears nothing.
    for (email, password) in
        [(EMAIL, super::place::PASSWORD), ("bob@example.com", "x"), ("carol@example.com", "x")]
    {
        assert!(sign_in(&place, &[], email, password).await.status != StatusCode::TOO_MANY_REQUESTS);
    }
    let refused = sign_in(&place, &[("accept", "text/html")], "dave@example.com", "x").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers["content-type"], "text/html; charset=utf-8");
    assert!(refused.says("Please wait a while before you try again."), "{}", refused.text);
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    // The page itself is there, and other forms are counted by themselves.
    let browser = &mut Browser::default();
    assert_eq!(browser.open(&place.at("/login")).await.status, StatusCode::OK);
    for expected in [StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS] {
        let url = Url::parse(&place.at("/register")).unwrap();
        assert_eq!(browser.send(Method::POST, url, &[], "a=b").await.status, expected);
    }
    place.running.stop().await;
}

pub(crate) async fn nobody_chooses_the_address_that_they_are_counted_by<F: Framework>() {
    // Nobody is trusted: the header is not read.
    let place = Place::over::<F>("http", "memory:", "[limits]\nlogin = 1").await;
    assert_ne!(from(&place, "192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from(&place, "192.0.2.2").await, StatusCode::TOO_MANY_REQUESTS);
    place.running.stop().await;

    // This machine is a proxy: its word counts, and what its client wrote before it does not.
    let proxied = "[limits]\nlogin = 1\ntrusted_proxies = [\"127.0.0.1\"]\nheader = \"x-forwarded-for\"";
    let place = Place::over::<F>("http", "memory:", proxied).await;
    assert_ne!(from(&place, "192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_ne!(from(&place, "192.0.2.2").await, StatusCode::TOO_MANY_REQUESTS);
    for forged in
        ["192.0.2.1", "6.6.6.6, 192.0.2.1", "127.0.0.1, 192.0.2.1", "unknown, \"x, 192.0.2.1, 127.0.0.1"]
    {
        assert_eq!(from(&place, forged).await, StatusCode::TOO_MANY_REQUESTS, "{forged}");
    }
    place.running.stop().await;
}

async fn from(place: &Place, forwarded_for: &str) -> StatusCode {
    sign_in(place, &[("x-forwarded-for", forwarded_for)], "nobody@example.com", "x").await.status
}

async fn sign_in(place: &Place, more: &[(&str, &str)], email: &str, password: &str) -> Page {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("email", email), ("password", password)])
        .finish();
    Browser::default().send(Method::POST, Url::parse(&place.at("/login")).unwrap(), more, &form).await
}
