//! The client configuration endpoint. [RFC 7592 section 2](https://www.rfc-editor.org/rfc/rfc7592#section-2)
//!
//! The rules, in order: the token of this registration, in the header, and a client that may act (a client that is not there
//! looks and costs the same); GET tells what is stored; PUT replaces all of it by the rules of registration, must name the
//! client, leaves the `sub` under which the client knows people, and brings a new token, so that of several at once one gets its way; DELETE ends the client and all that it holds.
//!
//! A secret is told once, when it is made. An update makes one when the client comes to need one that it has not.

use std::error::Error;

use bytes::Bytes;
use http::{Method, Response, StatusCode, request::Parts};
use http_body::Body;
use serde_json::{Map, Value};
use towergate_core::{Digest, Secret, audit::Origin, token::OpaqueToken};
use towergate_oauth::{
    ports::{OAuthStore, client::Managing},
    rules::{
        client::{
            Client, ClientAuthMethod, ClientId,
            registration_token::{self, PREFIX},
        },
        subject,
    },
};
use towergate_oauth_types::ErrorCode;

use super::{
    super::{asking::arrived, failure::Failure, json, layer::Endpoints},
    bearer, build, information, note_refused, read,
    refusal::Refusal,
    secret,
};

pub(in super::super) async fn answer<S, R, P, B>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    body: B,
) -> Result<Response<Bytes>, Failure>
where
    S: OAuthStore,
    R: Send + Sync,
    P: Send + Sync,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let server = &endpoints.server;
    let presented = bearer::presented(&parts.headers)?.ok_or(Failure::NoBearer)?;
    let digest = registration_token::digest(presented);
    let name = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let id = ClientId::parse(name).ok();
    let stored = match &id {
        Some(id) => server.store().find_client(id).await?,
        None => None,
    };
    let Some(client) = registration_token::managed(stored, &digest) else {
        let origin = arrived(endpoints, parts)?;
        return Err(note_refused(endpoints, id, &origin).await);
    };
    match parts.method {
        Method::PUT => {
            let fields = json::read_object(&parts.headers, body).await?;
            // Not before the body is there: whoever holds it back would hold back the clock.
            let origin = arrived(endpoints, parts)?;
            update(endpoints, &client, digest, fields, origin).await
        }
        Method::DELETE => {
            let origin = arrived(endpoints, parts)?;
            let id = client.id.clone();
            match server.store().delete_client(id.clone(), digest, origin).await? {
                Managing::Done => Ok(json::nothing(StatusCode::NO_CONTENT)),
                Managing::Refused => Err(note_refused(endpoints, Some(id), &origin).await),
            }
        }
        _ => {
            let body = information::of(server.config(), &client, None, &Secret::from(presented));
            Ok(json::private(StatusCode::OK, serde_json::to_vec(&body)?))
        }
    }
}

async fn update<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    before: &Client,
    digest: Digest,
    fields: Map<String, Value>,
    origin: Origin,
) -> Result<Response<Bytes>, Failure> {
    let server = &endpoints.server;
    check_identity(before, &fields)?;
    let reading = read(endpoints, fields, origin.at)?;
    let fresh = secret::fresh(&server.random)?;
    let (mut client, mut told) = build(endpoints, reading, before.id.clone(), fresh).await?;
    if !subject::are_the_same(before, &client) {
        let description =
            "subject_type, and the host that pairwise subjects belong to, must stay: register anew";
        return Err(Refusal::new(ErrorCode::InvalidClientMetadata, description).into());
    }
    if told.is_some() && serves(before, client.metadata.token_endpoint_auth_method) {
        client.secret = before.secret.clone();
        client.sealed_secret = before.sealed_secret.clone();
        told = None;
    }
    let token = OpaqueToken::mint(PREFIX, origin.at, &server.random)?;
    client.registration_access_token = Some(token.digest());
    client.registered_at = before.registered_at;
    match server.store().update_client(client.clone(), digest, origin).await? {
        Managing::Done => {
            let body = information::of(server.config(), &client, told.as_ref(), &token.reveal());
            Ok(json::private(StatusCode::OK, serde_json::to_vec(&body)?))
        }
        Managing::Refused => Err(note_refused(endpoints, Some(client.id), &origin).await),
    }
}

/// Whether the secret that the client has is enough for this method: only what was sealed can verify what it signs.
const fn serves(client: &Client, method: ClientAuthMethod) -> bool {
    match method {
        ClientAuthMethod::ClientSecretJwt => client.sealed_secret.is_some(),
        _ => client.secret.is_some(),
    }
}

/// An update names its client, and the client's secret if any.
fn check_identity(client: &Client, fields: &Map<String, Value>) -> Result<(), Refusal> {
    let refuse = |description| Err(Refusal::new(ErrorCode::InvalidClientMetadata, description));
    if fields.get("client_id").and_then(Value::as_str) != Some(client.id.as_str()) {
        return refuse("client_id must be there, and be that of the client that is updated");
    }
    let same_secret = match fields.get("client_secret") {
        None | Some(Value::Null) => true,
        Some(Value::String(sent)) => {
            client.secret.as_ref().is_some_and(|own| own.matches(&Digest::of(sent.as_bytes())))
        }
        Some(_) => false,
    };
    if !same_secret {
        return refuse("client_secret must be the secret of the client, or be left out: it is made here");
    }
    Ok(())
}
