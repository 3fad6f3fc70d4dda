//! From parameters to an [`AuthorizationRequest`]: a table of checks, read from top to bottom.

use towergate_oauth_types::{ErrorCode, OAuthError, Scope, pkce::CodeChallenge};

use super::{
    params::{Params, invalid},
    redirect_uri::{RedirectUri, Unbound},
};
use crate::rules::{
    client::{Client, GrantType, gate},
    interaction::{AuthorizationRequest, Prompt, ResponseMode},
};

/// Why a request cannot go on, and who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The person, on a page: nothing proves that the address is the client's.
    Page(OAuthError),
    /// The client, at its own address.
    Redirect {
        /// Where.
        to: RedirectUri,
        /// How.
        mode: ResponseMode,
        /// Its `state`, as it came.
        state: Option<String>,
        /// What.
        error: OAuthError,
    },
}

/// Checks a request of `client`.
///
/// # Errors
/// The first check that fails, and who is told of it.
pub fn validate(params: &Params, client: &Client) -> Result<(AuthorizationRequest, RedirectUri), Rejection> {
    let to = address(params, client).map_err(Rejection::Page)?;
    let mut request = blank(client, &to);
    for (_, check) in CHECKS {
        if let Err(error) = check(params, client, &mut request) {
            let state = params.state().map(str::to_owned);
            return Err(Rejection::Redirect { to, mode: params.response_mode(), state, error });
        }
    }
    Ok((request, to))
}

/// The longest that `state`, `nonce` and `login_hint` may be together, in bytes.
const MAX_KEPT: usize = 4096;

type Check = fn(&Params, &Client, &mut AuthorizationRequest) -> Result<(), OAuthError>;

/// Each check reads through [`Params::value`], which refuses what is repeated, unreadable or too long
/// ([RFC 6749 3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
const CHECKS: [(&str, Check); 13] = [
    ("RFC 6749 4.1.2.1: the client may use codes", code_grant_registered),
    ("RFC 6749 2.3: no secret travels through a browser", no_secret),
    ("OpenID Connect Core 6.1: request objects are not offered", no_request_object),
    ("OpenID Connect Core 6.2: nor by reference", no_request_uri),
    ("RFC 6749 3.1.1: response_type is code", response_type),
    ("OAuth 2.0 Multiple Response Types 2.1: response_mode", response_mode),
    ("RFC 7636 4.3: code_challenge, S256", pkce),
    ("RFC 6749 3.3: scope within the registration", scope),
    ("OpenID Connect Core 3.1.2.1: prompt", prompt),
    ("OpenID Connect Core 3.1.2.1: max_age", max_age),
    ("RFC 6749 4.1.1, OpenID Connect Core 3.1.2.1: state and nonce as they came", state_and_nonce),
    ("OpenID Connect Core 3.1.2.1: login_hint", login_hint),
    ("what anybody may have us keep is small", small_enough_to_keep),
];

/// The client is let in and the address is its own; until then nothing is sent anywhere.
fn address(params: &Params, client: &Client) -> Result<RedirectUri, OAuthError> {
    match gate::admit(client, GrantType::AuthorizationCode) {
        Err(error) if error.code == ErrorCode::InvalidClient => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let requested = params.value("redirect_uri")?;
    RedirectUri::bind(requested, &client.metadata.redirect_uris).map_err(|unbound| match unbound {
        Unbound::Missing => invalid("redirect_uri is missing"),
        Unbound::Unregistered => invalid("redirect_uri is not registered for this client"),
    })
}

fn blank(client: &Client, to: &RedirectUri) -> AuthorizationRequest {
    AuthorizationRequest {
        redirect_uri_was_sent: to.was_sent(),
        ..AuthorizationRequest::new(client.id.clone(), to.as_str().to_owned())
    }
}

fn code_grant_registered(
    _: &Params,
    client: &Client,
    _: &mut AuthorizationRequest,
) -> Result<(), OAuthError> {
    gate::admit(client, GrantType::AuthorizationCode)
}

fn no_secret(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    match params.value("client_secret")? {
        Some(_) => Err(invalid("client_secret must not be sent through a browser")),
        None => Ok(()),
    }
}

fn no_request_object(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    match params.value("request")? {
        Some(_) => Err(OAuthError::new(ErrorCode::RequestNotSupported, "request is not supported")),
        None => Ok(()),
    }
}

fn no_request_uri(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    match params.value("request_uri")? {
        Some(_) => Err(OAuthError::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported")),
        None => Ok(()),
    }
}

fn response_type(params: &Params, _: &Client, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    match params.value("response_type")? {
        Some("code") => Ok(()),
        Some(_) => Err(OAuthError::new(ErrorCode::UnsupportedResponseType, "the only response_type is code")),
        None => Err(invalid("response_type is missing")),
    }
}

fn response_mode(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    if let Some(name) = params.value("response_mode")? {
        request.response_mode = ResponseMode::from_name(name)
            .ok_or(invalid("response_mode must be query, fragment or form_post"))?;
    }
    Ok(())
}

fn pkce(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    let challenge = params.value("code_challenge")?.ok_or(invalid("code_challenge is missing"))?;
    // RFC 7636 4.3: no method means plain, and plain proves nothing.
    if params.value("code_challenge_method")? != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    CodeChallenge::parse(challenge).ok_or(invalid("code_challenge must be 43 base64url characters"))?;
    request.code_challenge = Some(challenge.to_owned());
    Ok(())
}

fn scope(params: &Params, client: &Client, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    const fn bad(description: &'static str) -> OAuthError {
        OAuthError::new(ErrorCode::InvalidScope, description)
    }
    let registered = &client.metadata.scope;
    request.scope = match params.value("scope")? {
        Some(text) => Scope::parse(text).map_err(|_| bad("scope is malformed"))?,
        None => registered.without("offline_access"),
    };
    if request.scope.is_empty() {
        return Err(bad("scope is missing, and the client registered none"));
    }
    if !registered.covers(&request.scope) {
        return Err(bad("a scope value is unknown or not registered for this client"));
    }
    Ok(())
}

fn prompt(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    for word in params.value("prompt")?.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        request.prompt.insert(Prompt::from_name(word).ok_or(invalid("prompt has an unknown value"))?);
    }
    if request.prompt.contains(&Prompt::None) && request.prompt.len() > 1 {
        return Err(invalid("prompt none must stand alone"));
    }
    Ok(())
}

fn max_age(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    if let Some(text) = params.value("max_age")? {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = digits.then(|| text.parse().ok()).flatten();
        request.max_age = Some(seconds.ok_or(invalid("max_age must be a number of seconds"))?);
    }
    Ok(())
}

fn state_and_nonce(
    params: &Params,
    _: &Client,
    request: &mut AuthorizationRequest,
) -> Result<(), OAuthError> {
    request.state = params.value("state")?.map(str::to_owned);
    request.nonce = params.value("nonce")?.map(str::to_owned);
    Ok(())
}

fn login_hint(params: &Params, _: &Client, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    request.login_hint = params.value("login_hint")?.map(str::to_owned);
    Ok(())
}

/// A control character takes six bytes where the request is kept.
fn small_enough_to_keep(
    _: &Params,
    _: &Client,
    request: &mut AuthorizationRequest,
) -> Result<(), OAuthError> {
    let kept = || [&request.state, &request.nonce, &request.login_hint].into_iter().flatten();
    if kept().any(|text| text.contains(char::is_control)) {
        return Err(invalid("state, nonce and login_hint must not hold control characters"));
    }
    if kept().map(String::len).sum::<usize>() > MAX_KEPT {
        return Err(invalid("state, nonce and login_hint are longer than 4096 bytes together"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
