//! What a JWT access token says. [RFC 9068 section 2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)

use serde::Serialize;
use towergate_core::{Timestamp, id::Uuid};
use towergate_jose::jwt::{NumericDate, Recipients};
use towergate_oauth_types::Scope;

use crate::rules::{
    access_token::{AccessToken, LIFETIME},
    client::{Client, ClientId},
    grant::{Grant, SignIn},
};

/// The `typ` of a JWT access token, [RFC 9068 section 2.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.1).
pub const TYP: &str = "at+jwt";

/// What a JWT access token says. It holds no claim of the host's.
#[derive(Debug, Serialize)]
pub struct AccessClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: Recipients<'a>,
    exp: NumericDate,
    iat: NumericDate,
    jti: String,
    client_id: &'a ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<NumericDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

impl<'a> AccessClaims<'a> {
    /// The claims of `token`, with the sign-in of the grant it came from.
    #[must_use]
    pub fn new(issuer: &'a str, token: &'a AccessToken, sign_in: Option<&'a SignIn>) -> Self {
        Self {
            iss: issuer,
            // RFC 9068 2.2: the client itself, where no person is involved.
            sub: token.subject.as_ref().map_or(token.client.as_str(), |subject| subject.as_str()),
            aud: Recipients(&token.audience),
            exp: NumericDate(token.expires_at),
            iat: NumericDate(token.issued_at),
            jti: token.id.to_string(),
            client_id: &token.client,
            scope: Some(&token.scope).filter(|scope| !scope.is_empty()),
            auth_time: sign_in.map(|sign_in| NumericDate(sign_in.auth_time)),
            acr: sign_in.and_then(|sign_in| sign_in.acr.as_deref()),
            amr: sign_in.map(|sign_in| sign_in.amr.as_slice()).filter(|amr| !amr.is_empty()),
            sid: sign_in.and_then(|sign_in| sign_in.sid.as_deref()),
        }
    }
}

/// The row of an access token of `grant`, narrowed to `scope` and to `audience`.
#[must_use]
pub fn of_grant(id: Uuid, grant: &Grant, scope: Scope, audience: Vec<String>, now: Timestamp) -> AccessToken {
    AccessToken {
        id,
        digest: None,
        grant: Some(grant.id),
        client: grant.client.clone(),
        subject: Some(grant.subject.clone()),
        scope,
        audience,
        issued_at: now,
        expires_at: now.plus(LIFETIME),
    }
}

/// The row of an access token of a client that acts for itself.
#[must_use]
pub fn of_client(
    id: Uuid,
    client: &Client,
    scope: Scope,
    audience: Vec<String>,
    now: Timestamp,
) -> AccessToken {
    AccessToken {
        id,
        digest: None,
        grant: None,
        client: client.id.clone(),
        subject: None,
        scope,
        audience,
        issued_at: now,
        expires_at: now.plus(LIFETIME),
    }
}
