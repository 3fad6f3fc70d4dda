//! The same host where its database is elsewhere.

use http::{Method, StatusCode};
use towergate_example_axum::run::Framework;
use towergate_test_servers::postgres::PostgresServer;
use url::{Url, form_urlencoded};

use super::{browser::Browser, place::Place};

pub(crate) async fn the_whole_way_goes_over_postgres_and_outlives_the_host<F: Framework>() {
    let (database, folder) = (PostgresServer::shared().database(), tempfile::tempdir().unwrap());
    let more = format!(
        r#"
        grant_types = ["authorization_code", "refresh_token"]
        [keys]
        seal_key_file = '{}'
        "#,
        folder.path().join("gate.key").display()
    );
    let browser = &mut Browser::default();
    let first = Place::over::<F>("http", &database.url(), &more).await;
    let consent = first.ask_consent(browser).await;
    let shown = browser.submit(&consent, &[("decision", "allow"), ("remember", "on")]).await;
    assert!(shown.says("You are signed in here"), "{}", shown.text);
    let tokens = first.tokens(browser, CLIENT).await;
    assert_eq!(calls_api(&first, &tokens).await, StatusCode::OK, "{tokens}");
    let tokens = first.token_endpoint(&refresh(&tokens)).await;
    assert_eq!(calls_api(&first, &tokens).await, StatusCode::OK, "{tokens}");
    let keys = browser.open(&first.at("/oauth/jwks")).await.text;
    first.running.stop().await;

    let second = Place::over::<F>("http", &database.url(), &more).await;
    let front = browser.open(&second.at("/")).await;
    assert!(front.says("You are Alice"), "the session goes on: {}", front.text);
    assert_eq!(browser.open(&second.at("/oauth/jwks")).await.text, keys, "the signing keys stay");
    let shown = browser.open(&format!("{}/start", second.app)).await;
    assert!(shown.says("You are signed in here"), "the consent is remembered: {}", shown.text);

    // Whoever signs out ends what other software holds.
    let front = browser.open(&second.at("/")).await;
    browser.submit(&front, &[]).await;
    assert_eq!(second.token_endpoint(&refresh(&tokens)).await["error"], "invalid_grant");
    second.running.stop().await;
}

const CLIENT: &str = "of-opaque-tokens";

fn refresh(tokens: &serde_json::Value) -> String {
    let token = tokens["refresh_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)])
        .finish()
}

async fn calls_api(place: &Place, tokens: &serde_json::Value) -> StatusCode {
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    let (api, bearer) = (Url::parse(&place.at("/api/me")).unwrap(), format!("Bearer {token}"));
    Browser::default().send(Method::GET, api, &[("authorization", &bearer)], "").await.status
}
