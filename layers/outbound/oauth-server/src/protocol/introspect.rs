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
use towergate_core::{Secret, Timestamp, audit::Origin};
use towergate_jose::Algorithm;
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        client::{AuthenticationFailure, Client},
        grant::Grant,
        token::{
            introspection::{self, AccessFacts, INACTIVE, Inquiry, Introspection, IntrospectionClaims, may_ask},
            refresh_token::RefreshFacts,
        },
    },
};

use super::{
    authenticate,
    failure::Failure,
    held::{self, Found, Question},
    json,
    layer::Endpoints,
    token::is_account_alive,
};
use crate::account::{AccountResolver, Context, Purpose};

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
    let Question { client, token, origin, now } = held::ask(endpoints, parts, body).await?;
    if let Err(error) = may_ask(&client) {
        let id = client.client().id.clone();
        let failure =
            AuthenticationFailure { error, by_header: false, client: Some(id), reason: "public_client" };
        return Err(authenticate::note(endpoints, failure, &origin).await);
    }
    let found = held::any(endpoints, token.expose()).await?;
    let (subject, grant) = match &found {
        Some(Found::Access(stored)) => (stored.token.subject.as_ref(), stored.grant.as_ref()),
        Some(Found::Refresh(stored)) => (Some(&stored.grant.subject), Some(&stored.grant)),
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
    if let (Introspection::Active(_), Some(grant)) = (&answer, grant)
        && !may_still_act(endpoints, grant, &origin).await?
    {
        answer = INACTIVE;
    }
    let mut response = match is_jwt_wanted(client.client(), &parts.headers) {
        true => jwt_response(&jwt(endpoints, client.client(), &answer, now)?),
        false => json::private(StatusCode::OK, serde_json::to_vec(&answer)?),
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// Whether the person still may act, and their sign-in lives where the token hangs on it.
async fn may_still_act<S: OAuthStore, R: AccountResolver, P>(
    endpoints: &Endpoints<S, R, P>,
    grant: &Grant,
    origin: &Origin,
) -> Result<bool, Failure> {
    let mut context = Context::new(Purpose::Introspection);
    context.client = Some(grant.client.clone());
    context.scope = grant.scope.clone();
    context.sid = grant.ends_with().map(str::to_owned);
    is_account_alive(endpoints, grant, &context, origin).await
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

/// The answer signed by the algorithm that the client registered; the specification's default is RS256.
fn jwt<S, R, P>(
    endpoints: &Endpoints<S, R, P>,
    client: &Client,
    answer: &Introspection<'_>,
    now: Timestamp,
) -> Result<Secret<String>, Failure> {
    let algorithm = client.metadata.introspection_signed_response_alg.unwrap_or(Algorithm::RS256);
    let key = endpoints.server.keys().signing(algorithm).ok_or_else(|| Failure::NoKey {
        algorithm: algorithm.to_string(),
        client: client.id.to_string(),
    })?;
    let issuer = endpoints.server.config().issuer.as_str();
    let claims = IntrospectionClaims::new(issuer, &client.id, answer, now);
    Ok(Secret::new(key.sign_jwt(introspection::TYP, &claims)?))
}

fn jwt_response(token: &Secret<String>) -> Response<Bytes> {
    let mut response = json::private(StatusCode::OK, token.expose().as_bytes().to_vec());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    response
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
