//! What a newcomer sees, around any framework: the same laws, driven over sockets.

mod api_tokens;
pub(crate) mod browser;
mod devices;
mod keys;
mod leaving;
mod limits;
mod mailed;
mod passwords;
pub(crate) mod place;
mod postgres;
mod pushed;
mod registering;
mod social;

use http::{Method, StatusCode, header};
use towergate_example_axum::run::Framework;
use url::Url;

pub(crate) use api_tokens::*;
use browser::Browser;
pub(crate) use devices::*;
pub(crate) use keys::*;
pub(crate) use leaving::*;
pub(crate) use limits::*;
pub(crate) use mailed::*;
pub(crate) use passwords::*;
use place::{EMAIL, Place};
pub(crate) use postgres::*;
pub(crate) use pushed::*;
pub(crate) use registering::*;
pub(crate) use social::*;

pub(crate) async fn a_person_signs_in_and_out<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let front = browser.open(&place.at("/")).await;
    assert!(front.says(F::NAME) && front.says("You are not signed in"), "{}", front.text);
    let login = browser.open(&place.at("/login")).await;
    let wrong = browser.submit(&login, &[("email", EMAIL), ("password", "wrong")]).await;
    assert!(wrong.status.is_client_error() && wrong.text.contains("role=\"alert\""), "{}", wrong.text);
    let front = place.sign_in(browser, &login).await;
    assert!(front.says("You are Alice <Adams>") && front.says("pwd"), "{}", front.text);
    assert!(!front.text.contains("<Adams>"), "the name is text, not HTML");
    let front = browser.submit(&front, &[]).await;
    assert!(front.says("You are not signed in"), "{}", front.text);
    place.running.stop().await;
}

pub(crate) async fn every_page_is_strict<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    for path in ["/", "/login", "/nowhere"] {
        let page = browser.open(&place.at(path)).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{path}: {policy}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
    }
    assert_eq!(browser.open(&place.at("/nowhere")).await.status, StatusCode::NOT_FOUND);
    for (path, told) in [("/livez", "alive\n"), ("/readyz", "ready\n")] {
        let health = browser.open(&place.at(path)).await;
        assert_eq!((health.status, health.text.as_str()), (StatusCode::OK, told));
        assert!(!health.headers.contains_key("x-request-id"), "no record is kept of whoever only looks");
    }
    place.running.stop().await;
}

pub(crate) async fn a_form_of_another_site_is_refused<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let url = Url::parse(&place.at("/logout")).unwrap();
    let forged = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    let answer = Browser::default().send(Method::POST, url, &forged, "").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    place.running.stop().await;
}

pub(crate) async fn the_third_party_app_walks_the_whole_way<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let consent = place.ask_consent(browser).await;
    let shown = browser.submit(&consent, &[("decision", "allow")]).await;
    assert!(shown.url.as_str().starts_with(&format!("{}/callback?", place.app)), "{}", shown.url);
    assert!(shown.says("You are signed in here"), "{}", shown.text);
    for step in ["Discovery", "Code for tokens", "ID token: claims", "Userinfo", "The API"] {
        assert!(shown.says(step), "{step}: {}", shown.text);
    }
    assert!(shown.says("\"name\": \"Alice <Adams>\"") && shown.says("\"client\": \"demo-app\""));
    assert!(!shown.text.contains("<Adams>"), "claims are text, not HTML");
    place.running.stop().await;
}

pub(crate) async fn a_remembered_consent_goes_straight_through<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let consent = place.ask_consent(browser).await;
    browser.submit(&consent, &[("decision", "allow"), ("remember", "on")]).await;
    let shown = browser.open(&format!("{}/start", place.app)).await;
    assert!(shown.says("You are signed in here"), "{}", shown.text);
    place.running.stop().await;
}

pub(crate) async fn a_consent_not_remembered_is_asked_again<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let consent = place.ask_consent(browser).await;
    browser.submit(&consent, &[("decision", "allow")]).await;
    let again = browser.open(&format!("{}/start", place.app)).await;
    assert!(again.text.contains("consent-allow"), "{}", again.text);
    place.running.stop().await;
}

pub(crate) async fn a_refusal_reaches_the_app_as_access_denied<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let consent = place.ask_consent(browser).await;
    let shown = browser.submit(&consent, &[("decision", "deny")]).await;
    assert!(shown.says("You are not signed in here") && shown.says("access_denied"), "{}", shown.text);
    place.running.stop().await;
}

pub(crate) async fn the_app_refuses_an_answer_that_it_did_not_ask_for<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let uninvited = browser.open(&format!("{}/callback?code=x&state=y", place.app)).await;
    assert!(uninvited.says("did not leave from here"), "{}", uninvited.text);
    browser.open(&format!("{}/start", place.app)).await;
    let forged = browser.open(&format!("{}/callback?code=x&state=y", place.app)).await;
    assert!(forged.says("The state is not the one"), "{}", forged.text);
    place.running.stop().await;
}

pub(crate) async fn the_api_wants_an_access_token<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    for path in ["/api/me", "/api/sensitive"] {
        let url = Url::parse(&place.at(path)).unwrap();
        let bare = browser.send(Method::GET, url.clone(), &[], "").await;
        assert_eq!(bare.status, StatusCode::UNAUTHORIZED);
        let challenge = bare.headers[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned();
        assert!(challenge.starts_with("Bearer ") && !challenge.contains("error="), "{challenge}");
        let torn = browser.send(Method::GET, url, &[("authorization", "Bearer torn")], "").await;
        assert_eq!(torn.status, StatusCode::UNAUTHORIZED);
        let challenge = torn.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let login = browser.open(&place.at("/login")).await;
    place.sign_in(browser, &login).await;
    let bearer = format!("Bearer {}", place.access_token(browser, "of-jwts").await);
    for path in ["/api/me", "/api/sensitive"] {
        let url = Url::parse(&place.at(path)).unwrap();
        let answer = browser.send(Method::GET, url, &[("authorization", &bearer)], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    place.running.stop().await;
}

pub(crate) async fn the_api_says_where_its_authorization_server_is<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let bare = browser.send(Method::GET, Url::parse(&place.at("/api/me")).unwrap(), &[], "").await;
    let challenge = bare.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    let (_, address) = challenge.split_once("resource_metadata=\"").unwrap();
    let address = address.split('"').next().unwrap();
    assert_eq!(address, place.at("/.well-known/oauth-protected-resource/api"));
    let described = browser.open(address).await;
    assert!(described.headers.contains_key(header::ETAG));
    let described: serde_json::Value = serde_json::from_str(&described.text).unwrap();
    assert_eq!(described["resource"], place.at("/api"));
    let issuer = described["authorization_servers"][0].as_str().unwrap();
    let metadata = browser.open(&format!("{issuer}/.well-known/oauth-authorization-server")).await;
    let metadata: serde_json::Value = serde_json::from_str(&metadata.text).unwrap();
    assert_eq!(metadata["issuer"], issuer);
    assert_eq!(metadata["acr_values_supported"], serde_json::json!(["0", "1", "2"]));
    place.running.stop().await;
}

pub(crate) async fn an_issuer_may_have_a_path<F: Framework>() {
    let place = Place::behind::<F>("http", "/tenant", "memory:", "").await;
    let browser = &mut Browser::default();
    let consent = place.ask_consent(browser).await;
    assert!(consent.url.path().starts_with("/tenant/interaction/"), "{}", consent.url);
    let shown = browser.submit(&consent, &[("decision", "allow")]).await;
    assert!(shown.says("You are signed in here"), "{}", shown.text);
    let wanted = format!("{}/tenant", place.host);
    let wellknown =
        ["/.well-known/oauth-authorization-server/tenant", "/tenant/.well-known/openid-configuration"];
    for path in wellknown {
        let metadata = browser.open(&place.at(path)).await;
        let metadata: serde_json::Value = serde_json::from_str(&metadata.text).unwrap();
        assert_eq!(metadata["issuer"], wanted.as_str(), "{path}");
    }
    place.running.stop().await;
}

pub(crate) async fn the_whole_way_goes_over_tls_under_the_strict_cookies<F: Framework>() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = format!("[tls]\ncert = '{}'\nkey = '{}'", cert.display(), key.display());
    let place = Place::over::<F>("https", "memory:", &tls).await;
    let browser = &mut Browser::trusting(made.cert.der().clone());
    let consent = place.ask_consent(browser).await;
    assert!(browser.holds("__Host-tgs") && browser.holds("__Host-tgib"));
    let shown = browser.submit(&consent, &[("decision", "allow")]).await;
    assert!(shown.says("You are signed in here"), "{}", shown.text);
    place.running.stop().await;
}

pub(crate) async fn what_was_kept_in_sqlite_outlives_the_host<F: Framework>() {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("towergate.db").display());
    let browser = &mut Browser::default();
    let first = Place::new::<F>(&database).await;
    let login = browser.open(&first.at("/login")).await;
    first.sign_in(browser, &login).await;
    let keys = browser.open(&first.at("/oauth/jwks")).await.text;
    first.running.stop().await;
    let second = Place::new::<F>(&database).await;
    let front = browser.open(&second.at("/")).await;
    assert!(front.says("You are Alice"), "the session goes on: {}", front.text);
    assert_eq!(browser.open(&second.at("/oauth/jwks")).await.text, keys, "the signing keys stay");
    second.running.stop().await;
}

pub(crate) async fn signing_out_ends_what_other_software_holds<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let browser = &mut Browser::default();
    let login = browser.open(&place.at("/login")).await;
    place.sign_in(browser, &login).await;
    for client in ["of-jwts", "of-opaque-tokens"] {
        let bearer = format!("Bearer {}", place.access_token(browser, client).await);
        let api = Url::parse(&place.at("/api/me")).unwrap();
        let call = [("authorization", bearer.as_str())];
        let before = Browser::default().send(Method::GET, api.clone(), &call, "").await;
        assert_eq!(before.status, StatusCode::OK, "{client}: {}", before.text);
        let front = browser.open(&place.at("/")).await;
        browser.submit(&front, &[]).await;
        let after = Browser::default().send(Method::GET, api, &call, "").await;
        assert_eq!(after.status, StatusCode::UNAUTHORIZED, "{client}: {}", after.text);
        let login = browser.open(&place.at("/login")).await;
        place.sign_in(browser, &login).await;
    }
    place.running.stop().await;
}

pub(crate) async fn a_client_registers_itself_and_a_sign_in_begins_at_it<F: Framework>() {
    let more = "initiate_login_uri = \"https://app.example/begin\"\nclient_name = \"Configured <app>\"\n\
                [registration]\nmode = \"open\"\n";
    let place = Place::over::<F>("http", "memory:", more).await;
    let issuer = Url::parse(&place.host).unwrap();
    let redirect = format!("{}/callback", place.app);
    let metadata = serde_json::json!({
        "redirect_uris": [redirect], "token_endpoint_auth_method": "none", "client_name": "Registered <app>",
        "initiate_login_uri": "https://app.example/start",
    });
    let register = issuer.join("/oauth/register").unwrap();
    let call = [("content-type", "application/json")];
    let answer = Browser::default().send(Method::POST, register, &call, &metadata.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let told: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
    let id = told["client_id"].as_str().unwrap();

    let browser = &mut Browser::default();
    let login = browser.open(&place.at("/login")).await;
    let front = place.sign_in(browser, &login).await;
    let port = issuer.port().unwrap();
    let begin = format!("https://app.example/begin?iss=http%3A%2F%2Flocalhost%3A{port}");
    assert!(front.text.contains(&begin) && front.says("Sign in at Configured <app>"), "{}", front.text);
    let start = browser.open(&place.at(&format!("/start/{id}"))).await;
    let begin = format!(
        "id=\"initiate-login\" class=\"button\" href=\"https://app.example/start?iss=http%3A%2F%2Flocalhost%3A{port}\""
    );
    assert!(start.text.contains(&begin) && start.says("Go to Registered <app>"), "{}", start.text);
    for nobody in ["nobody", "of-jwts", "%20"] {
        let page = browser.open(&place.at(&format!("/start/{nobody}"))).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{nobody}");
    }
    place.access_token(browser, id).await;
    place.running.stop().await;
}

/// Makes a test of each law, around one framework.
macro_rules! prove {
    ($framework:ty: $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $law() {
                journey::$law::<$framework>().await;
            }
        )+
    };
}
pub(crate) use prove;
