//! A registered client. [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2) names its metadata.

pub mod authenticate;
pub mod gate;
pub mod metadata;

pub use authenticate::{AuthenticatedClient, AuthenticationFailure, Credentials};
pub use metadata::{InvalidMetadata, MetadataProblem};

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use towergate_core::Digest;
use towergate_oauth_types::Scope;

/// The name a client is registered under: 1 to 255 visible ASCII characters,
/// [RFC 6749 appendix A.1](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// The text is not 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("client_id must be 1 to 255 visible ASCII characters")]
pub struct InvalidClientId;

impl ClientId {
    /// Reads a client identifier.
    ///
    /// # Errors
    /// When it is empty, longer than 255 bytes, or holds anything but visible ASCII.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        let visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        if !visible || text.is_empty() || text.len() > 255 {
            return Err(InvalidClientId);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = InvalidClientId;

    fn from_str(text: &str) -> Result<Self, InvalidClientId> {
        Self::parse(text)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClientId {
    type Error = InvalidClientId;

    fn try_from(text: String) -> Result<Self, InvalidClientId> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

/// A client as the server keeps it.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// Whether it may do anything at all.
    pub state: ClientState,
    /// The digest of its secret; `None` for a public client. Secrets are machine-made, so SHA-256 is enough.
    pub secret: Option<Digest>,
    /// What it registered.
    pub metadata: ClientMetadata,
}

/// Whether a client may do anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientState {
    /// It may act.
    Active,
    /// Every endpoint refuses it.
    Disabled,
}

/// What a client registered, under the names of RFC 7591 and OpenID Connect Dynamic Client Registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ClientMetadata {
    /// The name that people read on the consent page.
    pub client_name: Option<String>,
    /// Where codes may be sent; compared exactly, but for the port of a loopback address (RFC 8252 7.3).
    pub redirect_uris: Vec<String>,
    /// How it proves itself.
    pub token_endpoint_auth_method: ClientAuthMethod,
    /// The grants it may use.
    pub grant_types: BTreeSet<GrantType>,
    /// The scope values it may ask for.
    pub scope: Scope,
    /// The algorithm of its ID tokens; the specification's default is `RS256`.
    pub id_token_signed_response_alg: String,
    /// The shape of its access tokens.
    pub access_token_format: AccessTokenFormat,
}

impl ClientMetadata {
    /// What the usual web application registers: people know it as `name`, codes are sent to `redirect_uri`, it may ask
    /// for `scope`, and it proves itself with a secret. All else is as by default, and may be changed.
    ///
    /// ```
    /// use towergate_core::Secret;
    /// use towergate_oauth::rules::client::{Client, ClientMetadata};
    ///
    /// let metadata = ClientMetadata::web("An app", "https://app.example/callback", "openid email".parse()?);
    /// let secret = Secret::from("nF3p0Ff4vO2NwYv8mQz1rT6uXc9bKd7e"); // made by: openssl rand -base64 32
    /// let client = Client::register("app".parse()?, Some(&secret), metadata)?;
    /// assert_eq!(client.metadata.redirect_uris, ["https://app.example/callback"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn web(name: &str, redirect_uri: &str, scope: Scope) -> Self {
        Self {
            client_name: Some(name.to_owned()),
            redirect_uris: vec![redirect_uri.to_owned()],
            scope,
            ..Self::default()
        }
    }
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            client_name: None,
            redirect_uris: Vec::new(),
            token_endpoint_auth_method: ClientAuthMethod::ClientSecretBasic,
            grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
            scope: Scope::default(),
            id_token_signed_response_alg: String::from("RS256"),
            access_token_format: AccessTokenFormat::Jwt,
        }
    }
}

/// How a client proves itself, under the registered names of
/// [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientAuthMethod {
    /// HTTP Basic, both parts form-encoded.
    ClientSecretBasic,
    /// `client_id` and `client_secret` in the body.
    ClientSecretPost,
    /// A public client: `client_id` alone, PKCE required.
    None,
}

/// A grant type, under its registered name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// A person agreed in a browser.
    AuthorizationCode,
    /// The client acts for itself.
    ClientCredentials,
    /// A grant goes on.
    RefreshToken,
}

/// The shape of an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A JWT of [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068).
    Jwt,
    /// An opaque token; whoever guards an API asks the store.
    Opaque,
}

impl GrantType {
    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
        }
    }
}
