//! Client authentication, [RFC 6749 section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3).
//!
//! The rules, in order: one way of proof, not two; the method that the client registered, exactly; the secret,
//! compared in constant time. An unknown client costs the same as a wrong secret, and the peer cannot tell which it was.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use towergate_core::{
    Digest, Secret,
    form::{self, Form},
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{Client, ClientAuthMethod, ClientId};

/// The longest `Authorization` header that is read, in bytes.
pub const MAX_HEADER_LENGTH: usize = 4096;

/// What a client presented to prove itself; nothing of it is true yet.
#[derive(Debug)]
pub struct Credentials {
    method: ClientAuthMethod,
    id: ClientId,
    secret: Option<Secret<String>>,
}

/// Proof that the client is who it says it is; only [`Credentials::verify`] makes it. For a public client it proves no
/// more than that the client is public.
#[derive(Debug)]
pub struct AuthenticatedClient {
    client: Client,
}

/// Why a client could not prove itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("client authentication failed: {reason}")]
pub struct AuthenticationFailure {
    /// What the peer is told: the same for every wrong proof.
    pub error: OAuthError,
    /// Whether the `Authorization` header was used, so that the answer must hold a challenge.
    pub by_header: bool,
    /// Who the client says it is.
    pub client: Option<ClientId>,
    /// Why, for the audit log only.
    pub reason: &'static str,
}

const REFUSED: OAuthError =
    OAuthError::new(ErrorCode::InvalidClient, "no such client, or its credentials are wrong");

impl Credentials {
    /// Reads the `Authorization` header and the parameters `client_id` and `client_secret`.
    ///
    /// # Errors
    /// `invalid_request` for two proofs at once; `invalid_client` when there is none that can be read.
    pub fn read(authorization: Option<&[u8]>, form: &Form) -> Result<Self, AuthenticationFailure> {
        let failure = |reason| AuthenticationFailure {
            error: REFUSED,
            by_header: authorization.is_some(),
            client: None,
            reason,
        };
        let twice = |reason, description| AuthenticationFailure {
            error: OAuthError::new(ErrorCode::InvalidRequest, description),
            ..failure(reason)
        };
        let repeated = |_| twice("unreadable_parameter", "a parameter is there twice or cannot be read");
        let named = form.get("client_id").map_err(repeated)?;
        let secret = form.get("client_secret").map_err(repeated)?;
        if form.get("client_assertion").map_err(repeated)?.is_some() {
            return Err(failure("method_not_supported"));
        }
        let Some(authorization) = authorization else {
            let id = named.ok_or_else(|| failure("no_credentials"))?;
            let id = ClientId::parse(id).map_err(|_| failure("malformed_client_id"))?;
            let method =
                if secret.is_some() { ClientAuthMethod::ClientSecretPost } else { ClientAuthMethod::None };
            return Ok(Self { method, id, secret: secret.map(Secret::from) });
        };
        if secret.is_some() {
            return Err(twice("two_methods", "the client used two ways of authentication at once"));
        }
        let (id, secret) = basic(authorization).ok_or_else(|| failure("malformed_basic"))?;
        if named.is_some_and(|named| named != id.as_str()) {
            return Err(twice("two_clients", "client_id is not the client of the Authorization header"));
        }
        Ok(Self { method: ClientAuthMethod::ClientSecretBasic, id, secret: Some(secret) })
    }

    /// The client to load.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.id
    }

    /// Judges the credentials against the client of that name, if there is one.
    ///
    /// # Errors
    /// `invalid_client`, always the same.
    pub fn verify(self, client: Option<Client>) -> Result<AuthenticatedClient, AuthenticationFailure> {
        let Self { method, id, secret } = self;
        let presented = Digest::of(secret.as_ref().map_or(&[][..], |secret| secret.expose().as_bytes()));
        let registered = client.as_ref().and_then(|client| client.secret.as_ref());
        // An unknown client is compared with something too, so that it costs the same.
        let unknown = Digest::from_stored([0; 32]);
        let same_secret = registered.unwrap_or(&unknown).matches(&presented);
        let failure = |reason| AuthenticationFailure {
            error: REFUSED,
            by_header: method == ClientAuthMethod::ClientSecretBasic,
            client: Some(id.clone()),
            reason,
        };
        let Some(client) = client.filter(|client| client.id == id) else {
            return Err(failure("unknown_client"));
        };
        if client.metadata.token_endpoint_auth_method != method {
            return Err(failure("method_not_registered"));
        }
        let proven = match method {
            ClientAuthMethod::ClientSecretBasic | ClientAuthMethod::ClientSecretPost => {
                client.secret.is_some() && secret.is_some() && same_secret
            }
            ClientAuthMethod::ClientSecretJwt | ClientAuthMethod::PrivateKeyJwt => false,
            ClientAuthMethod::None => client.secret.is_none(),
        };
        if !proven {
            return Err(failure("wrong_secret"));
        }
        Ok(AuthenticatedClient { client })
    }
}

impl AuthenticatedClient {
    /// The client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}

/// Both parts are form-encoded before they are joined,
/// [RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).
fn basic(header: &[u8]) -> Option<(ClientId, Secret<String>)> {
    const LENIENT_PADDING: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if header.len() > MAX_HEADER_LENGTH {
        return None;
    }
    let (scheme, encoded) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = Secret::new(LENIENT_PADDING.decode(encoded.trim_matches(' ')).ok()?);
    let colon = decoded.expose().iter().position(|byte| *byte == b':')?;
    let id = form::decode(decoded.expose().get(..colon)?)?;
    let secret = form::decode(decoded.expose().get(colon + 1..)?)?;
    if secret.expose().is_empty() {
        return None;
    }
    Some((ClientId::parse(id.expose()).ok()?, secret))
}

#[cfg(test)]
mod tests;
