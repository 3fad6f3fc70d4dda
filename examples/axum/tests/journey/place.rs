//! A host and its third-party app, for one test.

use http::Method;
use tokio::net::TcpListener;
use towergate_example_axum::{
    config::Config,
    run::{Framework, Listeners, Running, start},
};
use url::{Url, form_urlencoded};

use super::browser::{Browser, Page};

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
        Self::over::<F>("http", database, "").await
    }

    /// A place under another scheme, with more in its configuration.
    pub(crate) async fn over<F: Framework>(scheme: &str, database: &str, more: &str) -> Self {
        Self::behind::<F>(scheme, "", database, more).await
    }

    /// The same, whose issuer has a path.
    pub(crate) async fn behind<F: Framework>(scheme: &str, path: &str, database: &str, more: &str) -> Self {
        let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0"));
        let [host, app] = listeners;
        let (host, app) = (host.await.unwrap(), app.await.unwrap());
        let ports = (host.local_addr().unwrap().port(), app.local_addr().unwrap().port());
        let config = Config::parse("test.toml", &toml(scheme, path, database, ports, more)).unwrap();
        let running = start::<F>(config, Listeners::from_parts(host, Some(app))).await.unwrap();
        let (host, app) =
            (format!("{scheme}://localhost:{}", ports.0), format!("http://localhost:{}", ports.1));
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

    /// An access token for a public client of the configuration, which whoever is signed in agrees to.
    pub(crate) async fn access_token(&self, browser: &mut Browser, client: &str) -> String {
        let answer = self.tokens(browser, client).await;
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// What the token endpoint answers such a client.
    pub(crate) async fn tokens(&self, browser: &mut Browser, client: &str) -> serde_json::Value {
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        let redirect = format!("{}/callback", self.app);
        let authorize = self.at("/oauth/authorize?");
        let end = authorize.len();
        let request = form_urlencoded::Serializer::for_suffix(authorize, end)
            .extend_pairs([("response_type", "code"), ("client_id", client), ("redirect_uri", &redirect)])
            .extend_pairs([("scope", "openid"), ("state", "s"), ("code_challenge", challenge)])
            .extend_pairs([("code_challenge_method", "S256")])
            .finish();
        let consent = browser.open(&request).await;
        let back = browser.submit(&consent, &[("decision", "allow")]).await;
        let code = back.url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("grant_type", "authorization_code"), ("code", &code), ("client_id", client)])
            .extend_pairs([("redirect_uri", redirect.as_str()), ("code_verifier", verifier)])
            .finish();
        self.token_endpoint(&form).await
    }

    /// What the token endpoint answers.
    pub(crate) async fn token_endpoint(&self, form: &str) -> serde_json::Value {
        let token = Url::parse(&self.at("/oauth/token")).unwrap();
        let answer = Browser::default().send(Method::POST, token, &[], form).await;
        serde_json::from_str(&answer.text).unwrap()
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

fn toml(scheme: &str, path: &str, database: &str, (host, app): (u16, u16), more: &str) -> String {
    format!(
        r#"
        addr = "127.0.0.1:{host}"
        issuer = "{scheme}://localhost:{host}{path}"
        database = "{database}"
        [[users]]
        email = "{EMAIL}"
        password = "{PASSWORD}"
        name = "Alice <Adams>"
        [demo]
        enabled = true
        addr = "127.0.0.1:{app}"
        [[clients]]
        client_id = "of-jwts"
        token_endpoint_auth_method = "none"
        redirect_uris = ["http://localhost:{app}/callback"]
        scope = "openid"
        [[clients]]
        client_id = "of-opaque-tokens"
        token_endpoint_auth_method = "none"
        redirect_uris = ["http://localhost:{app}/callback"]
        scope = "openid"
        access_token_format = "opaque"
        {more}
        "#
    )
}
