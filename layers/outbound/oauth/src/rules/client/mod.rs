//! A registered client. [RFC 7591 section 2](https://www.rfc-editor.org/rfc/rfc7591#section-2) names its metadata.

pub mod assertion;
pub mod authenticate;
pub mod destination;
pub mod document;
pub mod gate;
pub mod initiate_login;
pub mod metadata;
pub mod parse;
pub mod policy;
pub mod problem;
pub mod register;
pub mod registration_token;
mod sealed_secret;
pub mod statement;

pub use assertion::{Assertion, AssertionAlgorithm, AssertionKey, Recipient};
pub use authenticate::{
    AuthenticatedClient, AuthenticationFailure, Credentials, Judged, NeededKey, UnspentAssertion,
};
pub use metadata::{ApplicationType, ClientMetadata, SubjectType};
pub use policy::RegistrationPolicy;
pub use problem::{FieldFault, InvalidMetadata, MetadataProblem, RedirectUriFault};

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use towergate_core::{Digest, Timestamp};

/// The name a client is registered under: 1 to 255 visible ASCII characters,
/// [RFC 6749 appendix A.1](https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1). To clone it is to point at the same text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientId(Arc<str>);

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
        Ok(Self(text.into()))
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

impl Serialize for ClientId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A client as the server keeps it.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its identifier.
    pub id: ClientId,
    /// Whether it may do anything at all.
    pub state: ClientState,
    /// The digest of its secret; `None` for a client that has none. Secrets are machine-made, so SHA-256 is enough.
    pub secret: Option<Digest>,
    /// The secret itself, sealed: only for `client_secret_jwt`, which needs it in clear.
    pub sealed_secret: Option<Vec<u8>>,
    /// The digest of the token that manages the registration; `None` for a client that did not register itself.
    pub registration_access_token: Option<Digest>,
    /// When it registered itself.
    pub registered_at: Option<Timestamp>,
    /// How long it counts, for a client that is known only by a document of its own; `None` for one that is registered.
    pub document: Option<DocumentTimes>,
    /// What it registered.
    pub metadata: ClientMetadata,
}

impl Client {
    /// An active client of whose registration nothing is checked; [`Client::register`] checks it.
    #[must_use]
    pub const fn unchecked(id: ClientId, secret: Option<Digest>, metadata: ClientMetadata) -> Self {
        Self {
            id,
            state: ClientState::Active,
            secret,
            sealed_secret: None,
            registration_access_token: None,
            registered_at: None,
            document: None,
            metadata,
        }
    }
}

/// How long a client counts that is known only by what it says of itself at the address that is its identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentTimes {
    /// From here on the document is read anew.
    pub refresh_at: Timestamp,
    /// From here on the client is unknown, unless the document was read anew.
    pub ends_at: Timestamp,
}

/// Whether a client may do anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClientState {
    /// It may act.
    Active,
    /// Every endpoint refuses it.
    Disabled,
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
    /// A JWT under the client's secret, [RFC 7523 section 2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2).
    ClientSecretJwt,
    /// A JWT under a private key of the client's, whose public half it registered.
    PrivateKeyJwt,
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

impl ClientAuthMethod {
    /// All of them, the preferred one first.
    pub const ALL: [Self; 5] = [
        Self::PrivateKeyJwt,
        Self::ClientSecretJwt,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::None,
    ];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// Whether the client proves itself by a secret that it shares with the server.
    #[must_use]
    pub const fn is_by_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AuthorizationCode, Self::ClientCredentials, Self::RefreshToken];

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

impl AccessTokenFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Jwt, Self::Opaque];

    /// The name that is registered.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }
}

macro_rules! shown_by_name {
    ($($named:ty),*) => {$(
        impl fmt::Display for $named {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

shown_by_name!(AccessTokenFormat, ApplicationType, ClientAuthMethod, GrantType, SubjectType);
