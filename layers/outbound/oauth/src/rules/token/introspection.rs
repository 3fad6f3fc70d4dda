//! What is told of a token to who asks about it. [RFC 7662 section 2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)

use serde::Serialize;
use towergate_core::Timestamp;
use towergate_jose::jwt::{Audience, NumericDate};
use towergate_oauth_types::{ErrorCode, OAuthError, Scope};

use super::{held, refresh_token::RefreshFacts};
use crate::rules::{
    access_token::AccessToken,
    client::{AuthenticatedClient, ClientAuthMethod, ClientId},
    grant::{Grant, Subject},
    refresh_token::RefreshTokenState,
};

/// The answer: all of it under names that are registered for introspection, or `{"active":false}` and nothing else.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Introspection<'a> {
    /// The token works, and whoever asks may know of it.
    Active(Box<Active<'a>>),
    /// It does not work, or is none of their business.
    Inactive {
        /// `false`.
        active: bool,
    },
}

/// What is told of a living token.
#[derive(Debug, Serialize)]
pub struct Active<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scope>,
    client_id: &'a ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    iss: &'a str,
    exp: NumericDate,
    iat: NumericDate,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
}

/// The answer that gives nothing away.
pub const INACTIVE: Introspection<'static> = Introspection::Inactive { active: false };

/// Lets through who can prove itself: a public client's word would let anybody try tokens,
/// [RFC 7662 section 2.1](https://www.rfc-editor.org/rfc/rfc7662#section-2.1).
///
/// # Errors
/// `invalid_client` for a public client.
pub fn may_ask(client: &AuthenticatedClient) -> Result<(), OAuthError> {
    match client.client().metadata.token_endpoint_auth_method {
        ClientAuthMethod::None => {
            Err(OAuthError::new(ErrorCode::InvalidClient, "a public client cannot ask about tokens"))
        }
        ClientAuthMethod::ClientSecretBasic
        | ClientAuthMethod::ClientSecretPost
        | ClientAuthMethod::ClientSecretJwt
        | ClientAuthMethod::PrivateKeyJwt => Ok(()),
    }
}

/// What `client`, who knows the person as `sub`, is told of an access token: all, when it is its own or names the client
/// in its audience.
#[must_use]
pub fn of_access_token<'a>(
    issuer: &'a str,
    token: &'a AccessToken,
    sub: Option<&'a Subject>,
    grant: Option<&'a Grant>,
    revoked: bool,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Introspection<'a> {
    let asking = &client.client().id;
    let named = token.audience.iter().any(|audience| audience == asking.as_str());
    if !held::is_alive(token, revoked, now) || (token.client != *asking && !named) {
        return INACTIVE;
    }
    let sign_in = grant.map(|grant| &grant.sign_in);
    Introspection::Active(Box::new(Active {
        active: true,
        scope: Some(&token.scope).filter(|scope| !scope.is_empty()),
        client_id: &token.client,
        token_type: Some("Bearer"),
        // As in the JWT: the client itself, where no person is involved.
        sub: sub.map_or(token.client.as_str(), |subject| subject.as_str()),
        aud: Some(Audience(token.audience.clone())).filter(|audience| !audience.0.is_empty()),
        iss: issuer,
        exp: NumericDate(token.expires_at),
        iat: NumericDate(token.issued_at),
        jti: token.id.to_string(),
        auth_time: sign_in.map(|sign_in| NumericDate(sign_in.auth_time)),
        acr: sign_in.and_then(|sign_in| sign_in.acr.as_deref()),
    }))
}

/// What `client`, who knows the person as `sub`, is told of a refresh token: all, when it is its own and was not exchanged
/// yet. It has no token type, because no API takes it, and no audience but this server.
#[must_use]
pub fn of_refresh_token<'a>(
    issuer: &'a str,
    facts: RefreshFacts<'a>,
    sub: &'a Subject,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Introspection<'a> {
    let RefreshFacts { token, grant, state, revoked } = facts;
    let exp = token.expires_at.min(token.absolute_expires_at);
    let alive = !revoked && *state == RefreshTokenState::Unused && now < exp;
    if !alive || grant.client != client.client().id {
        return INACTIVE;
    }
    Introspection::Active(Box::new(Active {
        active: true,
        scope: Some(&grant.scope).filter(|scope| !scope.is_empty()),
        client_id: &grant.client,
        token_type: None,
        sub: sub.as_str(),
        aud: None,
        iss: issuer,
        exp: NumericDate(exp),
        iat: NumericDate(token.issued_at),
        jti: token.id.to_string(),
        auth_time: Some(NumericDate(grant.sign_in.auth_time)),
        acr: grant.sign_in.acr.as_deref(),
    }))
}
