//! A client of the suite: one of the configuration, or one that registered itself.

use std::sync::{Arc, OnceLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use towergate::{
    core::Clock,
    jose::{Algorithm, JwkSet, SigningKey, generate},
};
use url::{Url, form_urlencoded::Serializer};

use super::{
    browser::Page,
    nonce,
    op::{Op, as_json},
};

/// How a client proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    Basic,
    Post,
    PrivateKey,
}

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) auth: Auth,
    pub(crate) redirect_uri: String,
    /// What the provider answered to its registration.
    pub(crate) registered: Value,
    pub(crate) key: Arc<SigningKey>,
    secret: String,
}

impl Client {
    /// A client of the configuration.
    pub(crate) fn of_config(op: &Op, id: &str) -> Self {
        let (auth, secret) = match id {
            "suite-client" => (Auth::Basic, "a-secret-of-the-first-client-of-the-suite"),
            "suite-client-2" => (Auth::Basic, "a-secret-of-the-second-client-of-the-suite"),
            "suite-client-post" => (Auth::Post, "a-secret-of-the-client-that-posts-it"),
            _ => panic!("no client {id}"),
        };
        Self {
            id: id.to_owned(),
            auth,
            redirect_uri: op.site.at("callback"),
            registered: Value::Null,
            key: key(),
            secret: secret.to_owned(),
        }
    }

    /// Registers with what the suite says, and `more`.
    pub(crate) async fn register(op: &Op, auth: Auth, more: Value) -> Self {
        let answer = try_register(op, auth, more).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        let registered = as_json(&answer);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        assert_eq!(registered["client_secret"].is_string(), auth != Auth::PrivateKey);
        for name in ["registration_access_token", "registration_client_uri", "client_id_issued_at"] {
            assert!(!registered[name].is_null(), "{name}: {registered}");
        }
        Self {
            id: text(&registered["client_id"]),
            auth,
            redirect_uri: text(&registered["redirect_uris"][0]),
            secret: text(&registered["client_secret"]),
            registered,
            key: key(),
        }
    }

    /// Takes itself away again, as the suite does after each module.
    pub(crate) async fn unregister(&self, op: &Op) {
        let gone = self.manage(op, Method::DELETE).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text);
    }

    /// Calls the address of its own registration.
    pub(crate) async fn manage(&self, op: &Op, method: Method) -> Page {
        let bearer = format!("Bearer {}", self.registered["registration_access_token"].as_str().unwrap());
        let url = Url::parse(self.registered["registration_client_uri"].as_str().unwrap()).unwrap();
        op.browser().send(method, url, &[("authorization", &bearer)], "").await
    }

    /// Asks the token endpoint.
    pub(crate) async fn token(&self, op: &Op, form: &[(&str, &str)]) -> Page {
        let endpoint = op.endpoint("token_endpoint").await;
        self.token_with_audience(op, form, endpoint.as_str()).await
    }

    /// The same, with an assertion for this audience if the client signs one.
    pub(crate) async fn token_with_audience(&self, op: &Op, form: &[(&str, &str)], audience: &str) -> Page {
        let mut headers = Vec::new();
        let mut body = Serializer::new(String::new());
        body.extend_pairs(form);
        let encode = |text: &str| Serializer::new(String::new()).append_key_only(text).finish();
        let basic =
            format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(&self.id), encode(&self.secret))));
        match self.auth {
            Auth::Basic => headers.push(("authorization", basic.as_str())),
            Auth::Post => {
                body.extend_pairs([("client_id", &self.id), ("client_secret", &self.secret)]);
            }
            Auth::PrivateKey => {
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                body.append_pair("client_assertion_type", kind);
                body.append_pair("client_assertion", &self.assertion(op, audience));
            }
        }
        let endpoint = op.endpoint("token_endpoint").await;
        op.browser().send(Method::POST, endpoint, &headers, &body.finish()).await
    }

    fn assertion(&self, op: &Op, audience: &str) -> String {
        let now = op.clock.now().unix_seconds();
        let claims = json!({
            "iss": self.id, "sub": self.id, "aud": audience, "jti": nonce::<16>(), "iat": now, "exp": now + 60,
        });
        self.key.sign_jwt("JWT", &claims).unwrap()
    }
}

/// Sends what the suite registers a client with, and `more`; a member that is null there is left out.
pub(crate) async fn try_register(op: &Op, auth: Auth, more: Value) -> Page {
    let method = match auth {
        Auth::Basic => "client_secret_basic",
        Auth::Post => "client_secret_post",
        Auth::PrivateKey => "private_key_jwt",
    };
    let mut wanted = json!({
        "client_name": "OIDF conformance suite",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "redirect_uris": [op.site.at("callback")],
        "token_endpoint_auth_method": method,
        "contacts": ["certification@oidf.org"],
        "jwks": JwkSet::new(vec![key().public_jwk().clone()]),
    });
    for (name, value) in more.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    wanted.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let endpoint = op.endpoint("registration_endpoint").await;
    let json = [("content-type", "application/json"), ("accept", "application/json")];
    op.browser().send(Method::POST, endpoint, &json, &wanted.to_string()).await
}

/// The RSA key of the suite's clients.
fn key() -> Arc<SigningKey> {
    static KEY: OnceLock<Arc<SigningKey>> = OnceLock::new();
    Arc::clone(KEY.get_or_init(new_key))
}

/// Another one.
pub(crate) fn new_key() -> Arc<SigningKey> {
    let pkcs8 = generate(Algorithm::RS256).unwrap();
    Arc::new(SigningKey::from_pkcs8(Algorithm::RS256, pkcs8.expose(), None).unwrap())
}
