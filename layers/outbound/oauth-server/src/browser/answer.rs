//! The answers that leave for a client, and the grant behind a code.

use bytes::Bytes;
use http::Response;
use towergate_core::{Secret, StoreError, token::OpaqueToken};
use towergate_oauth::rules::{
    authorize::{RedirectUri, response},
    code::{self, Code},
    grant::{Grant, GrantId},
    interaction::AuthorizationRequest,
};
use towergate_oauth_types::{ErrorCode, OAuthError, pkce::CodeChallenge};

use super::{problem::Problem, respond, visit::Visit};
use crate::{account::Account, server::AuthorizationServer};

/// A grant, the code that stands for it, and the text of the code.
pub(super) fn mint<S, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    account: &Account,
    request: &AuthorizationRequest,
) -> Result<(Grant, Code, Secret<String>), Problem> {
    let grant = Grant {
        id: GrantId::fresh(visit.now, &server.random)?,
        client: request.client_id.clone(),
        subject: account.subject.clone(),
        scope: request.scope.clone(),
        audience: server.config().targets().audience(&request.resource),
        claims: request.claims.clone(),
        sign_in: account.sign_in.clone(),
        created_at: visit.now,
    };
    let unreadable = || StoreError::Corrupt {
        table: "interactions",
        row: request.client_id.to_string(),
        problem: String::from("the code challenge cannot be read"),
    };
    let challenge = request.code_challenge.as_deref();
    let challenge = challenge.map(|text| CodeChallenge::parse(text).ok_or_else(unreadable)).transpose()?;
    let token = OpaqueToken::mint(code::PREFIX, visit.now, &server.random)?;
    let code = Code {
        id: token.id(),
        digest: token.digest(),
        grant: grant.id,
        redirect_uri: request.redirect_uri.clone(),
        redirect_uri_was_sent: request.redirect_uri_was_sent,
        code_challenge: challenge,
        nonce: request.nonce.clone(),
        expires_at: visit.now.plus(code::LIFETIME),
    };
    Ok((grant, code, token.reveal()))
}

/// Sends a code to the client.
pub(super) fn code<S, R, P>(
    server: &AuthorizationServer<S, R, P>,
    request: &AuthorizationRequest,
    to: &RedirectUri,
    code: &Secret<String>,
) -> Response<Bytes> {
    let issuer = &server.config().issuer;
    respond::reply(&response::success(to, request.response_mode, request.state.as_deref(), issuer, code))
}

/// Sends an error to the client.
pub(super) fn error<S, R, P>(
    server: &AuthorizationServer<S, R, P>,
    request: &AuthorizationRequest,
    to: &RedirectUri,
    error: &OAuthError,
) -> Response<Bytes> {
    let issuer = &server.config().issuer;
    respond::reply(&response::error(to, request.response_mode, request.state.as_deref(), issuer, error))
}

/// What the client hears when the host could not answer.
pub(super) const HOST_FAILED: OAuthError =
    OAuthError::new(ErrorCode::ServerError, "the server could not tell who is signed in");
