//! What the person is asked, and what becomes of the answer.

use towergate_example_axum::run::Framework;

use super::{
    chromium::Chromium,
    place::{PASSWORD, Place},
};

pub(crate) async fn a_remembered_consent_asks_nothing<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.reach_consent(&place.app).await;
    assert!(!browser.find("#remember").await.is_selected().await.unwrap());
    browser.click("label[for=remember]").await;
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    browser.go(&place.app).await;
    browser.click("#sign-in").await;
    browser.sees("You are signed in here").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn a_refusal_is_shown_by_the_app<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.reach_consent(&place.app).await;
    browser.click("#consent-deny").await;
    browser.sees("You are not signed in here").await;
    browser.sees("access_denied").await;
    browser.click("a.button").await;
    browser.find("#consent-allow").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn another_browser_cannot_answer_for_this_one<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.reach_consent(&place.app).await;
    let question = browser.client.current_url().await.unwrap();
    assert!(question.path().starts_with("/interaction/"), "{question}");
    let other = Chromium::open().await;
    other.go(question.as_str()).await;
    other.sees("This request cannot go on").await;
    other.go(&place.at("/login")).await;
    other.sign_in(PASSWORD).await;
    other.sees("You are Alice Adams").await;
    other.go(question.as_str()).await;
    other.sees("This request cannot go on").await;
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    other.close().await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn the_way_back_answers_nothing_twice<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.reach_consent(&place.app).await;
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    browser.client.refresh().await.unwrap();
    browser.sees("came back twice").await;
    browser.client.back().await.unwrap();
    // A browser may have kept the page, and with it the form.
    if browser.source().await.contains("consent-allow") {
        browser.click("#consent-allow").await;
    }
    browser.sees("This question was answered already").await;
    browser.find("a[href^='/oauth/authorize?']").await;
    browser.go(&format!("{}/start", place.app)).await;
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn a_double_click_leaves_nobody_stranded<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.reach_consent(&place.app).await;
    browser.double_click("#consent-allow").await;
    // The second press may come in time to call the browser back from the first one's way: whoever it then reaches
    // says that the question has its answer.
    browser.sees_one_of(&["You are signed in here", "came back twice", "was answered already"]).await;
    browser.go(&format!("{}/start", place.app)).await;
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    browser.close().await;
    place.close().await;
}
