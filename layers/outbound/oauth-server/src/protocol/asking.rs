//! How a request begins at every endpoint where clients call: nothing of the body in the query; a form; the moment; a
//! client that proves itself.

use std::error::Error;

use http::request::Parts;
use http_body::Body;
use towergate_core::{RandomUnavailable, audit::Origin, form::Form};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{client::AuthenticatedClient, token::request},
};
use towergate_oauth_types::OAuthError;

use super::{authenticate::authenticate, failure::Failure, json, layer::Endpoints};

/// A form, and the client that sent it and has proven itself.
pub(super) struct Asking {
    pub(super) client: AuthenticatedClient,
    pub(super) form: Form,
    pub(super) origin: Origin,
}

/// Reads a form of these parameters, of which those of `lists` may be there several times, and has its client prove itself.
pub(super) async fn ask<S, R, P, B>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    body: B,
    known: &[&'static str],
    lists: &[&'static str],
) -> Result<Asking, Failure>
where
    S: OAuthStore,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    nothing_in_query(parts, known)?;
    let form = json::read_form_with_lists(&parts.headers, body, known, lists).await?;
    let origin = arrived(endpoints, parts)?;
    request::check(&form)?;
    let client = authenticate(endpoints, parts, &form, &origin).await?;
    Ok(Asking { client, form, origin })
}

/// What belongs into the body must not stand in the query.
pub(super) fn nothing_in_query(parts: &Parts, known: &[&'static str]) -> Result<(), OAuthError> {
    request::check_query(parts.uri.query().unwrap_or_default().as_bytes(), known)
}

/// Which request it is, and the moment at which it is all there. Not to be asked before the body is: whoever holds that back
/// would hold back the clock, and with it every expiry.
pub(super) fn arrived<S, R, P>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
) -> Result<Origin, RandomUnavailable> {
    let server = &endpoints.server;
    server.origin(&parts.extensions, server.now())
}
