//! A client that pushes its requests, and the person whom it sends with a reference.

use http::{Method, StatusCode};
use towergate_example_axum::run::Framework;
use url::{Url, form_urlencoded};

use super::{
    browser::{Browser, Page},
    place::Place,
};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) async fn a_client_pushes_its_request_and_gets_one_answer<F: Framework>() {
    let place = Place::over::<F>("http", "memory:", "[requests]\nrequire_pushed = true").await;
    let redirect = format!("{}/callback", place.app);
    let asked = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("response_type", "code"), ("client_id", "of-jwts"), ("redirect_uri", &redirect)])
        .extend_pairs([("scope", "openid"), ("state", "s"), ("code_challenge", CHALLENGE)])
        .extend_pairs([("code_challenge_method", "S256"), ("prompt", "login"), ("nonce", "n-1")])
        .finish();
    let browser = &mut Browser::default();

    // This host takes no other requests.
    let unpushed = Url::parse(&place.at(&format!("/oauth/authorize?{asked}"))).unwrap();
    let told = browser.send(Method::GET, unpushed, &[], "").await.redirect().unwrap();
    assert!(
        told.as_str().starts_with(&redirect) && told.as_str().contains("error=invalid_request"),
        "{told}"
    );

    let pushed = push(&place, &asked).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.text);
    let pushed: serde_json::Value = serde_json::from_str(&pushed.text).unwrap();
    assert_eq!(pushed["expires_in"], 60);
    let reference = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", "of-jwts"), ("request_uri", pushed["request_uri"].as_str().unwrap())])
        .finish();
    let address = place.at(&format!("/oauth/authorize?{reference}"));

    // A program looks at the address first, and the person loads the page twice.
    assert!(Browser::default().open(&address).await.text.contains("login-submit"));
    browser.open(&address).await;
    let login = browser.open(&address).await;
    let consent = place.sign_in(browser, &login).await;
    let back = browser.submit(&consent, &[("decision", "allow")]).await;
    let parameter = |name: &str| back.url.query_pairs().find(|pair| pair.0 == name).unwrap().1.into_owned();
    assert_eq!(parameter("state"), "s");
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("grant_type", "authorization_code"), ("client_id", "of-jwts")])
        .extend_pairs([
            ("code", &*parameter("code")),
            ("redirect_uri", &redirect),
            ("code_verifier", VERIFIER),
        ])
        .finish();
    let tokens = place.token_endpoint(&form).await;
    assert!(tokens["id_token"].is_string(), "{tokens}");

    let again = browser.open(&address).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.text.contains("invalid_request_uri") || again.says("start again"), "{}", again.text);
    place.running.stop().await;
}

async fn push(place: &Place, form: &str) -> Page {
    let url = Url::parse(&place.at("/oauth/par")).unwrap();
    Browser::default().send(Method::POST, url, &[], form).await
}
