//! What dies when a client gives a token back. [RFC 7009 section 2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)

use towergate_core::id::Uuid;

use crate::rules::{
    access_token::AccessToken,
    client::AuthenticatedClient,
    grant::{Grant, GrantId},
};

/// What dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// The grant, with all that hangs from it.
    Grant(GrantId),
    /// This access token alone.
    AccessToken(Uuid),
}

/// What dies with a refresh token of `grant`, whatever has become of the token itself: who gives back one that was
/// exchanged, or lay too long, wants the rest no more either. `None` when it is another client's.
#[must_use]
pub fn of_refresh_token(grant: &Grant, client: &AuthenticatedClient) -> Option<Revoked> {
    (grant.client == client.client().id).then_some(Revoked::Grant(grant.id))
}

/// What dies with an access token; `None` when it is another client's.
#[must_use]
pub fn of_access_token(token: &AccessToken, client: &AuthenticatedClient) -> Option<Revoked> {
    (token.client == client.client().id).then_some(Revoked::AccessToken(token.id))
}
