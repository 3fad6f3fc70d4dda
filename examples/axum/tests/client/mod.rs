//! A confidential client and the person before it, at a host that may vanish in the middle of an answer.

#[path = "../journey/browser.rs"]
mod browser;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use openidconnect::PkceCodeChallenge;
use serde_json::Value;
use url::{Url, form_urlencoded};

pub(crate) use browser::{Browser, Lost, Page};

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const PASSWORD: &str = "seven kettles on a slate roof";
const ID: &str = "app";
const SECRET: &str = "a-secret-that-a-machine-made-0123456789";
const CALLBACK: &str = "https://app.example/callback";

/// The client, which knows the host by its address.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) issuer: String,
}

/// A code in the client's hands, and what proves that it asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) code: String,
    pub(crate) verifier: String,
}

/// What a token answer brings.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Browser {
    /// The value of a cookie that the host set.
    pub(crate) fn cookie(&self, name: &str) -> &str {
        &self.cookies[name]
    }
}

impl Client {
    /// The configuration of a host on `port` that knows this client and its person.
    pub(crate) fn toml(port: u16, database: &str) -> String {
        format!(
            r#"
            addr = "127.0.0.1:{port}"
            issuer = "http://localhost:{port}"
            database = "{database}"
            [[users]]
            email = "{EMAIL}"
            password = "{PASSWORD}"
            name = "Alice"
            [[clients]]
            client_id = "{ID}"
            client_secret = "{SECRET}"
            redirect_uris = ["{CALLBACK}"]
            grant_types = ["authorization_code", "refresh_token"]
            scope = "openid email offline_access"
            "#
        )
    }

    pub(crate) fn at(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.issuer)).unwrap()
    }

    /// Where the browser leaves to, and the verifier that stays behind.
    pub(crate) fn leave(&self) -> (Url, String) {
        self.leave_for("openid email offline_access")
    }

    /// The same, to ask for this scope.
    pub(crate) fn leave_for(&self, scope: &str) -> (Url, String) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut url = self.at("/oauth/authorize");
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", ID)
            .append_pair("redirect_uri", CALLBACK)
            .append_pair("scope", scope)
            .append_pair("state", "s")
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256");
        (url, verifier.into_secret())
    }

    /// The person's part of the way, undisturbed.
    pub(crate) async fn obtain_code(&self, browser: &mut Browser) -> Code {
        let (url, verifier) = self.leave();
        let login = browser.try_open(url).await.unwrap();
        let consent = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
        let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
        Code { code: code_in(&answer), verifier }
    }

    pub(crate) async fn redeem(&self, code: &Code) -> Result<Page, Lost> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code.code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &code.verifier),
        ];
        self.token(&form).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Result<Page, Lost> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> Result<Page, Lost> {
        self.post("/oauth/token", form).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Result<Page, Lost> {
        self.post("/oauth/introspect", &[("token", token)]).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Result<Page, Lost> {
        self.post("/oauth/revoke", &[("token", token)]).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Page, Lost> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let basic = basic();
        let headers = [("authorization", basic.as_str())];
        Browser::default().try_send(Method::POST, self.at(path), &headers, &form).await
    }

    pub(crate) async fn userinfo(&self, access: &str) -> Result<Page, Lost> {
        let bearer = format!("Bearer {access}");
        let headers = [("authorization", bearer.as_str())];
        Browser::default().try_send(Method::GET, self.at("/oauth/userinfo"), &headers, "").await
    }
}

/// The client's proof of itself, as a header.
pub(crate) fn basic() -> String {
    format!("Basic {}", STANDARD.encode(format!("{ID}:{SECRET}")))
}

/// The code in the answer that sends the browser back to the client.
pub(crate) fn code_in(answer: &Page) -> String {
    let back = answer.redirect().unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text));
    assert!(back.as_str().starts_with(CALLBACK), "{back}");
    let code = back.query_pairs().find(|(name, _)| name == "code");
    code.unwrap_or_else(|| panic!("{back}")).1.into_owned()
}

/// The tokens of an answer that must bring some.
pub(crate) fn tokens_in(answer: &Page) -> Tokens {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let json = json(answer);
    let [access, refresh] =
        ["access_token", "refresh_token"].map(|name| json[name].as_str().unwrap().to_owned());
    Tokens { access, refresh }
}

/// The answer as JSON; null where it is none.
pub(crate) fn json(answer: &Page) -> Value {
    serde_json::from_str(&answer.text).unwrap_or_default()
}

/// Whether the answer says that the code or token is good for nothing.
pub(crate) fn is_invalid_grant(answer: &Page) -> bool {
    answer.status == StatusCode::BAD_REQUEST && json(answer)["error"] == "invalid_grant"
}
