//! A person with an authenticator app, at the pages of the host and at the authorization endpoint, over HTTP.

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod timed;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde_json::Value;
use towergate::{
    core::{Clock, Secret, Timestamp},
    identity::rules::totp::TotpSecret,
};

use timed::{
    ONLINE, Place,
    client::{Browser, Code, EMAIL, PASSWORD, Page, code_in, json},
};

const CAROL: &str = "carol@example.com";
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

async fn place() -> Place {
    let carol =
        format!("[[users]]\nemail = \"{CAROL}\"\npassword = \"{PASSWORD}\"\ntotp_secret = \"{SECRET}\"");
    Place::starting(START, &carol).await
}

#[cfg(test)]
fn code(place: &Place, secret: &str) -> String {
    let secret = TotpSecret::parse(&Secret::from(secret)).unwrap();
    secret.code_at(place.clock.now()).unwrap().expose().to_owned()
}

async fn password(browser: &mut Browser, login: &Page, email: &str) -> Page {
    browser.submit(login, &[("email", email), ("password", PASSWORD)]).await
}

#[tokio::test]
async fn half_signed_in_is_nobody_at_every_page_and_at_the_authorization_endpoint() {
    let place = place().await;
    let browser = &mut Browser::default();
    let login = browser.try_open(place.client.at("/login?return_to=%2F")).await.unwrap();
    let asked = password(browser, &login, CAROL).await;
    assert!(asked.text.contains("id=\"mfa-submit\""), "{}", asked.text);
    let front = browser.try_open(place.client.at("/")).await.unwrap();
    assert!(front.says("You are not signed in"), "{}", front.text);
    for path in ["/account/security", "/login"] {
        let page = browser.try_open(place.client.at(path)).await.unwrap();
        assert!(page.text.contains("id=\"mfa-submit\""), "{path}: {}", page.text);
    }
    let (mut url, _) = place.client.leave_for(ONLINE);
    url.query_pairs_mut().append_pair("prompt", "none");
    let refused = browser.send(Method::GET, url, &[], "").await.redirect().unwrap();
    assert!(refused.query().unwrap().contains("error=login_required"), "{refused}");
    let (url, verifier) = place.client.leave_for(ONLINE);
    let page = browser.try_open(url).await.unwrap();
    assert!(page.text.contains("id=\"mfa-submit\""), "no consent is asked of nobody: {}", page.text);

    // A code completes it, and the way goes on where it was.
    let consent = browser.submit(&page, &[("code", &code(&place, SECRET))]).await;
    let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
    let claims = id_token(&place, &Code { code: code_in(&answer), verifier }).await;
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("2"), &serde_json::json!(["pwd", "otp"])));
}

#[tokio::test]
async fn somebody_enrols_where_an_essential_acr_asks_for_it_and_meets_it() {
    let place = place().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let (mut url, _) = place.client.leave_for(ONLINE);
    url.query_pairs_mut().append_pair("claims", r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#);
    let led = browser.try_open(url).await.unwrap();
    assert!(
        led.text.contains("id=\"totp-enrol-submit\"") && led.text.contains("id=\"security-back\""),
        "{}",
        led.text
    );
    let page = post(&place, browser, "action=totp-enrol").await;
    let page = browser.try_open(page.redirect().unwrap()).await.unwrap();
    assert!(page.text.contains("<svg role=\"img\""), "{}", page.text);
    let secret = page.text.split("id=\"totp-secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let confirm = format!("action=totp-confirm&code={}", code(&place, &secret));
    let codes = post(&place, browser, &confirm).await;
    assert_eq!(
        (codes.status, codes.text.matches("<li><code>").count()),
        (StatusCode::OK, 10),
        "{}",
        codes.text
    );

    // The first code is as good a proof as any.
    let (mut url, verifier) = place.client.leave_for(ONLINE);
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#;
    url.query_pairs_mut().append_pair("claims", claims);
    let consent = browser.try_open(url).await.unwrap();
    let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
    let claims = id_token(&place, &Code { code: code_in(&answer), verifier }).await;
    assert_eq!(claims["acr"].as_str(), Some("2"));
    assert_eq!(claims["auth_time"].as_i64(), Some(place.clock.now().unix_seconds()));
}

#[tokio::test]
async fn a_person_of_the_configuration_keeps_their_app() {
    let place = place().await;
    let browser = &mut Browser::default();
    for (after, again) in [(0, false), (0, true), (30, false)] {
        place.later(after);
        browser.cookies.clear();
        let login = browser.try_open(place.client.at("/login")).await.unwrap();
        let asked = password(browser, &login, CAROL).await;
        let answer = browser.try_submit(&asked, &[("code", &code(&place, SECRET))]).await.unwrap();
        let expected = if again { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::SEE_OTHER };
        assert_eq!(answer.status, expected, "{after} {again}");
    }
}

#[tokio::test]
async fn a_trusted_browser_is_not_asked_when_it_signs_in_and_still_asked_to_step_up() {
    let place = place().await;
    let browser = &mut Browser::default();
    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    let asked = password(browser, &login, CAROL).await;
    assert!(asked.text.contains("id=\"trust\" name=\"trust\""), "{}", asked.text);
    let front = browser.submit(&asked, &[("code", &code(&place, SECRET)), ("trust", "1")]).await;
    browser.submit(&front, &[]).await;

    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    let front = password(browser, &login, CAROL).await;
    assert!(!front.text.contains("id=\"mfa-submit\""), "{}", front.text);
    let devices = browser.try_open(place.client.at("/account/devices")).await.unwrap();
    assert!(devices.says("Browsers that you trust"), "{}", devices.text);
    for path in ["/account/security", "/login?acr_values=2"] {
        let page = browser.try_open(place.client.at(path)).await.unwrap();
        assert!(page.text.contains("id=\"mfa-submit\""), "{path}: {}", page.text);
    }
    // Another browser is asked, and so is this one after thirty days.
    let elsewhere = &mut Browser::default();
    let login = elsewhere.try_open(place.client.at("/login")).await.unwrap();
    assert!(password(elsewhere, &login, CAROL).await.text.contains("id=\"mfa-submit\""));
    place.later(30 * 24 * 3600);
    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    assert!(password(browser, &login, CAROL).await.text.contains("id=\"mfa-submit\""));
}

#[tokio::test]
async fn whoever_is_remembered_tells_clients_so_and_steps_up_by_both_factors() {
    let place = place().await;
    let browser = &mut Browser::default();
    let login = browser.try_open(place.client.at("/login")).await.unwrap();
    let both = [("email", CAROL), ("password", PASSWORD), ("remember", "1")];
    let asked = browser.submit(&login, &both).await;
    assert!(!browser.cookies.contains_key("tgr"), "nobody half signed in is remembered");
    browser.submit(&asked, &[("code", &code(&place, SECRET))]).await;
    assert!(browser.cookies.contains_key("tgr"));
    let proven_at = place.clock.now();
    place.later(7 * 24 * 3600);

    let (url, verifier) = place.client.leave_for(ONLINE);
    let consent = browser.try_open(url).await.unwrap();
    let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
    let claims = id_token(&place, &Code { code: code_in(&answer), verifier }).await;
    assert_eq!((claims["acr"].as_str(), &claims["amr"]), (Some("0"), &serde_json::json!(["remembered"])));
    assert_eq!(claims["auth_time"].as_i64(), Some(proven_at.unix_seconds()));
    let (mut url, _) = place.client.leave_for(ONLINE);
    url.query_pairs_mut().append_pair("max_age", "3600").append_pair("prompt", "none");
    let refused = browser.send(Method::GET, url, &[], "").await.redirect().unwrap();
    assert!(refused.query().unwrap().contains("error=login_required"), "{refused}");

    // Beside a cookie alone a code is one factor: the password is asked for first.
    for path in ["/account/security", "/mfa?return_to=%2Faccount%2Fsecurity"] {
        let page = browser.try_open(place.client.at(path)).await.unwrap();
        assert!(page.text.contains("id=\"login-submit\""), "{path}: {}", page.text);
    }
    let login = browser.try_open(place.client.at("/account/security")).await.unwrap();
    let asked = password(browser, &login, CAROL).await;
    let page = browser.submit(&asked, &[("code", &code(&place, SECRET))]).await;
    assert!(page.text.contains("id=\"totp-remove-submit\""), "{}", page.text);
}

async fn post(place: &Place, browser: &mut Browser, form: &str) -> Page {
    browser.send(Method::POST, place.client.at("/account/security"), &[], form).await
}

/// The claims of the ID token that a code gives.
#[cfg(test)]
async fn id_token(place: &Place, code: &Code) -> Value {
    let answer = json(&place.client.redeem(code).await.unwrap());
    let token = answer["id_token"].as_str().unwrap_or_else(|| panic!("{answer}"));
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}
