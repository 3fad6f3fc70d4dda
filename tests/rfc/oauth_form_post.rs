//! OAuth 2.0 Form Post Response Mode,
//! [by section](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html), on the whole house.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use towergate::{
    core::Digest, identity::ports::memory::MemoryStore as People, oauth::ports::memory::MemoryStore as Grants,
};

use crate::house::{
    CALLBACK, House, ISSUER,
    browser::{Answer, Browser, token_request},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, signed_in, to_consent_about},
};

/// A `state` of everything that HTML and forms take for something else.
const STATE: &str = "<\"'>&amp;=%+é</form><script>alert(1)</script>";

async fn house() -> (House, Browser) {
    let house = House::on(People::new(), Grants::new()).await;
    let browser = signed_in(&house).await;
    (house, browser)
}

fn asks() -> String {
    AUTHORIZE.replace("state=st", &format!("state={}&response_mode=form_post", encode(STATE)))
}

/// The fields of the form, as a browser would send them.
fn fields(page: &Answer) -> Vec<(String, String)> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let fields = page.text.split("<input type=\"hidden\" name=\"").skip(1);
    let read = |field: &str| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        let mut value = rest.split('"').next().unwrap().to_owned();
        let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'")];
        for (name, letter) in marks {
            value = value.replace(name, letter);
        }
        (name.to_owned(), value.replace("&amp;", "&"))
    };
    fields.map(read).collect()
}

fn field(page: &Answer, name: &str) -> String {
    let found: Vec<_> = fields(page).into_iter().filter(|(known, _)| known == name).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found.into_iter().next().unwrap().1
}

fn is_guarded(page: &Answer) {
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.text.contains(&format!("<form method=\"post\" action=\"{CALLBACK}\">")), "{}", page.text);
    assert_eq!(page.text.matches("<form").count(), 1, "what a client sends ends no form: {}", page.text);
    assert!(page.text.contains("<button type=\"submit\">"), "without scripts there is a button");
    // The one script that may run is the one that posts the form.
    let policy = page.header("content-security-policy");
    let script = page.text.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    let digest = STANDARD.encode(Digest::of(script.as_bytes()).as_bytes());
    assert!(policy.contains(&format!("script-src 'sha256-{digest}'")), "{policy}");
    assert_eq!(page.text.matches("<script>").count(), 1);
    assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
}

#[tokio::test]
async fn section_2_a_code_and_what_belongs_to_it_are_posted() {
    let (house, mut browser) = house().await;
    let path = to_consent_about(&mut browser, &asks()).await;
    let page = browser.post(&path, "decision=allow").await;
    is_guarded(&page);
    let names: Vec<_> = fields(&page).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    assert_eq!((field(&page, "state").as_str(), field(&page, "iss").as_str()), (STATE, ISSUER));
    let code = field(&page, "code");
    assert_eq!(token_request(&house.app, &exchange(&code, VERIFIER)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn section_2_an_error_is_posted_likewise() {
    let (_, mut browser) = house().await;
    let path = to_consent_about(&mut browser, &asks()).await;
    let denied = browser.post(&path, "decision=deny").await;
    let silent = browser.get(&format!("{}&prompt=none", asks())).await;
    let wrong = browser.get(&format!("{}&max_age=x", asks())).await;
    for (page, error) in [(denied, "access_denied"), (silent, "consent_required"), (wrong, "invalid_request")]
    {
        is_guarded(&page);
        assert_eq!((field(&page, "error").as_str(), field(&page, "state").as_str()), (error, STATE));
        assert_eq!(field(&page, "iss"), ISSUER);
        assert!(!page.text.contains("name=\"code\""));
    }
}

#[tokio::test]
async fn section_2_nothing_is_in_the_address_that_the_browser_keeps() {
    let (_, mut browser) = house().await;
    let page = browser.get(&format!("{}&prompt=none", asks())).await;
    assert_eq!((page.status, page.location.as_str()), (StatusCode::OK, ""));
    let metadata = browser.get("/.well-known/openid-configuration").await.json();
    assert!(metadata["response_modes_supported"].as_array().unwrap().contains(&"form_post".into()));
}
