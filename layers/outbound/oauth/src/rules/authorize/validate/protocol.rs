//! The checks of what carries the request and its answer.

use towergate_oauth_types::{ErrorCode, OAuthError, pkce::CodeChallenge};

use super::{super::params::invalid, Asked};
use crate::rules::{
    client::{ClientAuthMethod, GrantType, gate},
    interaction::{AuthorizationRequest, ResponseMode},
};

/// The longest that everything which came with the request and is kept may be together, in bytes.
const MAX_KEPT: usize = 8192;

pub(super) fn code_grant_registered(
    asked: &Asked<'_>,
    _: &mut AuthorizationRequest,
) -> Result<(), OAuthError> {
    gate::admit(asked.client, GrantType::AuthorizationCode)
}

pub(super) fn pushed_if_required(asked: &Asked<'_>, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    let required = asked.offer.requires_push || asked.client.metadata.require_pushed_authorization_requests;
    if required && !asked.params.are_pushed() {
        return Err(invalid("the request must be pushed first"));
    }
    Ok(())
}

pub(super) fn no_secret(asked: &Asked<'_>, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    match asked.params.value("client_secret")? {
        Some(_) => Err(invalid("client_secret must not be sent through a browser")),
        None => Ok(()),
    }
}

/// A request object that nobody has opened says nothing.
pub(super) fn signed_if_required(asked: &Asked<'_>, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    if asked.params.value("request")?.is_some() {
        return Err(OAuthError::new(ErrorCode::RequestNotSupported, "request is not supported"));
    }
    if asked.client.metadata.require_signed_request_object && !asked.params.are_signed() {
        return Err(invalid("this client must sign its requests"));
    }
    Ok(())
}

pub(super) fn no_request_uri(asked: &Asked<'_>, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    match asked.params.value("request_uri")? {
        Some(_) => Err(OAuthError::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported")),
        None => Ok(()),
    }
}

pub(super) fn response_type(asked: &Asked<'_>, _: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    match asked.params.value("response_type")? {
        Some("code") => Ok(()),
        Some(_) => Err(OAuthError::new(ErrorCode::UnsupportedResponseType, "the only response_type is code")),
        None => Err(invalid("response_type is missing")),
    }
}

pub(super) fn response_mode(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    if let Some(name) = asked.params.value("response_mode")? {
        request.response_mode = ResponseMode::from_name(name)
            .ok_or(invalid("response_mode must be query, fragment or form_post"))?;
    }
    Ok(())
}

/// A challenge that is sent counts, whoever sends it: the scope has been read by now.
pub(super) fn pkce(asked: &Asked<'_>, request: &mut AuthorizationRequest) -> Result<(), OAuthError> {
    let method = asked.params.value("code_challenge_method")?;
    let Some(challenge) = asked.params.value("code_challenge")? else {
        let metadata = &asked.client.metadata;
        let optional = metadata.insecure_pkce_optional
            && metadata.token_endpoint_auth_method != ClientAuthMethod::None
            && request.scope.contains("openid");
        return if optional && method.is_none() { Ok(()) } else { Err(invalid("code_challenge is missing")) };
    };
    // RFC 7636 4.3: no method means plain, and plain proves nothing.
    if method != Some("S256") {
        return Err(invalid("code_challenge_method must be S256"));
    }
    CodeChallenge::parse(challenge).ok_or(invalid(
        "code_challenge must be a SHA-256 digest in base64url, 43 characters without padding",
    ))?;
    request.code_challenge = Some(challenge.to_owned());
    Ok(())
}

pub(super) fn state_and_nonce(
    asked: &Asked<'_>,
    request: &mut AuthorizationRequest,
) -> Result<(), OAuthError> {
    request.state = asked.params.value("state")?.map(str::to_owned);
    request.nonce = asked.params.value("nonce")?.map(str::to_owned);
    Ok(())
}

/// A control character takes six bytes where the request is kept.
pub(super) fn small_enough_to_keep(
    asked: &Asked<'_>,
    request: &mut AuthorizationRequest,
) -> Result<(), OAuthError> {
    let texts = || {
        let single = [&request.state, &request.nonce, &request.login_hint].into_iter().flatten();
        single.chain(&request.acr_values).map(String::as_str)
    };
    if texts().any(|text| text.contains(char::is_control)) {
        return Err(invalid("state, nonce, login_hint and acr_values must not hold control characters"));
    }
    let claims = asked.params.value("claims")?.map_or(0, str::len);
    if texts().map(str::len).sum::<usize>() + claims > MAX_KEPT {
        return Err(invalid("state, nonce, login_hint, acr_values and claims are too long together"));
    }
    Ok(())
}
