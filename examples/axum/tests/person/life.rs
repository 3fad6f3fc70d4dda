//! The whole life of an account, in one browser, with nothing but its pages.

use fantoccini::Locator;
use towergate_example_axum::run::Framework;
use url::form_urlencoded;

use super::{app::App, chromium::Chromium, phone::Phone, place::Place};

const NEW: &str = "new.person@example.com";
const CHOSEN: &str = "seven purple ladders";

/// Ends the session of the other browser.
const ELSEWHERE: &str = "//li[not(contains(., '(here)'))]//button[starts-with(@id, 'device-end-')]";

pub(crate) async fn an_account_is_made_protected_used_and_left<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    let app = App::open().await;

    // Register, and confirm through the mailbox.
    browser.go(&place.at("/")).await;
    browser.click("#register").await;
    browser.fill("#email", NEW).await;
    browser.fill("#password", CHOSEN).await;
    browser.click("#register-submit").await;
    browser.find("#confirm-sent").await;
    browser.opens_mailed_link(&place, NEW).await;
    browser.click("#confirm-submit").await;
    browser.sees("Your e-mail address is confirmed").await;

    // A second factor.
    browser.go(&place.at("/login?return_to=%2Faccount%2Fsecurity")).await;
    sign_in(&browser).await;
    browser.click("#totp-enrol-submit").await;
    let phone = Phone::taught(&browser).await;
    browser.fill("#code", &phone.code(0)).await;
    browser.click("#totp-confirm-submit").await;
    browser.find("#backup-codes").await;
    browser.looks_right_here("life-1-backup-codes").await;
    let backup_code = browser.words("#backup-codes code").await;
    browser.click("#backup-codes-kept").await;
    browser.find("#backup-codes-left").await;

    // A client rests content with nothing but both: half signed in is nobody to it.
    sign_out(&place, &browser).await;
    browser.go(&place.at(&authorize(&app, None))).await;
    sign_in(&browser).await;
    browser.fill("#code", &phone.code(1)).await;
    browser.click("#mfa-submit").await;
    browser.find("#consent-allow").await;
    browser.looks_right_here("life-2-consent").await;
    browser.click("#consent-allow").await;
    browser.sees("it came by GET with").await;

    // A passkey, and in again by it, without saying who.
    browser.authenticator().await;
    browser.go(&place.at("/account/passkeys")).await;
    browser.fill("#passkey-name", "My laptop").await;
    browser.click("#passkey-submit").await;
    browser.sees("Made on").await;
    browser.looks_right_here("life-3-passkeys").await;
    sign_out(&place, &browser).await;
    browser.go(&place.at("/login")).await;
    browser.shows_passkey().await;
    browser.sees("pop, mfa").await;

    // A client asks for a fresh proof of two factors.
    browser.go(&place.at(&authorize(&app, Some("login")))).await;
    browser.shows_passkey().await;
    browser.click("#consent-allow").await;
    browser.sees("it came by GET with").await;

    // Somewhere else with a backup code; it is seen, and ended from here.
    let other = Chromium::open().await;
    other.go(&place.at("/login?return_to=%2Faccount")).await;
    sign_in(&other).await;
    other.fill("#code", &backup_code).await;
    other.click("#mfa-submit").await;
    other.sees(NEW).await;
    browser.go(&place.at("/account/devices")).await;
    browser.looks_right_here("life-4-devices").await;
    browser.client.find(Locator::XPath(ELSEWHERE)).await.unwrap().click().await.unwrap();
    other.go(&place.at("/account")).await;
    other.find("#login-submit").await;
    other.close().await;

    // Goodbye.
    browser.go(&place.at("/account")).await;
    browser.click("#account-delete").await;
    browser.fill("#confirmation", NEW).await;
    browser.click("#delete-submit").await;
    browser.find("#delete-closed").await;
    browser.looks_right_here("life-9-goodbye").await;
    // Whoever comes back within the days of grace is asked to stay, and can do nothing else.
    browser.go(&place.at("/account")).await;
    browser.shows_passkey().await;
    browser.find("#delete-cancel-submit").await;
    browser.close().await;
    place.close().await;
}

async fn sign_in(browser: &Chromium) {
    browser.fill("#email", NEW).await;
    browser.fill("#password", CHOSEN).await;
    browser.click("#login-submit").await;
}

async fn sign_out(place: &Place, browser: &Chromium) {
    browser.go(&place.at("/account")).await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
}

/// A request of the client `form` that rests content with nothing but two factors.
fn authorize(app: &App, prompt: Option<&str>) -> String {
    let request = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(prompt.map(|prompt| ("prompt", prompt)))
        .extend_pairs([("response_type", "code"), ("client_id", "form"), ("scope", "openid"), ("state", "s")])
        .append_pair("redirect_uri", &app.callback())
        .append_pair("claims", r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#)
        .append_pair("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("/oauth/authorize?{request}")
}
