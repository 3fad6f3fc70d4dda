//! As it is meant to be: HTTPS, and cookies that no other host can set.

use towergate_example_axum::run::Framework;

use super::{chromium::Chromium, place::Place};

pub(crate) async fn over_https_the_browser_keeps_the_host_cookies<F: Framework>() {
    let (place, browser) = (Place::with_tls::<F>().await, Chromium::open().await);
    browser.reach_consent(&place.app).await;
    for name in ["__Host-tgs", "__Host-tgib"] {
        let cookie = browser.cookie(name).await.unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((cookie.secure(), cookie.http_only()), (Some(true), Some(true)), "{name}");
    }
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    browser.go(&place.at("/")).await;
    browser.sees("You are Alice Adams").await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
    assert!(browser.cookie("__Host-tgs").await.is_none());
    browser.close().await;
    place.close().await;
}
