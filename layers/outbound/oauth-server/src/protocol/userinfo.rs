//! The userinfo endpoint. [OpenID Connect Core section 5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo)
//!
//! The rules, in order: one token, in the header or in the form body of a POST, never in the query; a token of ours;
//! alive, with its grant and its client; `openid` in its scope; an account that the host still knows.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Response, StatusCode, header, request::Parts};
use http_body::Body;
use serde_json::{Map, Value};
use towergate_core::{Secret, form::Form};
use towergate_endpoint::body;
use towergate_oauth::{
    ports::{OAuthStore, grant::StoredAccessToken},
    rules::{
        client::gate,
        grant::Grant,
        token::{held::is_alive, request},
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{
    failure::Failure,
    held, json,
    layer::Endpoints,
    token::{is_account_alive, resolver_failed},
};
use crate::account::{AccountResolver, Context, Purpose, calls};

const KNOWN: &[&str] = &["access_token"];

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
    let text = presented(parts, body).await?;
    // Not before the body is there: whoever holds it back would hold back the clock.
    let now = endpoints.server.now();
    let origin = endpoints.server.origin(&parts.extensions, now)?;
    let stored = held::access_token(endpoints, text.expose()).await?;
    let alive = |stored: &StoredAccessToken| is_alive(&stored.token, stored.revoked, now);
    let stored = stored.filter(alive).ok_or_else(invalid_token)?;
    let (grant, scope) = openid_grant(stored)?;
    let client = endpoints.server.store().find_client(&grant.client).await?;
    let client = client.filter(|client| gate::active(client).is_ok()).ok_or_else(invalid_token)?;
    let mut context = Context::new(Purpose::UserInfo);
    context.client = Some(grant.client.clone());
    context.scope = scope.clone();
    context.sid = grant.ends_with().map(str::to_owned);
    if !is_account_alive(endpoints, &grant, &context, &origin).await? {
        return Err(invalid_token());
    }
    let resolver = &**endpoints.server.resolver();
    let claims = match calls::claims(resolver, &grant.subject, &context).await {
        Ok(claims) => claims.values,
        Err(cause) => return Err(resolver_failed(endpoints, "claims", cause, &origin).await),
    };
    let mut answer: Map<String, Value> = endpoints.server.config().scope_claims.let_out(&scope, claims);
    let sub = endpoints.server.sub_of(&client, &grant.subject);
    answer.insert(String::from("sub"), Value::from(sub.as_str()));
    Ok(json::private(StatusCode::OK, serde_json::to_vec(&answer)?))
}

/// The one token of the request.
async fn presented<B>(parts: &Parts, body: B) -> Result<Secret<String>, Failure>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    if !Form::parse(query, KNOWN).is_ok_and(|query| query.is_empty()) {
        return Err(bad_request("an access token never belongs into the query"));
    }
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let in_header = match (headers.next(), headers.next()) {
        (None, _) => None,
        (Some(value), None) => {
            let (scheme, token) =
                value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
            let bearer = scheme.eq_ignore_ascii_case("Bearer") && !token.trim().is_empty();
            Some(bearer.then(|| token.trim()).ok_or(Failure::NoBearer)?)
        }
        (Some(_), Some(_)) => return Err(bad_request("the Authorization header is there twice")),
    };
    let form = match parts.method == Method::POST && body::is_form(&parts.headers) {
        true => json::read_form(&parts.headers, body, KNOWN).await?,
        false => Form::default(),
    };
    request::check(&form)?;
    let in_body = form.get("access_token").ok().flatten();
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(bad_request("the access token came in two ways at once")),
        (Some(token), None) | (None, Some(token)) => Ok(Secret::from(token)),
        (None, None) => Err(Failure::NoBearer),
    }
}

/// A person's grant that lets their identity out, and how far this token goes.
fn openid_grant(stored: StoredAccessToken) -> Result<(Grant, towergate_oauth_types::Scope), Failure> {
    let StoredAccessToken { token, grant, .. } = stored;
    match grant {
        Some(grant) if token.scope.contains("openid") => Ok((grant, token.scope)),
        _ => {
            let description = "the access token does not cover openid";
            let error = OAuthError::new(ErrorCode::InsufficientScope, description);
            Err(Failure::Bearer { error, scope: Some("openid") })
        }
    }
}

fn invalid_token() -> Failure {
    let description = "the access token is wrong, expired or revoked";
    Failure::Bearer { error: OAuthError::new(ErrorCode::InvalidToken, description), scope: None }
}

fn bad_request(description: &'static str) -> Failure {
    Failure::Bearer { error: OAuthError::new(ErrorCode::InvalidRequest, description), scope: None }
}
