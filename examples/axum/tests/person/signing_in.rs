//! In, and out again.

use towergate_example_axum::run::Framework;

use super::{
    chromium::Chromium,
    place::{EMAIL, PASSWORD, Place},
};

pub(crate) async fn a_stranger_signs_in_on_the_way_to_the_app<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/")).await;
    browser.sees("You are not signed in").await;
    browser.click("#demo").await;
    browser.sees("Somebody else's application").await;
    browser.click("#sign-in").await;
    browser.sign_in("wrong").await;
    browser.find("[role=alert]").await;
    browser.sign_in(PASSWORD).await;
    browser.click("#consent-allow").await;
    for words in [
        "You are signed in here",
        "Discovery",
        "Code for tokens",
        "Access token: claims",
        "ID token: claims",
        "Alice Adams",
        "The API",
        "answered 200 OK",
        "demo-app",
    ] {
        browser.sees(words).await;
    }
    browser.go(&place.at("/")).await;
    browser.sees("You are Alice Adams").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn a_wrong_password_is_told_and_the_address_is_kept<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/login")).await;
    browser.sign_in("wrong").await;
    let alert = browser.find("[role=alert]").await;
    assert_eq!(alert.text().await.unwrap(), "The e-mail address or the password is wrong.");
    assert_eq!(browser.find("#email").await.prop("value").await.unwrap().unwrap(), EMAIL);
    assert_eq!(browser.find("#password").await.prop("value").await.unwrap().unwrap(), "");
    let focused = browser.client.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().unwrap(), "password");
    let described = focused.attr("aria-describedby").await.unwrap();
    assert_eq!(described, alert.attr("id").await.unwrap());
    browser.close().await;
    place.close().await;
}

pub(crate) async fn who_signed_out_is_a_stranger_even_behind_the_back_button<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/login")).await;
    browser.sign_in(PASSWORD).await;
    browser.sees("You are Alice Adams").await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
    assert!(browser.cookie("tgs").await.is_none());
    browser.client.back().await.unwrap();
    browser.sees("You are not signed in").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn cookies_are_out_of_reach_of_scripts_and_other_sites<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.reach_consent(&place.app).await;
    for name in ["tgs", "tgib"] {
        let cookie = browser.cookie(name).await.unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(cookie.http_only(), Some(true), "{name}");
        assert!(cookie.same_site().is_some_and(|same_site| same_site.is_lax()), "{name}");
        assert_eq!(cookie.path(), Some("/"), "{name}");
    }
    let seen = browser.client.execute("return document.cookie", Vec::new()).await.unwrap();
    assert!(!seen.as_str().unwrap().contains("tg"), "{seen}");
    browser.close().await;
    place.close().await;
}
