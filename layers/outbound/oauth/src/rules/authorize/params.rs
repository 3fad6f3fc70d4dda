//! The parameters of an authorization request.

use towergate_core::form::{BadParameter, Form, TooLarge};
use towergate_oauth_types::{ErrorCode, OAuthError};
use url::form_urlencoded::Serializer;

use crate::rules::{client::ClientId, interaction::ResponseMode};

/// The longest value of one parameter, in bytes.
pub const MAX_VALUE: usize = 2048;

const KNOWN: &[&str] = &[
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// The parameters of an authorization request, as they came.
#[derive(Debug, Clone)]
pub struct Params(Form);

impl Params {
    /// Reads a query or a form.
    ///
    /// # Errors
    /// When it is too large.
    pub fn parse(text: &[u8]) -> Result<Self, TooLarge> {
        Form::parse(text, KNOWN).map(Self)
    }

    /// Who asks.
    ///
    /// # Errors
    /// `invalid_request` when it is missing, repeated or malformed. To be told to the person.
    pub fn client_id(&self) -> Result<ClientId, OAuthError> {
        let text = self.value("client_id")?.ok_or(invalid("client_id is missing"))?;
        ClientId::parse(text).map_err(|_| invalid("client_id is malformed"))
    }

    /// A parameter's value; `None` when it is missing or empty.
    ///
    /// # Errors
    /// `invalid_request` when it is repeated, unreadable or too long.
    pub fn value(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        match self.0.get(name) {
            Ok(Some(value)) if value.len() > MAX_VALUE => {
                Err(invalid("a parameter is longer than 2048 bytes"))
            }
            Ok(value) => Ok(value),
            Err(bad) => Err(unreadable(bad)),
        }
    }

    /// The same parameters as a query.
    #[must_use]
    pub fn encode(&self) -> String {
        let readable = KNOWN.iter().filter_map(|name| Some((*name, self.value(name).ok()??)));
        Serializer::new(String::new()).extend_pairs(readable).finish()
    }

    /// The `state` to repeat in an error, if it can be read.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.value("state").ok().flatten()
    }

    /// How to deliver an error: as the client asked, if that can be read.
    #[must_use]
    pub fn response_mode(&self) -> ResponseMode {
        self.value("response_mode")
            .ok()
            .flatten()
            .and_then(ResponseMode::from_name)
            .unwrap_or(ResponseMode::Query)
    }
}

pub(super) const fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

const fn unreadable(bad: BadParameter) -> OAuthError {
    match bad {
        BadParameter::Repeated => invalid("a parameter is there twice"),
        BadParameter::Unreadable => invalid("a parameter is not percent-encoded UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_3_1_a_client_id_given_twice_is_no_client_id() {
        let params = Params::parse(b"client_id=shop&client_id=shop").unwrap();
        assert_eq!(params.client_id().unwrap_err().code, ErrorCode::InvalidRequest);
    }

    #[test]
    fn a_long_value_is_refused_and_not_echoed() {
        let params = Params::parse(format!("state={}", "x".repeat(MAX_VALUE + 1)).as_bytes()).unwrap();
        assert!(params.value("state").is_err());
        assert_eq!(params.state(), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..500)) {
            let params = Params::parse(&bytes).unwrap();
            let _ = (params.client_id(), params.encode(), params.state(), params.response_mode());
        }
    }
}
