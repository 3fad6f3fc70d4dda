//! The revocation endpoint. [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009#section-2)
//!
//! The rules, in order: a form, nothing in the query; a client that proves itself, as at the token endpoint; a token.
//! A refresh token of this client ends its grant with all that came from it, an access token ends alone. What is
//! another's, unknown or malformed is answered like what was revoked, and left alone.
//!
//! Userinfo, introspection and an API that asks the store see it at once; an API that verifies JWTs offline does not
//! before they expire.

use std::error::Error;

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use http_body::Body;
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        grant::RevocationReason,
        token::revocation::{Revoked, of_access_token, of_refresh_token},
    },
};

use super::{
    failure::Failure,
    held::{self, Found, Question},
    json,
    layer::Endpoints,
};

pub(super) async fn answer<S, R, P, B>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    body: B,
) -> Result<Response<Bytes>, Failure>
where
    S: OAuthStore,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let Question { client, token, origin } = held::ask(endpoints, parts, body).await?;
    let revoked = match held::any(endpoints, token.expose()).await? {
        Some(Found::Refresh(stored)) => of_refresh_token(&stored.grant, &client),
        Some(Found::Access(stored)) => of_access_token(&stored.token, &client),
        None => None,
    };
    let store = endpoints.server.store();
    match revoked {
        Some(Revoked::Grant(grant)) => {
            store.revoke_grant(grant, RevocationReason::ClientRevoked, origin).await?;
        }
        Some(Revoked::AccessToken(token)) => {
            store.revoke_access_token(token, client.client().id.clone(), origin).await?;
        }
        None => {}
    }
    Ok(json::private(StatusCode::OK, b"{}".to_vec()))
}
