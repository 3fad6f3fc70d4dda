//! A finger on a key, where a person had a password.

use fantoccini::Locator;
use serde_json::json;
use towergate_example_axum::run::Framework;

use super::{
    chromium::Chromium,
    place::{PASSWORD, Place},
};

pub(crate) async fn somebody_makes_a_passkey_signs_in_with_it_and_steps_up<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.authenticator().await;
    browser.go(&place.at("/login?return_to=%2Faccount%2Fpasskeys")).await;
    browser.sign_in(PASSWORD).await;
    browser.sees("You have none yet").await;
    browser.find("#passkey-name").await.send_keys("My laptop").await.unwrap();
    browser.click("#passkey-submit").await;
    // Whoever has a passkey has two factors to show from then on, and shows the one that is missing.
    browser.sees("Use a passkey").await;
    browser.click("#passkey-submit").await;
    browser.sees("My laptop").await;
    browser.sees("Made on").await;

    // Nobody says who they are: the field of the address offers the key, or the button does.
    browser.go(&place.at("/")).await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
    browser.go(&place.at("/login")).await;
    browser.shows_passkey().await;
    browser.sees("You are Alice Adams").await;
    browser.sees("pop, mfa").await;

    // The page of passkeys tells authenticators what is good, and the last of them goes.
    browser.go(&place.at("/account/passkeys")).await;
    browser.sees("last used on").await;
    browser.click("button[id^=passkey-remove-submit]").await;
    browser.sees("Sign in").await;
    browser.sign_in(PASSWORD).await;
    browser.sees("You have none yet").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn where_no_script_runs_nobody_is_offered_a_passkey<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::without_scripts().await);
    browser.go(&place.at("/login")).await;
    browser.find("#login-submit").await;
    assert!(!browser.find("#passkey-submit").await.is_displayed().await.unwrap());
    browser.sign_in(PASSWORD).await;
    browser.go(&place.at("/account/passkeys")).await;
    browser.sees("Passkeys need JavaScript").await;
    browser.close().await;
    place.close().await;
}

/// The box beside the button, and the cookie that outlives the session.
pub(crate) async fn a_person_stays_signed_in_by_a_passkey<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.with_passkey(&place).await;
    // Only the button asks: the field of the address would be quicker than the box.
    browser.offers_nothing_by_itself().await;
    browser.go(&place.at("/login")).await;
    browser.click("#remember").await;
    browser.looks_right("login-remember").await;
    browser.click("#passkey-submit").await;
    browser.sees("You are Alice Adams").await;
    assert!(browser.cookie("tgr").await.is_some());
    browser.client.delete_cookie("tgs").await.unwrap();
    browser.go(&place.at("/")).await;
    browser.sees("You are Alice Adams").await;
    browser.sees("remembered").await;
    browser.close().await;
    place.close().await;
}

/// The switch, its codes, the page that asks, and the box beside the key.
pub(crate) async fn a_passkey_is_asked_for_and_a_browser_trusted_beside_it<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.with_passkey(&place).await;
    browser.offers_nothing_by_itself().await;
    browser.go(&place.at("/login?return_to=%2Faccount%2Fsecurity")).await;
    browser.click("#passkey-submit").await;
    browser.find("#passkey-ask-submit").await;
    browser.looks_right("security-passkey").await;
    browser.click("#passkey-ask-submit").await;
    browser.find("#backup-codes").await;
    browser.looks_right("security-passkey-codes").await;
    browser.click("#backup-codes-kept").await;
    browser.find("#passkey-ask-no-more-submit").await;
    browser.looks_right("security-passkey-asked").await;

    for trusted in [false, true] {
        browser.go(&place.at("/account")).await;
        browser.click("#logout-submit").await;
        browser.sees("You are not signed in").await;
        browser.go(&place.at("/login")).await;
        browser.sign_in(PASSWORD).await;
        if !trusted {
            browser.find("#mfa-submit").await;
            browser.looks_right("mfa-passkey-first").await;
            browser.click("#trust").await;
            browser.click("#passkey-submit").await;
        }
        browser.sees("You are Alice Adams").await;
    }
    browser.close().await;
    place.close().await;
}

/// Whoever must have a second factor and has none does nothing else first.
pub(crate) async fn a_passkey_is_enrolled_where_one_is_due<F: Framework>() {
    let place = Place::with::<F>("[second_factor]\nrequired = true").await;
    let browser = Chromium::open().await;
    browser.authenticator().await;
    browser.go(&place.at("/login")).await;
    browser.sign_in(PASSWORD).await;
    browser.find("#enrolment-due").await;
    browser.looks_right("enrolment-due").await;
    browser.go(&place.at("/")).await;
    browser.sees("You are not signed in").await;
    browser.go(&place.at("/account/passkeys")).await;
    browser.click("#passkey-submit").await;
    browser.sees("Show with your passkey").await;
    browser.looks_right("mfa-passkey-alone").await;
    browser.click("#passkey-submit").await;
    browser.sees("Made on").await;
    browser.go(&place.at("/")).await;
    browser.sees("You are Alice Adams").await;
    browser.close().await;
    place.close().await;
}

impl Chromium {
    /// Makes a passkey of hers, and signs her out again.
    async fn with_passkey(&self, place: &Place) {
        self.authenticator().await;
        self.go(&place.at("/login?return_to=%2Faccount%2Fpasskeys")).await;
        self.sign_in(PASSWORD).await;
        self.sees("You have none yet").await;
        self.click("#passkey-submit").await;
        self.sees("Use a passkey").await;
        self.click("#passkey-submit").await;
        self.sees("Made on").await;
        self.go(&place.at("/")).await;
        self.click("#logout-submit").await;
        self.sees("You are not signed in").await;
    }

    /// Keeps the browser from offering a passkey in the field of the address.
    async fn offers_nothing_by_itself(&self) {
        let source = "if (window.PublicKeyCredential) \
            PublicKeyCredential.isConditionalMediationAvailable = async () => false;";
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    /// Gives the browser an authenticator that its person touches at once:
    /// [WebAuthn section 11.3](https://www.w3.org/TR/webauthn-3/#sctn-automation-add-virtual-authenticator).
    pub(crate) async fn authenticator(&self) {
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
        });
        self.beyond("webauthn/authenticator", options).await;
    }

    /// Presses the button, unless the field of the address was quicker.
    pub(crate) async fn shows_passkey(&self) {
        if let Ok(button) = self.client.find(Locator::Css("#passkey-submit")).await {
            let _ = button.click().await;
        }
    }
}
