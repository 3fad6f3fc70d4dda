//! A program that acts for itself, and signs to prove who it is.

use http::Method;
use serde_json::json;
use towergate::{
    core::{
        Clock, random,
        system::{OsRandom, SystemClock},
    },
    jose::{Algorithm, JwkSet, SigningKey, generate},
};
use url::form_urlencoded;

use crate::client::{Browser, Client, Lost, Page};

const ID: &str = "machine";

/// The program.
pub(crate) struct Machine(SigningKey);

impl Machine {
    pub(crate) fn new() -> Self {
        let pkcs8 = generate(Algorithm::ES256).unwrap();
        Self(SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap())
    }

    /// How the configuration knows it.
    pub(crate) fn toml(&self) -> String {
        let keys = serde_json::to_string(&JwkSet::new(vec![self.0.public_jwk().clone()])).unwrap();
        format!(
            "[[clients]]\nclient_id = \"{ID}\"\ntoken_endpoint_auth_method = \"private_key_jwt\"\njwks = '{keys}'\n\
             grant_types = [\"client_credentials\"]\nscope = \"reports\"\n"
        )
    }

    /// A proof that counts once.
    pub(crate) fn assertion(&self, issuer: &str) -> String {
        self.assertion_of(issuer, 0, 60)
    }

    /// A proof that counts once, made so many seconds from now and good for so many.
    pub(crate) fn assertion_of(&self, issuer: &str, ahead: i64, seconds: i64) -> String {
        let now = SystemClock.now().unix_seconds() + ahead;
        let jti = u128::from_be_bytes(random::bytes(&OsRandom::new()).unwrap()).to_string();
        let claims = json!({ "iss": ID, "sub": ID, "aud": issuer, "jti": jti, "iat": now, "nbf": now, "exp": now + seconds });
        self.0.sign_jwt("JWT", &claims).unwrap()
    }

    /// What it is answered.
    pub(crate) async fn token(&self, client: &Client, assertion: &str) -> Page {
        show(client, assertion).await.unwrap()
    }
}

/// What whoever shows this proof is answered, at a host that may vanish.
pub(crate) async fn show(client: &Client, assertion: &str) -> Result<Page, Lost> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        .append_pair("client_assertion", assertion)
        .finish();
    Browser::default().try_send(Method::POST, client.at("/oauth/token"), &[], &form).await
}
