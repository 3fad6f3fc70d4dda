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

impl Chromium {
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
