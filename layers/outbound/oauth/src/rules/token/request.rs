//! What a token request asks for. [RFC 6749 section 4](https://www.rfc-editor.org/rfc/rfc6749#section-4)

use towergate_core::{form::Form, token::OpaqueToken};
use towergate_oauth_types::{ErrorCode, OAuthError, Scope};

use crate::rules::{client::GrantType, code, refresh_token};

/// The parameters that the token endpoint knows. None of them may stand in the query.
pub const KNOWN: &[&str] = &[
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "resource",
    "scope",
];

/// Those of them that may be there several times.
pub const LISTS: &[&str] = &["resource"];

/// What a token request asks for.
#[derive(Debug)]
pub enum TokenRequest {
    /// To exchange a code.
    AuthorizationCode {
        /// The code; `None` when it cannot be one of ours.
        code: Option<OpaqueToken>,
        /// Where the code was sent, if the request says so.
        redirect_uri: Option<String>,
        /// What proves that the same client asked for the code, if its request had a challenge.
        code_verifier: Option<String>,
        /// Whom the access token is to be for; all that the grant is for when empty.
        resource: Vec<String>,
    },
    /// To exchange a refresh token.
    RefreshToken {
        /// The token; `None` when it cannot be one of ours.
        token: Option<OpaqueToken>,
        /// A narrower scope, if one is asked for.
        scope: Option<Scope>,
        /// Whom the access token is to be for; all that the grant is for when empty.
        resource: Vec<String>,
    },
    /// To act for itself.
    ClientCredentials {
        /// The scope, if one is asked for.
        scope: Option<Scope>,
        /// Whom the access token is to be for; the usual ones when empty.
        resource: Vec<String>,
    },
}

impl TokenRequest {
    /// Reads the request.
    ///
    /// # Errors
    /// `invalid_request` for a missing, repeated or unreadable parameter, `unsupported_grant_type`, `invalid_scope`.
    pub fn read(form: &Form) -> Result<Self, OAuthError> {
        check(form)?;
        let get = |name| form.get(name).ok().flatten();
        let scope = || {
            let parsed = get("scope").map(Scope::parse).transpose();
            parsed.map_err(|_| OAuthError::new(ErrorCode::InvalidScope, "scope is malformed"))
        };
        let resource = || -> Vec<String> {
            form.list("resource").unwrap_or_default().into_iter().map(str::to_owned).collect()
        };
        match get("grant_type") {
            None => Err(invalid("grant_type is missing")),
            Some("authorization_code") => Ok(Self::AuthorizationCode {
                code: OpaqueToken::parse(
                    code::PREFIX,
                    get("code").ok_or_else(|| invalid("code is missing"))?,
                ),
                redirect_uri: get("redirect_uri").map(str::to_owned),
                code_verifier: get("code_verifier").map(str::to_owned),
                resource: resource(),
            }),
            Some("refresh_token") => Ok(Self::RefreshToken {
                token: OpaqueToken::parse(
                    refresh_token::PREFIX,
                    get("refresh_token").ok_or_else(|| invalid("refresh_token is missing"))?,
                ),
                scope: scope()?,
                resource: resource(),
            }),
            Some("client_credentials") => {
                Ok(Self::ClientCredentials { scope: scope()?, resource: resource() })
            }
            Some(_) => {
                Err(OAuthError::new(ErrorCode::UnsupportedGrantType, "this grant type is not offered here"))
            }
        }
    }

    /// The grant that the client must have registered for it.
    #[must_use]
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
        }
    }
}

/// Whether every parameter can be read.
///
/// # Errors
/// `invalid_request` when one is there twice or is not percent-encoded UTF-8.
pub fn check(form: &Form) -> Result<(), OAuthError> {
    match form.bad() {
        Some(_) => Err(invalid("a parameter is there twice or cannot be read")),
        None => Ok(()),
    }
}

/// Whether the query is free of what belongs into the body,
/// [RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).
///
/// # Errors
/// `invalid_request` when it holds one of the `known` parameters of the endpoint.
pub fn check_query(query: &[u8], known: &[&'static str]) -> Result<(), OAuthError> {
    if query.is_empty() {
        return Ok(());
    }
    let refused = || invalid("parameters of this endpoint belong into the body, never into the query");
    let form = Form::parse(query, known).map_err(|_| refused())?;
    if form.is_empty() { Ok(()) } else { Err(refused()) }
}

const fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequest, description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<TokenRequest, ErrorCode> {
        TokenRequest::read(&Form::parse_with_lists(text.as_bytes(), KNOWN, LISTS).unwrap())
            .map_err(|error| error.code)
    }

    #[test]
    fn each_grant_names_its_parameters() {
        for (text, code) in [
            ("", ErrorCode::InvalidRequest),
            ("grant_type=password", ErrorCode::UnsupportedGrantType),
            ("grant_type=authorization_code&code_verifier=x", ErrorCode::InvalidRequest),
            ("grant_type=refresh_token", ErrorCode::InvalidRequest),
            ("grant_type=client_credentials&scope=%22", ErrorCode::InvalidScope),
            ("grant_type=client_credentials&scope=a&scope=a", ErrorCode::InvalidRequest),
            ("grant_type=client_credentials&grant_type=client_credentials", ErrorCode::InvalidRequest),
        ] {
            assert_eq!(read(text).unwrap_err(), code, "{text}");
        }
        assert_eq!(
            read("grant_type=refresh_token&refresh_token=x").unwrap().grant_type(),
            GrantType::RefreshToken
        );
    }

    #[test]
    fn rfc8707_2_2_several_resources_may_be_named() {
        let text = "grant_type=client_credentials&resource=urn%3Aa&resource=&resource=urn%3Ab";
        let TokenRequest::ClientCredentials { resource, .. } = read(text).unwrap() else { unreachable!() };
        assert_eq!(resource, ["urn:a", "urn:b"]);
    }

    #[test]
    fn nothing_of_the_body_may_stand_in_the_query() {
        for bad in ["client_secret=x", "a=b&code=c", "client_id", "client%5Fid=x", "resource=urn:a"] {
            assert_eq!(
                check_query(bad.as_bytes(), KNOWN).unwrap_err().code,
                ErrorCode::InvalidRequest,
                "{bad}"
            );
        }
        assert_eq!(check_query(b"utm=1", KNOWN), Ok(()));
    }
}
