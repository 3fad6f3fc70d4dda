//! The parameters of an authorization request.

use towergate_core::form::{BadParameter, Form, TooLarge};
use towergate_jose::jws;
use towergate_oauth_types::{ErrorCode, OAuthError};
use url::form_urlencoded::Serializer;

use crate::rules::{client::ClientId, interaction::ResponseMode};

/// The longest value of most parameters, in bytes.
pub const MAX_VALUE: usize = 2048;

/// The longest `state` and the longest `claims`, in bytes.
pub const MAX_LONG_VALUE: usize = 4096;

/// What is read, but for what may be there several times: a secret first, which only travels here by mistake.
pub const KNOWN: &[&str] = &[
    "client_secret",
    "acr_values",
    "claims",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "id_token_hint",
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
    "ui_locales",
];

/// What is read where a client pushes its request: there its secret may stand beside it.
const PUSHED: &[&str] = match KNOWN {
    [_, rest @ ..] => rest,
    [] => &[],
};

/// What may be there several times, [RFC 8707 section 2](https://www.rfc-editor.org/rfc/rfc8707#section-2).
pub const LISTS: &[&str] = &["resource"];

/// The parameters of an authorization request, as they came.
#[derive(Debug, Clone)]
pub struct Params {
    form: Form,
    signed: bool,
    pushed: bool,
}

impl Params {
    /// Reads a query or a form.
    ///
    /// # Errors
    /// When it is too large.
    pub fn parse(text: &[u8]) -> Result<Self, TooLarge> {
        Form::parse_with_lists(text, KNOWN, LISTS).map(|form| Self { form, signed: false, pushed: false })
    }

    /// Reads what a client pushes, [RFC 9126 section 2.1](https://www.rfc-editor.org/rfc/rfc9126#section-2.1).
    ///
    /// # Errors
    /// When it is too large.
    pub fn of_push(text: &[u8]) -> Result<Self, TooLarge> {
        Form::parse_with_lists(text, PUSHED, LISTS).map(|form| Self { form, signed: false, pushed: true })
    }

    /// Parameters that a signed request object said, over those beside it.
    pub(super) fn of_request_object(text: &str, beside: &Self) -> Result<Self, TooLarge> {
        Self::parse(text.as_bytes()).map(|params| Self { signed: true, pushed: beside.pushed, ..params })
    }

    /// Whether the client pushed them.
    #[must_use]
    pub const fn are_pushed(&self) -> bool {
        self.pushed
    }

    /// Whether a signed request object said them.
    #[must_use]
    pub const fn are_signed(&self) -> bool {
        self.signed
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
        match self.form.get(name) {
            Ok(Some(value)) if value.len() > max_length(name) => Err(invalid("a parameter is too long")),
            Ok(value) => Ok(value),
            Err(bad) => Err(unreadable(bad)),
        }
    }

    /// The values of a parameter that may be there several times.
    ///
    /// # Errors
    /// `invalid_request` when one is unreadable or too long.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, OAuthError> {
        let values = self.form.list(name).map_err(unreadable)?;
        if values.iter().any(|value| value.len() > MAX_VALUE) {
            return Err(invalid("a parameter is too long"));
        }
        Ok(values)
    }

    /// The same parameters as a query.
    #[must_use]
    pub fn encode(&self) -> String {
        Serializer::new(String::new()).extend_pairs(self.readable()).finish()
    }

    /// Everything that can be read, under its name.
    pub(super) fn readable(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let single = KNOWN.iter().filter_map(|name| Some((*name, self.value(name).ok()??)));
        let lists = LISTS.iter().flat_map(|name| {
            let values = self.list(name).unwrap_or_default();
            values.into_iter().map(|value| (*name, value))
        });
        single.chain(lists)
    }

    /// Whether everything can be read.
    ///
    /// # Errors
    /// `invalid_request` when something is repeated, unreadable or too long.
    pub(in crate::rules) fn check(&self) -> Result<(), OAuthError> {
        KNOWN.iter().try_for_each(|name| self.value(name).map(drop))?;
        LISTS.iter().try_for_each(|name| self.list(name).map(drop))
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

/// Whether anything of this name is read, so that it counts inside a request object too.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || LISTS.contains(&name)
}

fn max_length(name: &str) -> usize {
    match name {
        "request" | "id_token_hint" => jws::MAX_LENGTH,
        "state" | "claims" => MAX_LONG_VALUE,
        _ => MAX_VALUE,
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
        for (name, longest) in [
            ("state", MAX_LONG_VALUE),
            ("claims", MAX_LONG_VALUE),
            ("nonce", MAX_VALUE),
            ("request", jws::MAX_LENGTH),
            ("id_token_hint", jws::MAX_LENGTH),
        ] {
            let of = |length| Params::parse(format!("{name}={}", "x".repeat(length)).as_bytes()).unwrap();
            assert!(of(longest).value(name).is_ok(), "{name}");
            assert!(of(longest + 1).value(name).is_err(), "{name}");
            assert_eq!(of(longest + 1).state(), None);
        }
        let long =
            Params::parse(format!("resource=a&resource={}", "x".repeat(MAX_VALUE + 1)).as_bytes()).unwrap();
        assert!(long.list("resource").is_err());
    }

    #[test]
    fn what_is_encoded_says_the_same_again() {
        let query =
            b"client_id=shop&state=a+b&resource=https://b.example&claims=%7B%7D&resource=https://a.example";
        let again = Params::parse(Params::parse(query).unwrap().encode().as_bytes()).unwrap();
        assert_eq!(again.state(), Some("a b"));
        assert_eq!(again.value("claims"), Ok(Some("{}")));
        assert_eq!(again.list("resource"), Ok(vec!["https://b.example", "https://a.example"]));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..500)) {
            let params = Params::parse(&bytes).unwrap();
            let _ = (params.client_id(), params.encode(), params.state(), params.response_mode());
        }
    }
}
