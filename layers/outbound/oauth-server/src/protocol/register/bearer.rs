//! The tokens of registration, which only a header carries: [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).

use http::{HeaderMap, header};
use towergate_oauth::rules::client::{AuthenticationFailure, ClientId};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::super::failure::Failure;

const REFUSED: OAuthError =
    OAuthError::new(ErrorCode::InvalidToken, "no such client, or the token is not for this");

/// The token of the request, if there is one.
pub(super) fn presented(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let (scheme, token) =
                value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
            let bearer = scheme.eq_ignore_ascii_case("Bearer") && !token.trim().is_empty();
            Ok(bearer.then(|| token.trim()))
        }
        (Some(_), Some(_)) => {
            let description = "the Authorization header is there twice";
            let error = OAuthError::new(ErrorCode::InvalidRequest, description);
            Err(Failure::Bearer { error, scope: None })
        }
    }
}

pub(super) const fn initial_access_token_refused() -> AuthenticationFailure {
    failure(None, "wrong_initial_access_token")
}

pub(super) const fn registration_token_refused(client: Option<ClientId>) -> AuthenticationFailure {
    failure(client, "wrong_registration_access_token")
}

const fn failure(client: Option<ClientId>, reason: &'static str) -> AuthenticationFailure {
    AuthenticationFailure { error: REFUSED, by_header: false, client, reason }
}

/// What is told of a wrong token, unless the record of it could not be written.
pub(super) fn or_store(noted: Failure) -> Failure {
    match noted {
        Failure::Authentication(failure) => Failure::Bearer { error: failure.error, scope: None },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn one_bearer_token_is_presented_and_nothing_else() {
        let headers = |values: &[&'static str]| {
            let named = |value: &&'static str| (header::AUTHORIZATION, HeaderValue::from_static(value));
            values.iter().map(named).collect::<HeaderMap>()
        };
        let one = headers(&["bearer  tgreg_a"]);
        assert_eq!(presented(&one).ok(), Some(Some("tgreg_a")));
        assert_eq!(presented(&HeaderMap::new()).ok(), Some(None));
        for none in ["Basic tgreg_a", "Bearer", "Bearer ", "tgreg_a"] {
            let other = headers(&[none]);
            assert_eq!(presented(&other).ok(), Some(None), "{none}");
        }
        let two = headers(&["Bearer tgreg_a", "Bearer tgreg_a"]);
        assert!(
            matches!(presented(&two), Err(Failure::Bearer { error, .. }) if error.code == ErrorCode::InvalidRequest)
        );
    }
}
