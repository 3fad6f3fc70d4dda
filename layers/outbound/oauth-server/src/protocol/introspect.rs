//! The introspection endpoint. [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662#section-2)
//!
//! The rules, in order:
//!
//! 1. A form, nothing in the query; a client that proves itself, with a secret or a key; a token. `token_type_hint` is not
//!    looked at.
//! 2. Who may know of a living token is told of it: the client it was issued to; and the client that guards an API of its
//!    audience ([`ServerConfig::resource_servers`](crate::ServerConfig::resource_servers)), of access tokens alone, with the
//!    scope and the audience that are its own. Either knows the person by the `sub` that it registered for.
//! 3. The host is asked whether the person still may act, as at userinfo.
//! 4. To anybody else, and of anything else, the answer is `{"active":false}`.
//! 5. Who accepts `application/token-introspection+jwt`, or registered how its answers are signed or encrypted, is answered
//!    with a JWT ([RFC 9701](https://www.rfc-editor.org/rfc/rfc9701)), whether the token works or not; others with JSON.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts};
use http_body::Body;
use towergate_core::{Secret, audit::Origin};
use towergate_jose::Algorithm;
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        client::{AuthenticationFailure, Client},
        token::{
            introspection::{
                self, AccessFacts, INACTIVE, Inquiry, Introspection, IntrospectionClaims, may_ask,
            },
            refresh_token::RefreshFacts,
        },
    },
};

use super::{
    authenticate,
    encrypt::{Encryption, encrypted},
    failure::Failure,
    held::{self, Found, Question},
    json,
    layer::Endpoints,
    token::{context, is_account_alive},
};
use crate::account::{AccountResolver, Purpose};

const MEDIA_TYPE: &str = "application/token-introspection+jwt";

pub(super) async fn answer<S, R, P, B>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    body: B,
) -> Result<Response<Bytes>, Failure>
where
    S: OAuthStore,
    R: AccountResolver,
    P: Send + Sync,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Question { client, token, origin } = held::ask(endpoints, parts, body).await?;
    let now = origin.at;
    if let Err(error) = may_ask(&client) {
        let id = client.client().id.clone();
        let failure =
            AuthenticationFailure { error, by_header: false, client: Some(id), reason: "public_client" };
        return Err(Box::pin(authenticate::note(endpoints, failure, &origin)).await);
    }
    let issuer = endpoints.server.config().issuer.as_str();
    let found = held::any(endpoints, token.expose()).await?;
    let (subject, grant) = match &found {
        Some(Found::Access(stored)) => (stored.token.subject.as_ref(), stored.grant.as_deref()),
        Some(Found::Refresh(stored)) => (Some(&stored.grant.subject), Some(&*stored.grant)),
        None => (None, None),
    };
    let sub = subject.map(|subject| endpoints.server.sub_of(client.client(), subject));
    let inquiry = Inquiry { client: &client, targets: endpoints.server.config().targets(), now };
    let mut answer = match (&found, &sub) {
        (Some(Found::Access(stored)), sub) => {
            let facts = AccessFacts { token: &stored.token, grant, revoked: stored.revoked };
            inquiry.access_token(facts, sub.as_ref())
        }
        (Some(Found::Refresh(stored)), Some(sub)) => {
            let facts = RefreshFacts {
                token: &stored.token,
                grant: &stored.grant,
                state: &stored.state,
                revoked: stored.revoked,
            };
            inquiry.refresh_token(facts, sub)
        }
        _ => INACTIVE,
    };
    // Asked only for who may know: a token in wrong hands wakes nobody.
    if let (Introspection::Active(_), Some(grant)) = (&answer, grant) {
        let context = context(Purpose::Introspection, grant, &grant.scope);
        if !is_account_alive(endpoints, grant, &context, &origin).await? {
            answer = INACTIVE;
        }
    }
    let client = client.client();
    let mut response = if is_jwt_wanted(client, &parts.headers) {
        let claims = IntrospectionClaims::new(issuer, &client.id, &answer, now);
        json::private_jwt(MEDIA_TYPE, &Box::pin(jwt(endpoints, client, &claims, &origin)).await?)
    } else {
        json::private(StatusCode::OK, serde_json::to_vec(&answer)?)
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// Whether the answer is a JWT: the request says so, or the client registered what only a JWT has.
fn is_jwt_wanted(client: &Client, headers: &HeaderMap) -> bool {
    let metadata = &client.metadata;
    metadata.introspection_signed_response_alg.is_some()
        || metadata.introspection_encrypted_response_alg.is_some()
        || headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(names_jwt)
}

/// Whether an `Accept` header names the media type itself, and does not refuse it by `q=0`.
fn names_jwt(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|media| media.eq_ignore_ascii_case(MEDIA_TYPE));
        let refused = parts.filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
            name.trim().eq_ignore_ascii_case("q") && value.trim().parse::<f32>().is_ok_and(|q| q <= 0.0)
        });
        named && !refused
    })
}

/// The answer signed by the algorithm that the client registered, else by the specification's default, RS256; and then
/// encrypted where it registered so, [RFC 9701 section 6](https://www.rfc-editor.org/rfc/rfc9701#section-6).
async fn jwt<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    client: &Client,
    claims: &IntrospectionClaims<'_>,
    origin: &Origin,
) -> Result<Secret<String>, Failure> {
    let metadata = &client.metadata;
    let algorithm = metadata.introspection_signed_response_alg.unwrap_or(Algorithm::RS256);
    let key = endpoints.server.keys().signing(algorithm);
    let key = key.ok_or_else(|| Failure::no_key(algorithm.as_str(), client))?;
    let signed = Secret::new(key.sign_jwt(introspection::TYP, claims)?);
    let (alg, enc) =
        (metadata.introspection_encrypted_response_alg, metadata.introspection_encrypted_response_enc);
    match Encryption::registered("introspection", alg, enc) {
        Some(how) => {
            let text = signed.expose().as_bytes();
            encrypted(endpoints, client, how, Some("JWT"), text, origin).await
        }
        None => Ok(signed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9701_4_the_media_type_must_be_named_and_not_refused() {
        for yes in [
            "application/token-introspection+jwt",
            "application/json;q=0.9, Application/Token-Introspection+JWT ; q=0.1",
            "application/token-introspection+jwt;q=1.000",
        ] {
            assert!(names_jwt(yes), "{yes}");
        }
        for no in [
            "",
            "*/*",
            "application/*",
            "application/jwt",
            "application/json",
            "application/token-introspection+jwt;q=0",
            "application/token-introspection+jwt; Q=0.000, */*",
        ] {
            assert!(!names_jwt(no), "{no}");
        }
    }
}
