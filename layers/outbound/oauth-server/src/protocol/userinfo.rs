//! The userinfo endpoint. [OpenID Connect Core section 5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo)
//!
//! The rules, in order: one token, in the header or in the form body of a POST, never in the query; a token of ours;
//! alive, with its grant and its client; for this server, not for another API alone; `openid` in its scope; an account
//! that the host still knows.
//!
//! The answer is JSON, or a JWT for a client that registered `userinfo_signed_response_alg` or
//! `userinfo_encrypted_response_alg`.

use std::{error::Error, sync::Arc};

use bytes::Bytes;
use http::{Method, Response, StatusCode, header, request::Parts};
use http_body::Body;
use towergate_core::{Secret, audit::Origin, form::Form};
use towergate_endpoint::body;
use towergate_oauth::{
    ports::{OAuthStore, grant::StoredAccessToken},
    rules::{
        claims::Wanted,
        client::{Client, gate},
        grant::Grant,
        token::{held::is_alive, request},
        userinfo::{self, UserInfo},
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError, Scope};

use super::{
    asking::arrived,
    encrypt::{Encryption, encrypted},
    failure::Failure,
    held, json,
    layer::Endpoints,
    token::{context, host_claims, is_account_alive},
};
use crate::account::{AccountResolver, Purpose};

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
    let origin = arrived(endpoints, parts)?;
    let now = origin.at;
    let stored = held::access_token(endpoints, text.expose()).await?;
    let alive = |stored: &StoredAccessToken| is_alive(&stored.token, stored.revoked, now);
    let targets = endpoints.server.config().targets();
    let ours = |stored: &StoredAccessToken| targets.is_for_userinfo(&stored.token.audience);
    let stored = stored.filter(alive).filter(ours).ok_or_else(invalid_token)?;
    let client = endpoints.server.find_client(&stored.token.client, &origin).await?;
    let client = client.filter(|client| gate::active(client).is_ok()).ok_or_else(invalid_token)?;
    let (grant, scope) = openid_grant(stored, &client)?;
    let context = context(Purpose::UserInfo, &grant, &scope);
    if !is_account_alive(endpoints, &grant, &context, &origin).await? {
        return Err(invalid_token());
    }
    let wanted = Wanted::at_userinfo(&scope, &client.metadata.scope, &grant.claims);
    let host = host_claims(endpoints, &grant, &wanted, &context, &origin).await?;
    let sub = endpoints.server.sub_of(&client, &grant.subject);
    let issuer = endpoints.server.config().issuer.as_str();
    let answer = UserInfo::new(issuer, &client, &sub, &host);
    match userinfo::is_jwt(&client) {
        true => {
            let jwt = Box::pin(jwt(endpoints, &client, &answer, &origin)).await?;
            Ok(json::private_jwt("application/jwt", &jwt))
        }
        false => Ok(json::private(StatusCode::OK, serde_json::to_vec(&answer)?)),
    }
}

/// The answer signed, encrypted, or signed and then encrypted, as the client registered.
async fn jwt<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    client: &Client,
    answer: &UserInfo<'_>,
    origin: &Origin,
) -> Result<Secret<String>, Failure> {
    let metadata = &client.metadata;
    let signed = match metadata.userinfo_signed_response_alg {
        Some(algorithm) => {
            let key = endpoints.server.keys().signing(algorithm);
            let key = key.ok_or_else(|| Failure::no_key(algorithm.as_str(), client))?;
            Some(Secret::new(key.sign_jwt(userinfo::TYP, answer)?))
        }
        None => None,
    };
    let (alg, enc) = (metadata.userinfo_encrypted_response_alg, metadata.userinfo_encrypted_response_enc);
    match (signed, Encryption::registered("userinfo", alg, enc)) {
        (Some(signed), None) => Ok(signed),
        (Some(signed), Some(how)) => {
            let text = signed.expose().as_bytes();
            encrypted(endpoints, client, how, Some(userinfo::TYP), text, origin).await
        }
        (None, Some(how)) => {
            let text = serde_json::to_vec(answer)?;
            encrypted(endpoints, client, how, None, &text, origin).await
        }
        (None, None) => Err(Failure::no_key("userinfo", client)),
    }
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
            let text = value.to_str().unwrap_or_default();
            let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
            match (scheme.eq_ignore_ascii_case("Bearer"), token.trim()) {
                (false, _) => return Err(Failure::NoBearer),
                (true, "") => return Err(bad_request("the Authorization header holds no token")),
                (true, token) => Some(token),
            }
        }
        (Some(_), Some(_)) => return Err(bad_request("the Authorization header is there twice")),
    };
    let form = match parts.method == Method::POST && body::is_form(&parts.headers) {
        true => json::read_form(&parts.headers, body, KNOWN).await.map_err(challenged)?,
        false => Form::default(),
    };
    request::check(&form).map_err(challenged)?;
    let in_body = form.get("access_token").ok().flatten();
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(bad_request("the access token came in two ways at once")),
        (Some(token), None) | (None, Some(token)) => Ok(Secret::from(token)),
        (None, None) => Err(Failure::NoBearer),
    }
}

/// A person's grant that lets their identity out, and how far this token still goes.
fn openid_grant(stored: StoredAccessToken, client: &Client) -> Result<(Arc<Grant>, Scope), Failure> {
    let StoredAccessToken { token, grant, .. } = stored;
    let scope = token.scope.intersection(&client.metadata.scope);
    match grant {
        Some(grant) if scope.contains("openid") => Ok((grant, scope)),
        _ => {
            let description = "the access token does not cover openid";
            let error = OAuthError::new(ErrorCode::InsufficientScope, description);
            Err(Failure::Bearer { error, scope: Some("openid") })
        }
    }
}

fn invalid_token() -> Failure {
    let description = "the access token is wrong, expired, revoked, or not for this endpoint";
    Failure::Bearer { error: OAuthError::new(ErrorCode::InvalidToken, description), scope: None }
}

fn bad_request(description: &'static str) -> Failure {
    challenged(OAuthError::new(ErrorCode::InvalidRequest, description))
}

/// Whatever is wrong with a request that should have brought a token,
/// [RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3).
const fn challenged(error: OAuthError) -> Failure {
    Failure::Bearer { error, scope: None }
}
