//! The introspection endpoint. [RFC 7662](https://www.rfc-editor.org/rfc/rfc7662#section-2)
//!
//! The rules, in order: a form, nothing in the query; a client that proves itself, with a secret; a token. Who may know
//! of a living token is told of it: the client it was issued to, and one that its audience names. To anybody else, and
//! of anything else, the answer is `{"active":false}`.

use std::error::Error;

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use http_body::Body;
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        client::AuthenticationFailure,
        token::{
            introspection::{INACTIVE, may_ask, of_access_token, of_refresh_token},
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
    let Question { client, token, origin, now } = held::ask(endpoints, parts, body).await?;
    if let Err(error) = may_ask(&client) {
        let id = client.client().id.clone();
        let failure =
            AuthenticationFailure { error, by_header: false, client: Some(id), reason: "public_client" };
        return Err(authenticate::note(endpoints, failure, &origin).await);
    }
    let issuer = endpoints.server.config().issuer.as_str();
    let found = held::any(endpoints, token.expose()).await?;
    let subject = match &found {
        Some(Found::Access(stored)) => stored.token.subject.as_ref(),
        Some(Found::Refresh(stored)) => Some(&stored.grant.subject),
        None => None,
    };
    let sub = subject.map(|subject| endpoints.server.sub_of(client.client(), subject));
    let answer = match (&found, &sub) {
        (Some(Found::Access(stored)), sub) => {
            let grant = stored.grant.as_ref();
            of_access_token(issuer, &stored.token, sub.as_ref(), grant, stored.revoked, &client, now)
        }
        (Some(Found::Refresh(stored)), Some(sub)) => {
            let facts = RefreshFacts {
                token: &stored.token,
                grant: &stored.grant,
                state: &stored.state,
                revoked: stored.revoked,
            };
            of_refresh_token(issuer, facts, sub, &client, now)
        }
        _ => INACTIVE,
    };
    Ok(json::private(StatusCode::OK, serde_json::to_vec(&answer)?))
}
