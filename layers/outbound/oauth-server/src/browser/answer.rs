//! The answers that leave for a client, and the grant behind a code.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Response;
use towergate_core::{Secret, StoreError, random, token::OpaqueToken};
use towergate_oauth::{
    ports::{OAuthStore, pushed_request::Spending},
    rules::{
        authorize::{RedirectUri, response},
        code::{self, Code},
        grant::{Grant, GrantId},
        interaction::AuthorizationRequest,
        logout::session_state,
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError, pkce::CodeChallenge};

use super::{problem::Problem, pushed::Asked, respond, visit::Visit};
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
    account: &Account,
    request: &AuthorizationRequest,
    to: &RedirectUri,
    code: &Secret<String>,
) -> Response<Bytes> {
    let session_state = session_state(server, account, request);
    let issuer = &server.config().issuer;
    let state = request.state.as_deref();
    respond::reply(&response::success(
        to,
        request.response_mode,
        state,
        issuer,
        code,
        session_state.as_deref(),
    ))
}

/// What lets the client see that the sign-in changed, where it can.
fn session_state<S, R, P>(
    server: &AuthorizationServer<S, R, P>,
    account: &Account,
    request: &AuthorizationRequest,
) -> Option<String> {
    let sid = account.sign_in.sid.as_deref().filter(|_| server.config().manages_sessions())?;
    let origin = session_state::origin(&request.redirect_uri)?;
    let salt = URL_SAFE_NO_PAD.encode(random::bytes::<16>(&server.random).ok()?);
    let held = session_state::browser_state(sid);
    Some(session_state::session_state(request.client_id.as_str(), &origin, &held, &salt))
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

/// Sends an error to the client where nobody is asked: to what it pushed, if it did, this is the one answer.
pub(super) async fn refuse<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    asked: &Asked,
    error: &OAuthError,
) -> Result<Response<Bytes>, Problem> {
    if let Some(pushed) = asked.pushed
        && server.store().spend_pushed_request(pushed, visit.origin).await? == Spending::Gone
    {
        return Err(Problem::request_spent());
    }
    Ok(self::error(server, &asked.request, &asked.to, error))
}

/// What the client hears when the host could not answer.
pub(super) const HOST_FAILED: OAuthError =
    OAuthError::new(ErrorCode::ServerError, "the server could not tell who is signed in");
