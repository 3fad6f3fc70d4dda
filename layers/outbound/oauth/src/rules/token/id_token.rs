//! What an ID token says. [OpenID Connect Core section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)

use std::time::Duration;

use serde::Serialize;
use towergate_core::Timestamp;
use towergate_jose::{Algorithm, at_hash, jwt::NumericDate};

use crate::rules::{
    claims::HostClaims,
    client::ClientId,
    grant::{Grant, Subject},
};

/// How long an ID token may be used to sign in.
pub const LIFETIME: Duration = Duration::from_secs(3600);

/// The `typ` of an ID token.
pub const TYP: &str = "JWT";

/// What an ID token says. Of what the host knows of the account it holds only what was asked for by name; the rest is
/// read at userinfo.
///
/// It is for the client alone, and comes from the token endpoint: so there is nobody for `azp` to tell apart, and no code
/// beside it for `c_hash` to bind.
#[derive(Debug, Serialize)]
pub struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: &'a Subject,
    aud: &'a ClientId,
    exp: NumericDate,
    iat: NumericDate,
    auth_time: NumericDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [String]>,
    #[serde(flatten)]
    host: Option<&'a HostClaims>,
}

impl<'a> IdTokenClaims<'a> {
    /// The claims beside `access_token`, for a client that knows the person as `sub`, to be signed with `algorithm`.
    #[must_use]
    pub fn new(
        issuer: &'a str,
        sub: &'a Subject,
        grant: &'a Grant,
        access_token: &str,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Self {
        Self {
            iss: issuer,
            sub,
            aud: &grant.client,
            exp: NumericDate(now.plus(LIFETIME)),
            iat: NumericDate(now),
            auth_time: NumericDate(grant.sign_in.auth_time),
            nonce: None,
            at_hash: at_hash(algorithm, access_token),
            sid: grant.sign_in.sid.as_deref(),
            acr: grant.sign_in.acr.as_deref(),
            amr: Some(grant.sign_in.amr.as_slice()).filter(|amr| !amr.is_empty()),
            host: None,
        }
    }

    /// The same with the nonce of the authorization request. A refreshed ID token has none, and keeps its `auth_time`,
    /// [OpenID Connect Core section 12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse).
    #[must_use]
    pub fn with_nonce(self, nonce: Option<&'a str>) -> Self {
        Self { nonce, ..self }
    }

    /// The same with what was asked for by name of what the host knows.
    #[must_use]
    pub fn with_host_claims(self, claims: &'a HostClaims) -> Self {
        Self { host: Some(claims), ..self }
    }
}
