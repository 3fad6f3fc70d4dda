//! An API that asks for a fresh sign-in, a client that sends the person to give one, and the sign-in wing that asks them.
//! [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
mod timed;

use http::{StatusCode, header};
use tokio::{net::TcpListener, sync::watch};
use towergate::core::{Clock, system::SystemClock};
use towergate_example_axum::{
    demo::{Settings, application},
    serve::serve,
};

use timed::{
    MINUTE, ONLINE, Place,
    client::{Browser, EMAIL, PASSWORD, tokens_in},
};

const SENSITIVE: &str = "/api/sensitive";
const SECRET: &str = "a-secret-that-a-machine-made-for-the-demo";

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

#[tokio::test]
async fn the_third_party_app_offers_to_sign_in_again_and_gets_what_it_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let registered = format!(
        "[[clients]]\nclient_id = \"demo\"\nclient_secret = \"{SECRET}\"\nscope = \"openid profile email\"\n\
         redirect_uris = [\"{app}/callback\"]\n"
    );
    // The app has a clock of its own, the real one.
    let place = Place::starting(SystemClock.now(), &registered).await;
    let settings = Settings {
        issuer: place.client.issuer.clone(),
        client_id: String::from("demo"),
        client_secret: String::from(SECRET),
        origin: app.clone(),
        api: place.client.at("/api/me").to_string(),
        sensitive_api: place.client.at(SENSITIVE).to_string(),
        pinned_certificate: None,
    };
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(serve(
        listener,
        None,
        application(settings).unwrap(),
        stopped,
        std::time::Duration::from_secs(10),
    ));

    let browser = &mut Browser::default();
    place.sign_in(browser, EMAIL).await;
    let agree = [("decision", "allow")];
    let consent = browser.open(&format!("{app}/start")).await;
    let shown = browser.submit(&consent, &agree).await;
    assert!(shown.says("your sign-in is fresh enough"), "{}", shown.text);

    place.later(5 * MINUTE + 1);
    let consent = browser.open(&format!("{app}/start")).await;
    let shown = browser.submit(&consent, &agree).await;
    assert!(shown.says("You are signed in here"), "{}", shown.text);
    assert!(shown.says("wants a sign-in of the last 300 seconds"), "{}", shown.text);
    let (_, link) = shown.text.split_once("id=\"step-up\"").unwrap();
    assert!(link.split('>').next().unwrap().contains("href=\"/start?max_age=300\""), "{}", shown.text);

    let login = browser.open(&format!("{app}/start?max_age=300")).await;
    let consent = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    let shown = browser.submit(&consent, &agree).await;
    assert!(shown.says("your sign-in is fresh enough"), "{}", shown.text);
}
