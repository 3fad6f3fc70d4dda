//! May this refresh token be exchanged, and for what? [RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)

use towergate_core::{Digest, Timestamp, id::Uuid, token::OpaqueToken};
use towergate_oauth_types::Scope;

use super::Refusal;
use crate::rules::{
    client::{AuthenticatedClient, Client, GrantType},
    grant::{Grant, GrantId},
    refresh_token::{ABSOLUTE_LIFETIME, IDLE_LIFETIME, RefreshToken, RefreshTokenState},
};

/// What is known of a refresh token.
#[derive(Debug, Clone, Copy)]
pub struct RefreshFacts<'a> {
    /// The token.
    pub token: &'a RefreshToken,
    /// What it prolongs.
    pub grant: &'a Grant,
    /// What has become of it.
    pub state: &'a RefreshTokenState,
    /// Whether the grant was revoked.
    pub revoked: bool,
}

/// What is to be done with a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// It may be exchanged for an access token of this scope.
    Allowed {
        /// What is left of the grant's scope to the client, or what was asked for of it.
        scope: Scope,
    },
    /// It was exchanged before: the store tells an honest repetition from theft.
    Again,
}

/// Judges a refresh token. Whatever is wrong with the request, an unused token stays unused.
///
/// That it was used counts before that it is old: theft is noticed however late.
///
/// # Errors
/// `invalid_grant`, always the same; `invalid_scope` when more is asked for than was granted, or than the client is
/// still registered for.
pub fn decide(
    facts: RefreshFacts<'_>,
    presented: &OpaqueToken,
    scope: Option<Scope>,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Result<Exchange, Refusal> {
    let RefreshFacts { token, grant, state, revoked } = facts;
    if presented.id() != token.id || !presented.digest().matches(&token.digest) {
        return Err(Refusal::invalid_grant("wrong_refresh_token_secret"));
    }
    if grant.client != client.client().id {
        return Err(Refusal::invalid_grant("refresh_token_of_another_client"));
    }
    if revoked {
        return Err(Refusal::invalid_grant("grant_revoked"));
    }
    if *state != RefreshTokenState::Unused {
        return Ok(Exchange::Again);
    }
    if now >= token.expires_at || now >= token.absolute_expires_at {
        return Err(Refusal::invalid_grant("refresh_token_expired"));
    }
    let left = grant.scope_left_to(client.client())?;
    match scope {
        None => Ok(Exchange::Allowed { scope: left }),
        Some(narrower) if left.covers(&narrower) => Ok(Exchange::Allowed { scope: narrower }),
        Some(_) => Err(Refusal::invalid_scope("scope goes beyond what was granted")),
    }
}

/// Whether a refresh token comes with the first access token.
#[must_use]
pub fn is_issued_to(client: &Client) -> bool {
    client.metadata.grant_types.contains(&GrantType::RefreshToken)
}

/// The first refresh token of a grant.
#[must_use]
pub fn first(id: Uuid, digest: Digest, grant: GrantId, now: Timestamp) -> RefreshToken {
    let absolute_expires_at = now.plus(ABSOLUTE_LIFETIME);
    let expires_at = now.plus(IDLE_LIFETIME).min(absolute_expires_at);
    RefreshToken { id, digest, grant, generation: 0, issued_at: now, expires_at, absolute_expires_at }
}

/// The refresh token that `presented` is exchanged for: never longer-lived than the family.
#[must_use]
pub fn successor(id: Uuid, digest: Digest, presented: &RefreshToken, now: Timestamp) -> RefreshToken {
    RefreshToken {
        id,
        digest,
        grant: presented.grant,
        generation: presented.generation.saturating_add(1),
        issued_at: now,
        expires_at: now.plus(IDLE_LIFETIME).min(presented.absolute_expires_at),
        absolute_expires_at: presented.absolute_expires_at,
    }
}
