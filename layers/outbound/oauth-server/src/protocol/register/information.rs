//! What a client is told of its registration.
//! [RFC 7591 section 3.2.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1),
//! [RFC 7592 section 3](https://www.rfc-editor.org/rfc/rfc7592#section-3)

use serde_json::{Map, Value};
use towergate_core::Secret;
use towergate_oauth::rules::client::Client;

use crate::config::ServerConfig;

/// Everything that is registered, as it is stored; `secret` when it is new, `token` to manage it with from now on.
pub(super) fn of(
    config: &ServerConfig,
    client: &Client,
    secret: Option<&Secret<String>>,
    token: &Secret<String>,
) -> Map<String, Value> {
    let mut fields = client.metadata.to_json();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("client_id", client.id.as_str().into());
    if let Some(at) = client.registered_at {
        put("client_id_issued_at", at.unix_seconds().into());
    }
    if let Some(secret) = secret {
        put("client_secret", secret.expose().as_str().into());
    }
    if client.secret.is_some() {
        put("client_secret_expires_at", 0.into());
    }
    put("registration_access_token", token.expose().as_str().into());
    let path = format!("{}/{}", config.paths.register, client.id);
    put("registration_client_uri", config.issuer.join(&path).into());
    fields
}
