//! A host under an assurance profile, over HTTP.

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod timed;

use http::StatusCode;
use towergate::core::Timestamp;

use timed::{
    MINUTE, Place,
    client::{Browser, EMAIL, PASSWORD},
};

const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

#[tokio::test]
async fn whoever_signs_in_with_one_factor_is_led_to_enrol_a_second_and_is_nobody_until_then() {
    let place = Place::starting(START, "[assurance]\nprofile = \"aal2\"\n").await;
    let browser = &mut Browser::default();
    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    let page = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert!(page.text.contains("totp-enrol"), "{}", page.text);
    let front = browser.try_open(place.client.at("/")).await.unwrap();
    assert!(front.says("You are not signed in"), "{}", front.text);
}

#[tokio::test]
async fn a_session_lives_and_guessing_is_slowed_as_the_profile_says() {
    let profile =
        "[assurance]\nprofile = \"asvs-l1\"\nsession_idle = \"10m\"\nfree_tries = 2\npassword_minimum = 20\n";
    let place = Place::starting(START, profile).await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    place.later(10 * MINUTE - 1);
    let front = browser.try_open(place.client.at("/")).await.unwrap();
    assert!(!front.says("You are not signed in"), "{}", front.text);
    place.later(10 * MINUTE);
    let front = browser.try_open(place.client.at("/")).await.unwrap();
    assert!(front.says("You are not signed in"), "{}", front.text);

    let register = browser.try_open(place.client.at("/register")).await.unwrap();
    let short = [("email", "new@example.com"), ("password", "nineteen characters")];
    let refused = browser.submit(&register, &short).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("at least 20 characters"), "{}", refused.text);

    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    for status in
        [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY, StatusCode::TOO_MANY_REQUESTS]
    {
        let answer = browser.submit(&login, &[("email", EMAIL), ("password", "wrong")]).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}
