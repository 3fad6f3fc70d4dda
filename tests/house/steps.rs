//! The steps that a person and a client take, one function each.

use http::StatusCode;

use super::{CALLBACK, House, PASSWORD, browser::Browser};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const AUTHORIZE: &str = "/oauth/authorize?response_type=code&client_id=shop&scope=openid%20email&state=st&nonce=no\
    &redirect_uri=https%3A%2F%2Fshop.example%2Fcallback&code_challenge_method=S256\
    &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser in which Alice is signed in.
pub(crate) async fn signed_in(house: &House) -> Browser {
    let mut browser = Browser::new(house.app.clone());
    let answer = browser.post("/login", &login_form()).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    browser
}

/// What Alice types.
pub(crate) fn login_form() -> String {
    format!("email=alice%40example.com&password={}", PASSWORD.replace(' ', "+"))
}

/// Walks to the question whether the client may act for whoever is signed in; answers its path.
pub(crate) async fn to_consent(browser: &mut Browser) -> String {
    to_consent_about(browser, AUTHORIZE).await
}

/// The same for a request of one's own.
pub(crate) async fn to_consent_about(browser: &mut Browser, request: &str) -> String {
    let path = browser.get(request).await.location;
    let page = browser.get(&path).await;
    assert!(page.text.contains("consent-allow"), "{}", page.text);
    path
}

/// Walks to a code.
pub(crate) async fn to_code(browser: &mut Browser) -> String {
    to_code_for(browser, AUTHORIZE).await
}

/// The same for a request of one's own.
pub(crate) async fn to_code_for(browser: &mut Browser, request: &str) -> String {
    let path = to_consent_about(browser, request).await;
    let answer = browser.post(&path, "decision=allow").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    parameter(&answer.location, "code")
}

/// What a client posts to have `code` exchanged.
pub(crate) fn exchange(code: &str, verifier: &str) -> String {
    let callback = encode(CALLBACK);
    format!("grant_type=authorization_code&code={code}&redirect_uri={callback}&code_verifier={verifier}")
}

/// What a client posts to have `token` refreshed.
pub(crate) fn refresh(token: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={token}")
}

/// A parameter of an address, decoded.
pub(crate) fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub(crate) fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
