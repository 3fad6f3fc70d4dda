//! What a client asks about a token that it holds: the same parameters for
//! [revocation](https://www.rfc-editor.org/rfc/rfc7009#section-2.1) and
//! [introspection](https://www.rfc-editor.org/rfc/rfc7662#section-2.1).

use towergate_core::{Secret, Timestamp, form::Form, token::OpaqueToken};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::request;
use crate::rules::{access_token::AccessToken, refresh_token::RefreshToken};

/// The parameters of both endpoints. None of them may stand in the query.
pub const KNOWN: &[&str] =
    &["client_assertion", "client_assertion_type", "client_id", "client_secret", "token", "token_type_hint"];

/// The token that the client asks about. `token_type_hint` is accepted and not looked at: a token of ours tells by
/// itself what it is, and a hint may be wrong.
///
/// # Errors
/// `invalid_request` when it is missing, or a parameter is there twice or cannot be read.
pub fn read(form: &Form) -> Result<Secret<String>, OAuthError> {
    request::check(form)?;
    match form.get("token") {
        Ok(Some(token)) => Ok(Secret::from(token)),
        _ => Err(OAuthError::new(ErrorCode::InvalidRequest, "token is missing")),
    }
}

/// Whether the secret of `presented` is the one of this refresh token.
#[must_use]
pub fn is_refresh_token(presented: &OpaqueToken, kept: &RefreshToken) -> bool {
    presented.id() == kept.id && presented.digest().matches(&kept.digest)
}

/// Whether what was presented proves this access token: an opaque one by its secret, a JWT by its signature, which the
/// caller has checked when `presented` is `None`. A token proves itself in its own shape only.
#[must_use]
pub fn is_access_token(presented: Option<&OpaqueToken>, kept: &AccessToken) -> bool {
    match (presented, &kept.digest) {
        (Some(token), Some(digest)) => token.id() == kept.id && token.digest().matches(digest),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether an access token is alive at `now`.
#[must_use]
pub fn is_alive(kept: &AccessToken, revoked: bool, now: Timestamp) -> bool {
    !revoked && now < kept.expires_at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_of(text: &str) -> ErrorCode {
        read(&Form::parse(text.as_bytes(), KNOWN).unwrap()).unwrap_err().code
    }

    #[test]
    fn rfc7009_2_1_the_token_is_required_and_there_once() {
        for bad in [
            "",
            "token=",
            "token_type_hint=access_token",
            "token=a&token=b",
            "token=%ff",
            "token=a&token_type_hint=x&token_type_hint=x",
        ] {
            assert_eq!(code_of(bad), ErrorCode::InvalidRequest, "{bad}");
        }
    }

    #[test]
    fn rfc7009_2_1_any_hint_is_accepted() {
        for hint in ["access_token", "refresh_token", "pat", ""] {
            let form = format!("token=a&token_type_hint={hint}");
            assert_eq!(read(&Form::parse(form.as_bytes(), KNOWN).unwrap()).unwrap().expose(), "a");
        }
    }
}
