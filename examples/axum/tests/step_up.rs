//! An API that asks for a fresh sign-in, a client that sends the person to give one, and the sign-in wing that asks them.
//! [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod timed;

use http::{StatusCode, header};
use timed::{
    MINUTE, ONLINE, Place,
    client::{Browser, EMAIL, PASSWORD, tokens_in},
};

const SENSITIVE: &str = "/api/sensitive";

#[tokio::test]
async fn a_challenge_of_the_api_is_answered_by_signing_in_again() {
    let place = Place::new().await;
    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let tokens = place.tokens(browser, ONLINE).await;
    place.later(5 * MINUTE);
    assert_eq!(place.api(SENSITIVE, &tokens).await.status, StatusCode::OK);
    place.later(1);
    let refused = place.api(SENSITIVE, &tokens).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let challenge = refused.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
    assert!(challenge.contains("max_age=\"300\""), "{challenge}");
    assert_eq!(place.api("/api/me", &tokens).await.status, StatusCode::OK, "it is a good token elsewhere");

    // To refresh is not to sign in.
    let refreshed = tokens_in(&place.refresh(&tokens).await);
    assert_eq!(place.api(SENSITIVE, &refreshed).await.status, StatusCode::UNAUTHORIZED);

    // The client does as it is told.
    let (mut url, verifier) = place.client.leave_for(ONLINE);
    url.query_pairs_mut().append_pair("max_age", "300");
    let login = browser.try_open(url).await.unwrap();
    assert!(login.text.contains("login-submit"), "{}", login.text);
    let consent = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    let fresh = place.agreed(browser, &consent, verifier).await;
    assert_eq!(place.api(SENSITIVE, &fresh).await.status, StatusCode::OK);

    // What the client held before lives on, since the person went on with their sign-in; it is no fresher for that.
    let older = tokens_in(&place.refresh(&refreshed).await);
    assert_eq!(place.api("/api/me", &older).await.status, StatusCode::OK);
    assert_eq!(place.api(SENSITIVE, &older).await.status, StatusCode::UNAUTHORIZED);
}
