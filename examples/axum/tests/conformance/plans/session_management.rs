//! `oidcc-session-management-certification-test-plan`: what the page in the frame would say, by its rule and without its
//! script.

use http::{Method, StatusCode, header};
use serde_json::json;
use towergate::oauth::rules::logout::session_state::session_state;
use url::Url;

use super::rp_initiated_logout::{SignedIn, came_back};

/// The one cookie that scripts read, which the script of the page compares.
const BROWSER_STATE: &str = "__Host-tgbs";

#[tokio::test]
async fn oidcc_session_management_rp_initiated_logout() {
    let mut person = SignedIn::new(json!({})).await;
    assert_eq!(said(&person), "unchanged");
    let frame = person.module.op.endpoint("check_session_iframe").await;
    let page = person.module.browser.send(Method::GET, frame, &[], "").await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("frame-ancestors *"), "every client may frame it: {policy}");
    assert!(!page.headers.contains_key(header::X_FRAME_OPTIONS));
    assert!(page.text.contains(BROWSER_STATE) && page.text.contains("postMessage"));
    let request = person.request();
    came_back(&person.log_out(&request).await, &request);
    assert_eq!(said(&person), "changed");
    person.ended().await;
}

/// What the page answers to a client at the origin of its redirect URI.
fn said(person: &SignedIn) -> &'static str {
    let client = &person.module.client;
    let origin = Url::parse(&client.redirect_uri).unwrap().origin().ascii_serialization();
    let held = person.flow.back.get("session_state").expect("no session_state");
    let salt = held.split_once('.').unwrap().1;
    let cookies = &person.module.browser.cookies;
    let state = cookies.get(BROWSER_STATE).map(String::as_str).unwrap_or_default();
    let now = session_state(&client.id, &origin, state, salt);
    if now == *held { "unchanged" } else { "changed" }
}
