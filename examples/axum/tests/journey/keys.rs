//! A passkey as second factor, from the switch to the trusted browser.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use towergate::test_util::{Make, SoftPasskey};
use towergate_example_axum::run::Framework;
use url::Url;

use super::{
    browser::{Browser, Page},
    place::{EMAIL, PASSWORD, Place},
};

pub(crate) async fn a_passkey_is_asked_for_after_a_password<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let home = &mut Browser::default();
    let login = home.open(&place.at("/login")).await;
    place.sign_in(home, &login).await;
    let begun = script(&place, home, "/account/passkeys/new/options", &json!({})).await;
    let challenge = &begun["publicKey"];
    let (mut key, credential) = SoftPasskey::create(Make::BARE_KEY, challenge, &place.host).unwrap();
    let made = json!({ "ceremony": begun["ceremony"], "credential": credential });
    script(&place, home, "/account/passkeys/new", &made).await;

    // Whoever switches it on shows the key first, and keeps the codes.
    let asked = post(&place, home, "/account/security", "action=passkey-ask").await;
    assert_eq!(asked.redirect().unwrap().path(), "/mfa", "{}", asked.text);
    show(&place, home, &mut key, "/mfa/passkey", &json!({})).await;
    let page = home.open(&place.at("/account/security")).await;
    assert!(page.text.contains("id=\"passkey-ask-submit\""), "{}", page.text);
    let on = post(&place, home, "/account/security", "action=passkey-ask").await;
    let codes: Vec<_> =
        on.text.split("<li><code>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
    assert_eq!((on.status, codes.len()), (StatusCode::OK, 10), "{}", on.text);

    // The password alone is half of it, by mail too.
    let away = &mut Browser::default();
    let page = half(&place, away).await;
    let (passkey, code) = (page.text.find("id=\"passkey-submit\""), page.text.find("id=\"code\""));
    assert!(passkey.is_some() && passkey < code && page.says("Backup code"), "{}", page.text);
    assert!(away.open(&place.at("/")).await.says("You are not signed in"));
    let done = post(&place, away, "/mfa", &format!("code={}", codes[0])).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert!(away.open(&place.at("/")).await.says("You are Alice"));
    let again = &mut Browser::default();
    half(&place, again).await;
    let spent = post(&place, again, "/mfa", &format!("code={}", codes[0])).await;
    assert_eq!(spent.status, StatusCode::UNPROCESSABLE_ENTITY, "a code is good once");

    // In a browser that its person trusts beside the key, the password is enough.
    show(&place, again, &mut key, "/mfa/passkey", &json!({ "trust": true })).await;
    let front = again.open(&place.at("/")).await;
    assert!(front.says("You are Alice") && front.says("pwd, pop") && again.holds("tgt"), "{}", front.text);
    again.cookies.remove("tgs");
    let login = again.open(&place.at("/login")).await;
    assert!(place.sign_in(again, &login).await.says("You are Alice"));

    // And off again, after which one factor is enough everywhere.
    show(&place, away, &mut key, "/mfa/passkey", &json!({})).await;
    let off = post(&place, away, "/account/security", "action=passkey-ask-no-more").await;
    assert_eq!(off.redirect().unwrap().path(), "/account/security", "{}", off.text);
    let fresh = &mut Browser::default();
    let login = fresh.open(&place.at("/login")).await;
    assert!(place.sign_in(fresh, &login).await.says("You are Alice"));
    place.running.stop().await;
}

pub(crate) async fn a_browser_stays_signed_in_by_a_passkey<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let home = &mut Browser::default();
    let login = home.open(&place.at("/login")).await;
    place.sign_in(home, &login).await;
    let begun = script(&place, home, "/account/passkeys/new/options", &json!({})).await;
    let (mut key, credential) = SoftPasskey::create(Make::PHONE, &begun["publicKey"], &place.host).unwrap();
    let made = json!({ "ceremony": begun["ceremony"], "credential": credential });
    script(&place, home, "/account/passkeys/new", &made).await;
    for stays in [false, true] {
        let away = &mut Browser::default();
        show(&place, away, &mut key, "/login/passkey", &json!({ "remember": stays })).await;
        assert_eq!(away.holds("tgr"), stays);
        away.cookies.remove("tgs");
        let front = away.open(&place.at("/")).await;
        assert_eq!(front.says("You are Alice"), stays, "{}", front.text);
    }
    place.running.stop().await;
}

pub(crate) async fn whoever_must_have_a_second_factor_enrols_one_and_a_passkey_is_one<F: Framework>() {
    let place = Place::over::<F>("http", "memory:", "[second_factor]\nrequired = true").await;
    let home = &mut Browser::default();
    let login = home.open(&place.at("/login")).await;
    let due = place.sign_in(home, &login).await;
    assert!(due.url.path() == "/account/security" && due.text.contains("enrolment-due"), "{}", due.text);
    assert!(home.open(&place.at("/")).await.says("You are not signed in"));
    let begun = script(&place, home, "/account/passkeys/new/options", &json!({})).await;
    let (mut key, credential) =
        SoftPasskey::create(Make::BARE_KEY, &begun["publicKey"], &place.host).unwrap();
    let made = json!({ "ceremony": begun["ceremony"], "credential": credential });
    let next = script(&place, home, "/account/passkeys/new", &made).await;
    assert!(next["location"].as_str().unwrap().starts_with("/mfa?"), "{next}");
    show(&place, home, &mut key, "/mfa/passkey", &json!({})).await;
    assert!(home.open(&place.at("/")).await.says("You are Alice"));

    let away = &mut Browser::default();
    let page = half(&place, away).await;
    assert!(page.text.contains("passkey-submit") && !page.text.contains("id=\"code\""), "{}", page.text);
    show(&place, away, &mut key, "/mfa/passkey", &json!({})).await;
    assert!(away.open(&place.at("/")).await.says("You are Alice"));
    place.running.stop().await;
}

/// Signs in by the password alone; answers the page that asks for more.
async fn half(place: &Place, browser: &mut Browser) -> Page {
    let form = format!("email={EMAIL}&password={}", PASSWORD.replace(' ', "+"));
    let answer = post(place, browser, "/login", &form).await;
    assert_eq!(answer.redirect().unwrap().path(), "/mfa", "{}", answer.text);
    browser.open(&place.at("/mfa")).await
}

async fn post(place: &Place, browser: &mut Browser, path: &str, form: &str) -> Page {
    browser.send(Method::POST, Url::parse(&place.at(path)).unwrap(), &[], form).await
}

/// What the script posts, and is answered.
async fn script(place: &Place, browser: &mut Browser, path: &str, body: &Value) -> Value {
    let url = Url::parse(&place.at(path)).unwrap();
    let json = [("content-type", "application/json")];
    let answer = browser.send(Method::POST, url, &json, &body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    serde_json::from_str(&answer.text).unwrap()
}

/// Shows the key at `path`, with what is ticked.
async fn show(place: &Place, browser: &mut Browser, key: &mut SoftPasskey, path: &str, ticked: &Value) {
    let begun = script(place, browser, &format!("{path}/options"), &json!({})).await;
    let mut answer = ticked.clone();
    answer["ceremony"] = begun["ceremony"].clone();
    answer["credential"] = key.sign(&begun["publicKey"], &place.host).unwrap();
    script(place, browser, path, &answer).await;
}
