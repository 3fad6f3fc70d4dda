//! Why a request was turned away.

use http::StatusCode;
use towergate_jose::{JwsError, jwt::JwtError};
use towergate_oauth_types::{ErrorCode, OAuthError};

/// Why a request was turned away: in the response's extensions, for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No token was presented.
    #[error("no token was presented")]
    NoCredentials,
    /// The `Authorization` header is torn, or there are two.
    #[error("the Authorization header is malformed or repeated")]
    InvalidRequest,
    /// The token is no good here.
    #[error("the token is refused: {0}")]
    InvalidToken(#[from] TokenProblem),
    /// The token is good but allows too little.
    #[error("the token lacks a scope value")]
    InsufficientScope,
    /// The sign-in behind the token is too weak or too old.
    #[error("the sign-in behind the token is too weak or too old")]
    InsufficientUserAuthentication,
    /// The store cannot answer now.
    #[error("the store is unavailable")]
    Unavailable,
    /// The store answered what it never should.
    #[error("the store failed")]
    Broken,
}

/// What is wrong with a token. The peer is told only that something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenProblem {
    /// It is not signed as it should be.
    #[error(transparent)]
    Signature(JwsError),
    /// A claim that [RFC 9068 section 2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2) requires is missing or
    /// of another form.
    #[error("a claim is missing or malformed")]
    Claims,
    /// It is of another issuer, for another audience, expired, or not good yet.
    #[error(transparent)]
    Judged(JwtError),
    /// The store does not know it, or its secret is wrong.
    #[error("the token is unknown")]
    Unknown,
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// It is opaque, and there is no store to ask.
    #[error("the token is opaque and there is no store")]
    NoStore,
}

impl Refusal {
    /// What a trace says of it.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self::Unavailable | Self::Broken => "failed",
            _ => "refused",
        }
    }

    /// The status to answer, [RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1).
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NoCredentials | Self::InvalidToken(_) | Self::InsufficientUserAuthentication => {
                StatusCode::UNAUTHORIZED
            }
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the peer is told; nothing when it presented nothing.
    #[must_use]
    pub const fn error(&self) -> Option<OAuthError> {
        let (code, description) = match self {
            Self::NoCredentials => return None,
            Self::InvalidRequest => {
                (ErrorCode::InvalidRequest, "send one Authorization header with one Bearer token")
            }
            Self::InvalidToken(_) => (
                ErrorCode::InvalidToken,
                "the access token is expired, revoked, malformed, or for another audience",
            ),
            Self::InsufficientScope => (ErrorCode::InsufficientScope, "the access token does not allow this"),
            Self::InsufficientUserAuthentication => (
                ErrorCode::InsufficientUserAuthentication,
                "a stronger or fresher sign-in is needed; send the person to the authorization server again",
            ),
            Self::Unavailable => (ErrorCode::TemporarilyUnavailable, "try again in a moment"),
            Self::Broken => (ErrorCode::ServerError, "something broke on our side"),
        };
        Some(OAuthError::new(code, description))
    }
}

impl From<JwsError> for Refusal {
    fn from(error: JwsError) -> Self {
        Self::InvalidToken(match error {
            JwsError::Claims => TokenProblem::Claims,
            other => TokenProblem::Signature(other),
        })
    }
}

impl From<JwtError> for Refusal {
    fn from(error: JwtError) -> Self {
        Self::InvalidToken(TokenProblem::Judged(error))
    }
}
