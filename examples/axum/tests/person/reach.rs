//! Open to people without scripts and without a mouse.

use fantoccini::key::Key;
use towergate_example_axum::run::Framework;

use super::{
    chromium::Chromium,
    place::{EMAIL, PASSWORD, Place},
};

pub(crate) async fn the_whole_way_needs_no_script<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::without_scripts().await);
    browser.go(&place.at("/")).await;
    browser.click("#demo").await;
    browser.click("#sign-in").await;
    browser.sign_in("wrong").await;
    browser.find("[role=alert]").await;
    browser.sign_in(PASSWORD).await;
    browser.click("#remember").await;
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    browser.go(&place.at("/")).await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn the_whole_way_needs_no_mouse<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/")).await;
    tab_to(&browser, "sign-in").await;
    tab_to(&browser, "demo").await;
    browser.press(Key::Enter).await;
    browser.sees("Somebody else's application").await;
    tab_to(&browser, "sign-in").await;
    browser.press(Key::Enter).await;
    browser.find("#login-submit").await;
    focus_is_visible_on(&browser, "email").await;
    browser.client.active_element().await.unwrap().send_keys(EMAIL).await.unwrap();
    tab_to(&browser, "password").await;
    browser.client.active_element().await.unwrap().send_keys(PASSWORD).await.unwrap();
    browser.press(Key::Enter).await;
    browser.find("#consent-allow").await;
    for id in ["remember", "consent-deny", "consent-allow"] {
        tab_to(&browser, id).await;
    }
    browser.press(Key::Enter).await;
    browser.sees("You are signed in here").await;
    browser.close().await;
    place.close().await;
}

/// Presses Tab until the focus is there, and sees it on the way.
async fn tab_to(browser: &Chromium, id: &str) {
    for _ in 0..10 {
        browser.press(Key::Tab).await;
        let focused = browser.client.active_element().await.unwrap();
        if focused.attr("id").await.unwrap().as_deref() == Some(id) {
            return focus_is_visible_on(browser, id).await;
        }
    }
    panic!("the focus never came to {id}");
}

async fn focus_is_visible_on(browser: &Chromium, id: &str) {
    let focused = browser.client.active_element().await.unwrap();
    assert_eq!(focused.attr("id").await.unwrap().as_deref(), Some(id));
    assert_eq!(focused.css_value("outline-style").await.unwrap(), "solid", "{id}");
    assert_eq!(focused.css_value("outline-width").await.unwrap(), "3px", "{id}");
}
