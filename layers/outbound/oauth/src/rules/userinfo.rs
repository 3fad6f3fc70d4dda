//! What a client is told at userinfo.
//! [OpenID Connect Core section 5.3.2](https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse)

use serde::Serialize;

use super::{
    claims::HostClaims,
    client::{Client, ClientId},
    grant::Subject,
};

/// The `typ` of a signed answer.
pub const TYP: &str = "JWT";

/// What a client is told: who it is, and what the host lets out.
#[derive(Debug, Serialize)]
pub struct UserInfo<'a> {
    sub: &'a Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a ClientId>,
    #[serde(flatten)]
    host: &'a HostClaims,
}

impl<'a> UserInfo<'a> {
    /// The answer for `client`, which knows the person as `sub`. As a JWT it says who says so to whom.
    #[must_use]
    pub fn new(issuer: &'a str, client: &'a Client, sub: &'a Subject, host: &'a HostClaims) -> Self {
        let jwt = is_jwt(client);
        Self { sub, iss: jwt.then_some(issuer), aud: jwt.then_some(&client.id), host }
    }
}

/// Whether `client` is answered with a JWT, and not with plain JSON.
#[must_use]
pub const fn is_jwt(client: &Client) -> bool {
    client.metadata.userinfo_signed_response_alg.is_some()
        || client.metadata.userinfo_encrypted_response_alg.is_some()
}
