//! What is told of a token to who asks about it. [RFC 7662 section 2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)
//!
//! Two may know of a living token: the client that holds it, of both its kinds and all of it; and the client that guards an
//! API which the token is for, of an access token only, and only what means something at its own APIs. To anybody else a
//! token is not active, whatever it is.

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
    resource::Targets,
};

/// The `typ` of an answer that is a JWT, [RFC 9701 section 5](https://www.rfc-editor.org/rfc/rfc9701#section-5); with
/// `application/` before it, its media type.
pub const TYP: &str = "token-introspection+jwt";

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
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    client_id: &'a ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Audience>,
    iss: &'a str,
    exp: NumericDate,
    iat: NumericDate,
    nbf: NumericDate,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
}

/// The answer as the claims of a JWT, [RFC 9701 section 5](https://www.rfc-editor.org/rfc/rfc9701#section-5). It has no `sub`
/// and no `exp` of its own, so that nobody takes it for an access token (section 8.1).
#[derive(Debug, Serialize)]
pub struct IntrospectionClaims<'a> {
    iss: &'a str,
    aud: &'a ClientId,
    iat: NumericDate,
    token_introspection: &'a Introspection<'a>,
}

impl<'a> IntrospectionClaims<'a> {
    /// The claims that tell `client`, and nobody else, what `answer` says.
    #[must_use]
    pub const fn new(
        issuer: &'a str,
        client: &'a ClientId,
        answer: &'a Introspection<'a>,
        now: Timestamp,
    ) -> Self {
        Self { iss: issuer, aud: client, iat: NumericDate(now), token_introspection: answer }
    }
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

/// Who asks, and when.
#[derive(Debug, Clone, Copy)]
pub struct Inquiry<'a> {
    /// The client.
    pub client: &'a AuthenticatedClient,
    /// What tokens of this server may be for, and who guards it.
    pub targets: Targets<'a>,
    /// The present moment.
    pub now: Timestamp,
}

/// What is known of an access token.
#[derive(Debug, Clone, Copy)]
pub struct AccessFacts<'a> {
    /// The token.
    pub token: &'a AccessToken,
    /// The grant it came from, if a person is involved.
    pub grant: Option<&'a Grant>,
    /// Whether it, or its grant, was revoked.
    pub revoked: bool,
}

impl<'a> Inquiry<'a> {
    /// What is told of an access token to who knows the person behind it as `sub`.
    #[must_use]
    pub fn access_token(&self, facts: AccessFacts<'a>, sub: Option<&'a Subject>) -> Introspection<'a> {
        let AccessFacts { token, grant, revoked } = facts;
        if !held::is_alive(token, revoked, self.now) {
            return INACTIVE;
        }
        let (audience, scope) = if token.client == self.client.client().id {
            (token.audience.clone(), token.scope.clone())
        } else {
            let own = self.targets.guarded_by(&self.client.client().id, &token.audience);
            if own.is_empty() {
                return INACTIVE;
            }
            let scope = self.targets.scope_at(&own, token.scope.clone());
            (own, scope)
        };
        let sign_in = grant.map(|grant| &grant.sign_in);
        Introspection::Active(Box::new(Active {
            active: true,
            scope,
            client_id: &token.client,
            token_type: Some("Bearer"),
            // As in the JWT: the client itself, where no person is involved.
            sub: sub.map_or(token.client.as_str(), |subject| subject.as_str()),
            aud: Some(Audience(audience)).filter(|audience| !audience.0.is_empty()),
            iss: self.targets.issuer.as_str(),
            exp: NumericDate(token.expires_at),
            iat: NumericDate(token.issued_at),
            nbf: NumericDate(token.issued_at),
            jti: token.id.to_string(),
            auth_time: sign_in.map(|sign_in| NumericDate(sign_in.auth_time)),
            acr: sign_in.and_then(|sign_in| sign_in.acr.as_deref()),
        }))
    }

    /// What is told of a refresh token to who knows the person behind it as `sub`: all to its own client, until it was
    /// exchanged. It has no token type, because no API takes it, and no audience but this server.
    #[must_use]
    pub fn refresh_token(&self, facts: RefreshFacts<'a>, sub: &'a Subject) -> Introspection<'a> {
        let RefreshFacts { token, grant, state, revoked } = facts;
        let exp = token.expires_at.min(token.absolute_expires_at);
        let alive = !revoked && *state == RefreshTokenState::Unused && self.now < exp;
        if !alive || grant.client != self.client.client().id {
            return INACTIVE;
        }
        Introspection::Active(Box::new(Active {
            active: true,
            scope: grant.scope.clone(),
            client_id: &grant.client,
            token_type: None,
            sub: sub.as_str(),
            aud: None,
            iss: self.targets.issuer.as_str(),
            exp: NumericDate(exp),
            iat: NumericDate(token.issued_at),
            nbf: NumericDate(token.issued_at),
            jti: token.id.to_string(),
            auth_time: Some(NumericDate(grant.sign_in.auth_time)),
            acr: grant.sign_in.acr.as_deref(),
        }))
    }
}
