//! Each page of the house by itself: everybody can use it, in a wide window and a narrow one, by day and by night.

use towergate_example_axum::run::Framework;

use super::{
    chromium::Chromium,
    phone::Phone,
    place::{EMAIL, PASSWORD, Place},
};

const NEW_PASSWORD: &str = "seven purple ladders";

/// By which people could sign in, if it were asked.
const ELSEWHERE: &str = r#"
    [[providers]]
    preset = "github"
    client_id = "id"
    client_secret = "secret"
"#;

pub(crate) async fn everybody_can_use_the_pages_of_signing_in<F: Framework>() {
    let (place, browser) = (Place::with::<F>(ELSEWHERE).await, Chromium::open().await);
    for (name, path, sign) in [
        ("front", "/", "#sign-in"),
        ("login", "/login", "#login-submit"),
        ("register", "/register", "#register-submit"),
        ("confirm", "/confirm", "#resend-submit"),
        ("magic", "/magic", "#magic-submit"),
        ("forgot", "/forgot", "#forgot-submit"),
        ("reset-spent", "/reset?token=nobodys", "h1"),
        ("mailbox-empty", "/dev/mailbox", "h1"),
        ("social-refused", "/social/github/callback?state=nobodys", "h1"),
        ("not-found", "/nowhere", "h1"),
        ("error", "/oauth/authorize?client_id=nobody", "dl"),
    ] {
        browser.go(&place.at(path)).await;
        browser.find(sign).await;
        browser.looks_right(name).await;
    }

    browser.go(&place.at("/login")).await;
    browser.sign_in("wrong").await;
    browser.find("#login-message").await;
    browser.looks_right("login-wrong").await;

    browser.go(&place.at("/register")).await;
    browser.fill("#email", "new.person@example.com").await;
    browser.fill("#password", "short").await;
    browser.click("#register-submit").await;
    browser.find("#register-message").await;
    browser.looks_right("register-refused").await;
    browser.fill("#password", NEW_PASSWORD).await;
    browser.click("#register-submit").await;
    browser.find("#confirm-sent").await;
    browser.looks_right("confirm-sent").await;
    browser.opens_mailed_link(&place, "new.person@example.com").await;
    browser.find("#confirm-submit").await;
    browser.looks_right("confirm-link").await;
    browser.client.back().await.unwrap();
    browser.find(".mail-link").await;
    browser.looks_right("mailbox").await;
    browser.client.forward().await.unwrap();
    browser.click("#confirm-submit").await;
    browser.find("#confirmed-next").await;
    browser.looks_right("confirmed").await;

    browser.go(&place.at("/magic")).await;
    browser.fill("#email", EMAIL).await;
    browser.click("#magic-submit").await;
    browser.find("#magic-sent").await;
    browser.looks_right("magic-sent").await;
    browser.opens_mailed_link(&place, EMAIL).await;
    browser.find("#magic-submit").await;
    browser.looks_right("magic-link").await;
    browser.client.delete_all_cookies().await.unwrap();
    browser.client.refresh().await.unwrap();
    browser.find("#email").await;
    browser.looks_right("magic-link-elsewhere").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn everybody_can_use_the_pages_of_a_new_password<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/forgot")).await;
    browser.fill("#email", EMAIL).await;
    browser.click("#forgot-submit").await;
    browser.find("#forgot-sent").await;
    browser.looks_right("forgot-sent").await;
    browser.opens_mailed_link(&place, EMAIL).await;
    browser.find("#reset-submit").await;
    browser.looks_right("reset").await;
    browser.fill("#new_password", "short").await;
    browser.click("#reset-submit").await;
    browser.find("#reset-message").await;
    browser.looks_right("reset-refused").await;
    browser.fill("#new_password", NEW_PASSWORD).await;
    browser.click("#reset-submit").await;
    browser.find("#password-next").await;
    browser.looks_right("reset-done").await;

    browser.go(&place.at("/login?return_to=%2Faccount%2Fpassword")).await;
    browser.sign_in(NEW_PASSWORD).await;
    browser.fill("#password", "wrong").await;
    browser.fill("#new_password", PASSWORD).await;
    browser.click("#password-submit").await;
    browser.find("#password-message").await;
    browser.looks_right("password-refused").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn everybody_can_use_the_pages_of_the_account<F: Framework>() {
    let (place, browser) = (Place::with::<F>(ELSEWHERE).await, Chromium::open().await);
    browser.go(&place.at("/login?return_to=%2Faccount")).await;
    browser.sign_in(PASSWORD).await;
    for (name, path, sign) in [
        ("front-signed-in", "/", "#logout-submit"),
        ("account", "/account", "#account-pages"),
        ("security", "/account/security", "#totp-enrol-submit"),
        ("devices", "/account/devices", "#activity"),
        ("identities", "/account/identities", "#link-github-submit"),
        ("password", "/account/password", "#password-submit"),
        ("passkeys", "/account/passkeys", "#passkey-name"),
        ("email", "/account/email", "#email-submit"),
        ("export", "/account/export", "#export-submit"),
        ("delete", "/account/delete", "#delete-submit"),
        ("logout", "/oauth/end_session", "#logout-confirm"),
    ] {
        browser.go(&place.at(path)).await;
        browser.find(sign).await;
        browser.looks_right(name).await;
    }

    browser.go(&place.at("/account/email")).await;
    browser.fill("#email", "alice@new.example").await;
    browser.click("#email-submit").await;
    browser.find("#email-pending").await;
    browser.looks_right("email-pending").await;
    browser.opens_mailed_link(&place, "alice@new.example").await;
    browser.find("#email-confirm-submit").await;
    browser.looks_right("email-link").await;

    browser.go(&place.at("/oauth/end_session")).await;
    browser.click("#logout-confirm").await;
    browser.sees("You are signed out").await;
    browser.looks_right("logged-out").await;

    browser.go(&place.at("/login?return_to=%2Faccount%2Fdelete")).await;
    browser.sign_in(PASSWORD).await;
    browser.fill("#confirmation", "somebody@example.com").await;
    browser.click("#delete-submit").await;
    browser.find("#delete-message").await;
    browser.looks_right("delete-refused").await;
    browser.fill("#confirmation", EMAIL).await;
    browser.click("#delete-submit").await;
    browser.find("#delete-closed").await;
    browser.looks_right("delete-closed").await;
    browser.go(&place.at("/login")).await;
    browser.sign_in(PASSWORD).await;
    browser.find("#delete-cancel-submit").await;
    browser.looks_right("delete-leaving").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn everybody_can_use_the_pages_of_an_address_that_is_put_back<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    // Only an address that was proven is told of changes.
    browser.go(&place.at("/magic")).await;
    browser.fill("#email", EMAIL).await;
    browser.click("#magic-submit").await;
    browser.find("#magic-sent").await;
    browser.opens_mailed_link(&place, EMAIL).await;
    browser.click("#magic-submit").await;
    browser.find("#logout-submit").await;
    browser.go(&place.at("/account/email")).await;
    browser.fill("#email", "alice@new.example").await;
    browser.click("#email-submit").await;
    browser.find("#email-pending").await;
    browser.opens_mailed_link(&place, "alice@new.example").await;
    browser.click("#email-confirm-submit").await;
    browser.find("#email-changed").await;
    browser.looks_right("email-changed").await;

    // Whoever has the address before, in a browser of their own.
    let owner = Chromium::open().await;
    owner.opens_newest_mailed_link(&place, EMAIL, "undo=").await;
    owner.find("#email-undo-submit").await;
    let link = owner.client.current_url().await.unwrap();
    owner.looks_right("email-undo").await;
    owner.click("#email-undo-submit").await;
    owner.find("#email-undone-next").await;
    owner.looks_right("email-undone").await;
    browser.go(&place.at("/account")).await;
    browser.find("#login-submit").await;
    owner.go(link.as_str()).await;
    owner.find("#email-message").await;
    owner.looks_right("email-undo-spent").await;
    owner.close().await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn everybody_can_use_the_pages_of_accounts_elsewhere<F: Framework>() {
    let ((provider, host), browser) = (Place::with_provider::<F>().await, Chromium::open().await);
    browser.go(&host.at("/login?return_to=%2Faccount%2Fidentities")).await;
    browser.find("#social-example-submit").await;
    browser.looks_right("login-elsewhere").await;
    browser.sign_in(PASSWORD).await;
    browser.click("#link-example-submit").await;
    // At the provider.
    browser.sign_in(PASSWORD).await;
    browser.click("#consent-allow").await;
    browser.find("button[aria-label^='Remove Example']").await;
    browser.looks_right("identities-one").await;

    // The two are one account here from now on.
    browser.go(&host.at("/account")).await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
    browser.go(&host.at("/login?return_to=%2Faccount%2Fidentities")).await;
    browser.click("#social-example-submit").await;
    browser.click("#consent-allow").await;
    browser.click("button[aria-label^='Remove Example']").await;
    browser.sees("No account at another site opens yours.").await;
    browser.close().await;
    host.close().await;
    provider.close().await;
}

pub(crate) async fn everybody_can_use_the_page_that_asks_to_wait<F: Framework>() {
    let (place, browser) = (Place::with::<F>("[limits]\nlogin = 1\n").await, Chromium::open().await);
    browser.go(&place.at("/login")).await;
    browser.sign_in("wrong").await;
    browser.find("#login-message").await;
    browser.sign_in("wrong").await;
    browser.sees("Please wait a while before you try again.").await;
    browser.looks_right("too-many").await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn everybody_can_use_the_pages_of_second_factors<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.at("/login?return_to=%2Faccount%2Fsecurity")).await;
    browser.sign_in(PASSWORD).await;
    browser.click("#totp-enrol-submit").await;
    let phone = Phone::taught(&browser).await;
    browser.looks_right("security-app").await;
    browser.fill("#code", "000").await;
    browser.click("#totp-confirm-submit").await;
    browser.find("#security-message").await;
    browser.looks_right("security-app-wrong").await;
    browser.fill("#code", &phone.code(0)).await;
    browser.click("#totp-confirm-submit").await;
    browser.find("#backup-codes").await;
    browser.looks_right("security-codes").await;

    browser.go(&place.at("/account")).await;
    browser.click("#logout-submit").await;
    browser.sees("You are not signed in").await;
    browser.go(&place.at("/login?return_to=%2Faccount%2Fsecurity")).await;
    browser.sign_in(PASSWORD).await;
    browser.find("#mfa-submit").await;
    browser.looks_right("mfa").await;
    browser.fill("#code", "000").await;
    browser.click("#mfa-submit").await;
    browser.find("#mfa-message").await;
    browser.looks_right("mfa-wrong").await;
    browser.fill("#code", &phone.code(1)).await;
    browser.click("#mfa-submit").await;
    browser.find("#backup-codes-left").await;
    browser.looks_right("security-kept").await;
    browser.authenticator().await;
    browser.go(&place.at("/account/passkeys")).await;
    browser.fill("#passkey-name", "My laptop").await;
    browser.click("#passkey-submit").await;
    browser.sees("Made on").await;
    browser.looks_right("passkeys-one").await;

    // Elsewhere, where no field of an address offers the key of its own accord.
    let other = Chromium::open().await;
    other.go(&place.at("/login")).await;
    other.sign_in(PASSWORD).await;
    other.find("#mfa-submit").await;
    other.looks_right("mfa-either").await;
    browser.go(&place.at("/account/security")).await;
    browser.click("#totp-remove-submit").await;
    browser.find("#totp-enrol-submit").await;
    other.client.delete_all_cookies().await.unwrap();
    other.go(&place.at("/login?return_to=%2Faccount%2Fpasskeys")).await;
    other.sign_in(PASSWORD).await;
    other.sees("Show with your passkey").await;
    other.looks_right("mfa-passkey").await;
    other.close().await;
    browser.close().await;
    place.close().await;
}

pub(crate) async fn everybody_can_use_the_pages_of_the_app_and_its_consent<F: Framework>() {
    let (place, browser) = (Place::new::<F>().await, Chromium::open().await);
    browser.go(&place.app).await;
    browser.find("#sign-in").await;
    browser.looks_right("app").await;
    browser.reach_consent(&place.app).await;
    browser.looks_right("consent").await;
    browser.click("#consent-deny").await;
    browser.sees("You are not signed in here").await;
    browser.looks_right("app-refused").await;
    browser.go(&format!("{}/start", place.app)).await;
    browser.click("#consent-allow").await;
    browser.sees("You are signed in here").await;
    browser.looks_right("app-signed-in").await;
    browser.close().await;
    place.close().await;
}
