//! What the token endpoint decides: which grant is asked for, whether it may be had, and what the tokens say.

pub mod access_claims;
pub mod answer;
pub mod authorization_code;
pub mod client_credentials;
pub mod held;
pub mod id_token;
pub mod introspection;
pub mod refresh_token;
pub mod request;
pub mod revocation;

pub use answer::{Minted, TokenAnswer};
pub use request::TokenRequest;

use towergate_oauth_types::{ErrorCode, OAuthError};

use crate::rules::grant::NothingLeft;

/// Why a grant was refused: the same word to the peer for all that could be guessed at, the reason for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{error} ({reason})")]
pub struct Refusal {
    /// What the peer is told.
    pub error: OAuthError,
    /// Why, for the operator.
    pub reason: &'static str,
}

impl Refusal {
    /// `invalid_grant`, in the one sentence that tells nothing apart.
    #[must_use]
    pub const fn invalid_grant(reason: &'static str) -> Self {
        let description = "the code or refresh token is wrong, used, expired, or not this client's";
        Self { error: OAuthError::new(ErrorCode::InvalidGrant, description), reason }
    }

    /// `invalid_target` for an API that is unknown or not granted.
    #[must_use]
    pub const fn invalid_target(error: OAuthError) -> Self {
        Self { error, reason: "resource" }
    }

    pub(crate) const fn invalid_scope(description: &'static str) -> Self {
        Self { error: OAuthError::new(ErrorCode::InvalidScope, description), reason: "scope" }
    }
}

impl From<NothingLeft> for Refusal {
    fn from(_: NothingLeft) -> Self {
        let description = "the client is registered for nothing of what was granted any more";
        Self {
            error: OAuthError::new(ErrorCode::InvalidScope, description),
            reason: "scope_no_longer_registered",
        }
    }
}

#[cfg(test)]
mod tests;
