//! Client authentication, [RFC 6749 section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3).
//!
//! The rules, in order: one way of proof, not two; the method, and the algorithm of an assertion, that the client
//! registered, exactly; a client that was not shut out; the secret, compared in constant time, or the assertion, by the
//! rules of [`assertion`]; an assertion that was not seen before. An unknown client costs the same as a wrong proof, and
//! the peer cannot tell which it was: neither by the answer nor by the work that stands behind it.
//!
//! What still shows is whether keys had to be fetched from a client's own address, and, by a microsecond or two, whether
//! there was a client to read from the store (`benches/client_auth_timing.rs` measures it). That a client of some name
//! exists is no secret: its `client_id` stands in every authorization request.

use std::sync::Arc;

use towergate_core::{Digest, form::Form};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{
    Client, ClientAuthMethod, ClientId,
    assertion::{self, Assertion, AssertionAlgorithm, AssertionKey, Recipient},
    gate,
};
use crate::rules::single_use::SingleUse;

mod basic;

/// The longest `Authorization` header that is read, in bytes.
pub const MAX_HEADER_LENGTH: usize = 4096;

/// What a client presented to prove itself; nothing of it is true yet.
#[derive(Debug)]
pub struct Credentials {
    id: ClientId,
    proof: Proof,
}

#[derive(Debug)]
enum Proof {
    None,
    Basic(Digest),
    Post(Digest),
    Assertion(Assertion),
}

/// What an assertion has to be verified with.
#[derive(Debug, Clone, Copy)]
pub enum NeededKey<'a> {
    /// The public keys of this client, in which `kid` is looked for.
    Public {
        /// The client.
        client: &'a Client,
        /// The name of the key, if the assertion names it.
        kid: Option<&'a str>,
    },
    /// The secret of this client, in clear.
    Secret(&'a Client),
}

/// What became of a proof.
#[derive(Debug)]
#[must_use]
pub enum Judged {
    /// The client is who it says it is.
    Proven(AuthenticatedClient),
    /// It is, unless its assertion was seen before.
    Unspent(UnspentAssertion),
}

/// An assertion that is right in all but this: whether it was seen before is not known yet.
#[derive(Debug)]
#[must_use]
pub struct UnspentAssertion {
    client: Arc<Client>,
    once: SingleUse,
}

/// Proof that the client is who it says it is; only [`Credentials::verify`] and [`UnspentAssertion::first`] make it. For
/// a public client it proves no more than that the client is public.
#[derive(Debug)]
pub struct AuthenticatedClient {
    client: Arc<Client>,
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
    /// Reads the `Authorization` header and the parameters `client_id`, `client_secret`, `client_assertion` and
    /// `client_assertion_type`.
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
        let get = |name| {
            let repeated = "a parameter is there twice or cannot be read";
            form.get(name).map_err(|_| twice("unreadable_parameter", repeated))
        };
        let named = get("client_id")?;
        let secret = get("client_secret")?;
        let assertion = (get("client_assertion_type")?, get("client_assertion")?);
        let ways = [authorization.is_some(), secret.is_some(), assertion != (None, None)];
        if ways.into_iter().filter(|is_used| *is_used).count() > 1 {
            return Err(twice("two_methods", "the client used two ways of authentication at once"));
        }
        let (id, proof) = if let Some(authorization) = authorization {
            let (id, secret) = basic::read(authorization).ok_or_else(|| failure("malformed_basic"))?;
            (id, Proof::Basic(Digest::of(secret.expose().as_bytes())))
        } else if assertion != (None, None) {
            let assertion = read_assertion(assertion).map_err(failure)?;
            (assertion.client().clone(), Proof::Assertion(assertion))
        } else {
            let id = named.ok_or_else(|| failure("no_credentials"))?;
            let id = ClientId::parse(id).map_err(|_| failure("malformed_client_id"))?;
            (id, secret.map_or(Proof::None, |secret| Proof::Post(Digest::of(secret.as_bytes()))))
        };
        if named.is_some_and(|named| named != id.as_str()) {
            return Err(twice("two_clients", "client_id is not the client of the credentials"));
        }
        Ok(Self { id, proof })
    }

    /// The client to load.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.id
    }

    /// What is needed to verify an assertion that this client may use; nothing for any other proof, and for a client
    /// that will be refused anyhow.
    #[must_use]
    pub fn needed_key<'a>(&'a self, client: Option<&'a Client>) -> Option<NeededKey<'a>> {
        let Proof::Assertion(assertion) = &self.proof else { return None };
        let client = client?;
        self.admit(client).ok()?;
        Some(match assertion.algorithm() {
            AssertionAlgorithm::Shared => NeededKey::Secret(client),
            AssertionAlgorithm::Public(_) => NeededKey::Public { client, kid: assertion.kid() },
        })
    }

    /// Whether they are an assertion under a secret: where that is not even opened, the work of opening one is to be done.
    #[must_use]
    pub fn are_signed_by_secret(&self) -> bool {
        matches!(&self.proof, Proof::Assertion(assertion) if assertion.algorithm() == AssertionAlgorithm::Shared)
    }

    /// Judges the credentials against the client of that name, if there is one. `key` and `recipient` are for an
    /// assertion: `key` is what [`needed_key`](Self::needed_key) asked for.
    ///
    /// # Errors
    /// `invalid_client`, always the same.
    pub fn verify(
        self,
        client: Option<Arc<Client>>,
        key: &AssertionKey,
        recipient: &Recipient<'_>,
    ) -> Result<Judged, AuthenticationFailure> {
        // Before anything of the client decides, so that it costs the same for each.
        let proven = self.proof.check(client.as_deref(), key, recipient);
        let failure = |reason| AuthenticationFailure {
            error: REFUSED,
            by_header: matches!(self.proof, Proof::Basic(_)),
            client: Some(self.id.clone()),
            reason,
        };
        let client = client.ok_or_else(|| failure("unknown_client"))?;
        self.admit(&client).map_err(failure)?;
        Ok(match proven.map_err(failure)? {
            None => Judged::Proven(AuthenticatedClient { client }),
            Some(once) => Judged::Unspent(UnspentAssertion { client, once }),
        })
    }

    /// Whether this client may prove itself in this way at all.
    fn admit(&self, client: &Client) -> Result<(), &'static str> {
        if client.id != self.id {
            return Err("unknown_client");
        }
        if client.metadata.token_endpoint_auth_method != self.proof.method() {
            return Err("method_not_registered");
        }
        if let (Proof::Assertion(assertion), Some(registered)) =
            (&self.proof, &client.metadata.token_endpoint_auth_signing_alg)
            && registered != assertion.algorithm().as_str()
        {
            return Err("algorithm_not_registered");
        }
        gate::active(client).map_err(|_| "client_disabled")
    }
}

fn read_assertion((kind, assertion): (Option<&str>, Option<&str>)) -> Result<Assertion, &'static str> {
    let assertion = assertion.ok_or("assertion_missing")?;
    if kind != Some(assertion::TYPE) {
        return Err("unknown_assertion_type");
    }
    Assertion::read(assertion).map_err(assertion::AssertionError::reason)
}

impl Proof {
    const fn method(&self) -> ClientAuthMethod {
        match self {
            Self::None => ClientAuthMethod::None,
            Self::Basic(_) => ClientAuthMethod::ClientSecretBasic,
            Self::Post(_) => ClientAuthMethod::ClientSecretPost,
            Self::Assertion(assertion) => assertion.algorithm().method(),
        }
    }

    /// Whether it proves anything of `client`; what must not have been seen before, if that matters.
    fn check(
        &self,
        client: Option<&Client>,
        key: &AssertionKey,
        recipient: &Recipient<'_>,
    ) -> Result<Option<SingleUse>, &'static str> {
        let registered = client.and_then(|client| client.secret.as_ref());
        match self {
            Self::None if registered.is_none() => Ok(None),
            Self::None => Err("wrong_secret"),
            Self::Basic(presented) | Self::Post(presented) => {
                // An unknown client is compared with something too, so that it costs the same.
                let nothing = Digest::from_stored([0; 32]);
                let is_same = registered.unwrap_or(&nothing).matches(presented);
                if is_same && registered.is_some() { Ok(None) } else { Err("wrong_secret") }
            }
            Self::Assertion(assertion) => {
                assertion.verify(key, recipient).map(Some).map_err(assertion::AssertionError::reason)
            }
        }
    }
}

impl UnspentAssertion {
    /// What must not have been seen before.
    #[must_use]
    pub const fn once(&self) -> &SingleUse {
        &self.once
    }

    /// It was not: to be called when the store has it on record from now on.
    #[must_use]
    pub fn first(self) -> AuthenticatedClient {
        AuthenticatedClient { client: self.client }
    }

    /// It was.
    #[must_use]
    pub fn seen(self) -> AuthenticationFailure {
        let client = Some(self.client.id.clone());
        AuthenticationFailure { error: REFUSED, by_header: false, client, reason: "assertion_replayed" }
    }
}

impl AuthenticatedClient {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}

#[cfg(test)]
mod tests;
