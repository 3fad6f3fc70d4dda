//! What the farewell page must know, in its own address: sealed, so that nobody else can write one.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use towergate_core::{Digest, LocalPath, seal::SealError};
use towergate_oauth::rules::{client::ClientId, logout::PostLogoutUri};

use crate::server::AuthorizationServer;

/// The name of the parameter.
pub(crate) const PARAMETER: &str = "farewell";

const CONTEXT: &[u8] = b"farewell page";
const LIFETIME: Duration = Duration::from_secs(600);

/// The longest sealed text that is opened, in bytes of base64.
const MAX_LENGTH: usize = 16 * 1024;

/// What the farewell page must know.
#[derive(Debug, Clone, Default)]
pub(crate) struct Farewell {
    /// The sign-in that ended.
    pub(crate) sid: Option<String>,
    /// The client that people go back to, and where.
    pub(crate) to: Option<(ClientId, Digest)>,
    /// What goes along.
    pub(crate) state: Option<String>,
    /// Where people go on this host, when they go back to no client.
    pub(crate) then: Option<LocalPath>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    until: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<[u8; 32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<String>,
}

impl Farewell {
    /// What follows the logout request of a client.
    pub(crate) fn to_client(
        sid: Option<String>,
        to: Option<(&ClientId, &PostLogoutUri)>,
        state: Option<String>,
    ) -> Self {
        Self { sid, to: to.map(|(client, uri)| (client.clone(), uri.digest())), state, then: None }
    }

    /// The address of the page.
    pub(crate) fn path<S, R, P>(self, server: &AuthorizationServer<S, R, P>) -> Result<String, SealError> {
        let (client, uri) = self.to.map(|(client, uri)| (client, *uri.as_bytes())).unzip();
        let wire = Wire {
            until: server.now().plus(LIFETIME).unix_seconds(),
            sid: self.sid,
            client,
            uri,
            state: self.state,
            then: self.then.map(|then| then.as_str().to_owned()),
        };
        let text = serde_json::to_vec(&wire).unwrap_or_default();
        let sealed = server.keys().sealing().seal(CONTEXT, &text, &server.random)?;
        let page = server.config().paths.farewell();
        Ok(format!("{page}?{PARAMETER}={}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// Reads what the address of the page says; `None` when we did not write it, or too long ago.
    pub(crate) fn read<S, R, P>(text: &str, server: &AuthorizationServer<S, R, P>) -> Option<Self> {
        if text.len() > MAX_LENGTH {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let opened = server.keys().sealing().open(CONTEXT, &sealed).ok()?;
        let wire: Wire = serde_json::from_slice(opened.expose()).ok()?;
        (server.now().unix_seconds() < wire.until).then(|| Self {
            sid: wire.sid,
            to: wire.client.zip(wire.uri.map(Digest::from_stored)),
            state: wire.state,
            then: wire.then.as_deref().and_then(LocalPath::parse),
        })
    }
}
