//! Where clients push their authorization requests, before they send anybody here with them.
//! [RFC 9126 section 2](https://www.rfc-editor.org/rfc/rfc9126#section-2)
//!
//! The rules, in order: a form, nothing in the query; a client that proves itself, as at the token endpoint; no request by
//! reference; a request object, if there is one, that is right; `client_id` of that very client; all that the authorization
//! endpoint checks; and room for one more, in the client's own share and in all. The answer is a reference that is good for one
//! minute, and for one answer.

use std::error::Error;

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use http_body::Body;
use serde::Serialize;
use towergate_core::{form::Form, token::OpaqueToken};
use towergate_oauth::{
    ports::{OAuthStore, pushed_request::Pushing},
    rules::{
        authorize::{Params, Rejection, params},
        pushed_request::{self, CREDENTIALS, LIFETIME, PREFIX, PushedRequest, PushedRequestId},
        token::request,
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{
    asking::{arrived, nothing_in_query},
    authenticate,
    failure::Failure,
    json,
    layer::Endpoints,
};
use crate::asked;

#[derive(Serialize)]
struct Pushed<'a> {
    request_uri: &'a str,
    expires_in: u64,
}

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
    let server = &endpoints.server;
    for known in [params::KNOWN, params::LISTS, CREDENTIALS] {
        nothing_in_query(parts, known)?;
    }
    let text = json::read_text(&parts.headers, body).await?;
    let origin = arrived(endpoints, parts)?;
    let now = origin.at;
    let form = Form::parse(&text, CREDENTIALS).map_err(|_| Failure::TooLong)?;
    request::check(&form)?;
    let client = authenticate::authenticate(endpoints, parts, &form, &origin).await?;
    let client = client.client();
    let params = Params::of_push(&text).map_err(|_| Failure::TooLong)?;
    if params.value("request_uri")?.is_some() {
        return Err(BY_REFERENCE.into());
    }
    let refused = |rejection: Rejection| rejection.error();
    let opened = asked::open(server, params, client, now).await.map_err(refused)?;
    pushed_request::is_about(&opened, &client.id)?;
    let (request, _) = asked::check(server, &opened, client).map_err(refused)?;
    let token = OpaqueToken::mint(PREFIX, now, &server.random)?;
    let pushed = PushedRequest {
        id: PushedRequestId::from_uuid(token.id()),
        digest: token.digest(),
        request,
        expires_at: now.plus(LIFETIME),
    };
    let room = pushed_request::room_for(client, server.config().max_open_interactions);
    match server.store().push_request(pushed, room, origin).await? {
        Pushing::Pushed => {}
        Pushing::ShareTaken => return Err(Failure::TooMany),
        Pushing::Full => return Err(Failure::Busy),
    }
    let request_uri = pushed_request::reference(&token);
    let pushed = Pushed { request_uri: &request_uri, expires_in: LIFETIME.as_secs() };
    Ok(json::private(StatusCode::CREATED, serde_json::to_vec(&pushed)?))
}

const BY_REFERENCE: OAuthError =
    OAuthError::new(ErrorCode::InvalidRequest, "a request that is pushed must not be another reference");
