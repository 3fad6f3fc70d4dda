//! Why a request is turned away.

use http::StatusCode;
use towergate_identity::rules::api_token::{ApiTokenFailure, Permission};

/// Why a request was turned away; in the response's extensions. What the peer sees is only what
/// [RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1) names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no token.
    #[error("no token was shown")]
    NoCredentials,
    /// There is one beside other credentials.
    #[error("a token was shown beside other credentials")]
    InvalidRequest,
    /// There is one beside a session.
    #[error("a token was shown beside a session cookie")]
    BesideSession,
    /// It is not good.
    #[error("the token is not good: {}", .0.as_str())]
    InvalidToken(ApiTokenFailure),
    /// It may not do this.
    #[error("the token lacks the permission {0}")]
    InsufficientScope(Permission),
    /// It could not be looked up now.
    #[error("the token could not be looked up now")]
    Unavailable,
    /// Something is broken on our side.
    #[error("the token could not be checked")]
    Broken,
}

impl Refusal {
    /// The status that the peer sees.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NoCredentials | Self::InvalidToken(_) => StatusCode::UNAUTHORIZED,
            Self::InvalidRequest | Self::BesideSession => StatusCode::BAD_REQUEST,
            Self::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code and the sentence that the peer sees; none for whoever showed nothing.
    #[must_use]
    pub const fn error(&self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::NoCredentials => return None,
            Self::InvalidRequest => ("invalid_request", "More than one way of authentication was used."),
            Self::BesideSession => ("invalid_request", "A token and a session cookie were sent together."),
            Self::InvalidToken(_) => {
                ("invalid_token", "The token has ended, or is not good for this request.")
            }
            Self::InsufficientScope(_) => ("insufficient_scope", "The token lacks a permission."),
            Self::Unavailable => ("temporarily_unavailable", "The server is busy. Try again."),
            Self::Broken => ("server_error", "Something went wrong."),
        })
    }
}
