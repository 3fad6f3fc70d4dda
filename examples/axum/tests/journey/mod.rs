//! What a newcomer sees, around any framework: the same laws, driven over sockets.

mod browser;

use http::{Method, StatusCode, header};
use tokio::net::TcpListener;
use towergate_example_axum::{
    config::Config,
    run::{Framework, Listeners, Running, start},
};
use url::Url;

pub(crate) use browser::{Browser, Page};

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A host and its third-party app on ports of their own.
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) app: String,
    pub(crate) running: Running,
}

impl Place {
    pub(crate) async fn new<F: Framework>(database: &str) -> Self {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0"));
        let [host, app] = listeners;
        let (host, app) = (host.await.unwrap(), app.await.unwrap());
        let ports = (host.local_addr().unwrap().port(), app.local_addr().unwrap().port());
        let config = Config::parse("test.toml", &toml(database, ports)).unwrap();
        let running = start::<F>(config, Listeners::from_parts(host, Some(app))).await.unwrap();
        let [host, app] = [ports.0, ports.1].map(|port| format!("http://localhost:{port}"));
        Self { host, app, running }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.host)
    }

    /// Signs in at the page where the browser was sent to.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, page: &Page) -> Page {
        assert!(page.text.contains("id=\"login-submit\""), "{}", page.text);
        browser.submit(page, &[("email", EMAIL), ("password", PASSWORD)]).await
    }

    /// Goes from the third-party app to the consent page.
    pub(crate) async fn ask_consent(&self, browser: &mut Browser) -> Page {
        let login = browser.open(&format!("{}/start", self.app)).await;
        let consent = self.sign_in(browser, &login).await;
        for id in ["consent-allow", "consent-deny", "remember"] {
            assert!(consent.text.contains(&format!("id=\"{id}\"")), "{id}: {}", consent.text);
        }
        assert!(consent.says("Third-party app"), "{}", consent.text);
        consent
    }
}

fn toml(database: &str, (host, app): (u16, u16)) -> String {
    format!(
        r#"
        addr = "127.0.0.1:{host}"
        issuer = "http://localhost:{host}"
        database = "{database}"
        [[users]]
        email = "{EMAIL}"
        password = "{PASSWORD}"
        name = "Alice <Adams>"
        [demo]
        enabled = true
        addr = "127.0.0.1:{app}"
        "#
    )
}

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
    let health = browser.open(&place.at("/healthz")).await;
    assert_eq!((health.status, health.text.as_str()), (StatusCode::OK, "ok\n"));
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

pub(crate) async fn the_api_wants_an_access_token<F: Framework>() {
    let place = Place::new::<F>("memory:").await;
    let url = Url::parse(&place.at("/api/me")).unwrap();
    let browser = &mut Browser::default();
    let bare = browser.send(Method::GET, url.clone(), &[], "").await;
    assert_eq!(bare.status, StatusCode::UNAUTHORIZED);
    let challenge = bare.headers[header::WWW_AUTHENTICATE].to_str().unwrap().to_owned();
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("error="), "{challenge}");
    let torn = browser.send(Method::GET, url, &[("authorization", "Bearer torn")], "").await;
    assert_eq!(torn.status, StatusCode::UNAUTHORIZED);
    let challenge = torn.headers[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
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
