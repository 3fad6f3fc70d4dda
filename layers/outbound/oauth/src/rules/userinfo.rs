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

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};
    use towergate_jose::Algorithm;
    use towergate_oauth_types::Scope;

    use super::*;
    use crate::rules::{
        claims::{ScopeClaims, Wanted},
        claims_request::ClaimsRequest,
        client::ClientMetadata,
    };

    #[test]
    fn whatever_the_host_answers_the_protocols_claims_are_the_protocols() {
        let host: Map<_, _> = ["sub", "iss", "aud", "exp", "email"]
            .map(|name| (name.to_owned(), Value::from("mallory")))
            .into_iter()
            .collect();
        let table = ScopeClaims::default().with("openid", ["sub", "iss", "aud", "exp"]);
        let (scope, request) = (Scope::parse("openid email").unwrap(), ClaimsRequest::default());
        let host = table.let_out(&Wanted::at_userinfo(&scope, &scope, &request), host);
        let sub = Subject::parse("alice-1").unwrap();
        for (signed, expected) in [
            (None, json!({ "sub": "alice-1", "email": "mallory" })),
            (
                Some(Algorithm::ES256),
                json!({ "sub": "alice-1", "email": "mallory", "iss": "https://id.example", "aud": "app" }),
            ),
        ] {
            let metadata =
                ClientMetadata { userinfo_signed_response_alg: signed, ..ClientMetadata::default() };
            let client = Client::unchecked(ClientId::parse("app").unwrap(), None, metadata);
            let answer = UserInfo::new("https://id.example", &client, &sub, &host);
            assert_eq!(serde_json::to_value(&answer).unwrap(), expected);
            let text = serde_json::to_string(&answer).unwrap();
            assert_eq!(text.matches("\"sub\"").count(), 1);
        }
    }
}
