//! The client registration endpoint. [RFC 7591 section 3](https://www.rfc-editor.org/rfc/rfc7591#section-3),
//! [OpenID Connect Registration section 3](https://openid.net/specs/openid-connect-registration-1_0.html#ClientRegistration)
//!
//! The rules, in order: an initial access token, where one is asked for; one JSON object that says each thing once, of at
//! most 64 KiB; a software statement, where there is one, from somebody whom the host trusts; fields that can be read,
//! within the host's policy, and right together; a `sector_identifier_uri` that lists every redirect URI; room for one
//! client more. Everything that is wrong with the metadata is told at once.

use std::error::Error;

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use http_body::Body;
use serde_json::{Map, Value};
use towergate_core::{Secret, Timestamp, audit::Origin, id, token::OpaqueToken};
use towergate_oauth::{
    ports::{OAuthStore, client::Registering},
    rules::client::{
        Client, ClientId,
        parse::{self, Reading},
        registration_token::PREFIX,
        statement,
    },
};
use towergate_oauth_types::ErrorCode;

use self::refusal::{Refusal, refused};
use super::{asking::arrived, authenticate::note, failure::Failure, json, layer::Endpoints};

mod bearer;
mod information;
pub(super) mod manage;
pub(super) mod refusal;
mod secret;
pub(super) mod sector;

pub(super) async fn answer<S, R, P, B>(
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
    let registration = &server.config().registration;
    let presented = bearer::presented(&parts.headers)?;
    if !registration.mode.admits(presented) {
        let origin = arrived(endpoints, parts)?;
        let failure = bearer::initial_access_token_refused();
        let told = note(endpoints, failure, &origin).await;
        return Err(if presented.is_none() { Failure::NoBearer } else { bearer::or_store(told) });
    }
    let fields = json::read_object(&parts.headers, body).await?;
    let origin = arrived(endpoints, parts)?;
    let now = origin.at;
    let reading = read(endpoints, fields, now)?;
    let id = ClientId::parse(&id::time_ordered(now, &server.random)?.to_string())
        .map_err(|_| Refusal::new(ErrorCode::ServerError, "an identifier could not be made"))?;
    let secret = secret::fresh(&server.random)?;
    let (client, secret) = build(endpoints, reading, id, secret).await?;
    let token = OpaqueToken::mint(PREFIX, now, &server.random)?;
    let client =
        Client { registration_access_token: Some(token.digest()), registered_at: Some(now), ..client };
    let limit = registration.policy.max_clients;
    match server.store().register_client(client.clone(), limit, origin).await? {
        Registering::Registered => {
            let body = information::of(server.config(), &client, secret.as_ref(), &token.reveal());
            Ok(json::private(StatusCode::CREATED, serde_json::to_vec(&body)?))
        }
        Registering::Full => {
            let description = "as many clients have registered themselves as this server allows";
            Err(Refusal::new(ErrorCode::AccessDenied, description).into())
        }
    }
}

/// What the client says of itself, and what is said of it, within the host's bounds.
fn read<S, R, P>(
    endpoints: &Endpoints<S, R, P>,
    mut fields: Map<String, Value>,
    now: Timestamp,
) -> Result<Reading, Refusal> {
    let server = &endpoints.server;
    let registration = &server.config().registration;
    statement::apply(&mut fields, &registration.statement_issuers, now)?;
    // What is null is not there, for the statement as for any field.
    let vouched_for = fields.get("software_statement").is_some_and(|statement| !statement.is_null());
    if registration.require_statement && !vouched_for {
        let description =
            "software_statement is missing: this server asks that somebody vouches for the program";
        return Err(Refusal::new(ErrorCode::InvalidClientMetadata, description));
    }
    let algorithms: Vec<_> = server.keys().algorithms().collect();
    Ok(parse::read(&fields).within(&registration.policy, &server.config().issuer, &algorithms))
}

/// The client, and `secret` when it is one that has a secret.
async fn build<S, R, P>(
    endpoints: &Endpoints<S, R, P>,
    reading: Reading,
    id: ClientId,
    secret: Secret<String>,
) -> Result<(Client, Option<Secret<String>>), Failure> {
    let server = &endpoints.server;
    let secret = reading.wants_secret().then_some(secret);
    let mut client = reading.register(id, secret.as_ref()).map_err(|invalid| refused(&invalid))?;
    sector::check(server.outbound_client(), server.sector_lookups(), &client.metadata).await?;
    if let Some(secret) = &secret {
        client.seal_secret(secret, server.keys().sealing(), &server.random)?;
    }
    Ok((client, secret))
}

/// An attempt that comes to nothing, on record.
async fn note_refused<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    client: Option<ClientId>,
    origin: &Origin,
) -> Failure {
    bearer::or_store(note(endpoints, bearer::registration_token_refused(client), origin).await)
}
