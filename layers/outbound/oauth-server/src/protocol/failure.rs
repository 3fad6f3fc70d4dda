//! What ends a protocol request, and what the peer is told of it.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use towergate_core::{RandomUnavailable, StoreError, seal::SealError};
use towergate_jose::{JoseError, jwe::JweError};
use towergate_oauth::rules::{
    client::{AuthenticationFailure, Client},
    token::Refusal as TokenRefusal,
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{json, register::refusal::Refusal};
use crate::account::{AccountFailure, ResolverError};

/// What ends a protocol request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The peer did something wrong.
    #[error(transparent)]
    Peer(#[from] OAuthError),
    /// The body is longer than anything that is read here.
    #[error("the body is too long")]
    TooLong,
    /// A registration is not to be had so.
    #[error(transparent)]
    Registration(#[from] Refusal),
    /// The client could not prove itself.
    #[error(transparent)]
    Authentication(#[from] AuthenticationFailure),
    /// An access token was not good enough; `scope` names what it lacks.
    #[error("{error}")]
    Bearer { error: OAuthError, scope: Option<&'static str> },
    /// No access token came.
    #[error("no access token")]
    NoBearer,
    /// As much of the client's is under way as may.
    #[error("as much of the client's is under way as may")]
    TooMany,
    /// As much is under way as may.
    #[error("as much is under way as may")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The host's resolver erred or panicked.
    #[error("the account resolver failed in {call}")]
    Resolver {
        call: &'static str,
        #[source]
        cause: ResolverError,
    },
    /// The machine gave no randomness.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// A token could not be signed.
    #[error(transparent)]
    Jose(#[from] JoseError),
    /// A token could not be encrypted.
    #[error(transparent)]
    Jwe(#[from] JweError),
    /// The client registered encryption, and no fitting key of it can be had; that is on record.
    #[error("no key of the client to encrypt to")]
    NoClientKey,
    /// An answer could not be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// An answer does not turn into JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// The ring has no key for what a client registered.
    #[error("the key ring has no {algorithm} key, which client {client} registered")]
    NoKey { algorithm: String, client: String },
}

impl From<TokenRefusal> for Failure {
    fn from(refusal: TokenRefusal) -> Self {
        tracing::info!(error = refusal.error.code.as_str(), reason = refusal.reason, "a grant was refused");
        Self::Peer(refusal.error)
    }
}

impl Failure {
    /// The ring has no key of this algorithm, which `client` registered.
    pub(super) fn no_key(algorithm: &str, client: &Client) -> Self {
        Self::NoKey { algorithm: algorithm.to_owned(), client: client.id.to_string() }
    }

    /// The answer; the operator hears of what is ours to mend.
    pub(super) fn tell(self, realm: &str) -> Response<Bytes> {
        match self {
            Self::Peer(error) => json::error(status_of(error.code), error),
            Self::TooLong => {
                let error = OAuthError::new(ErrorCode::InvalidRequest, json::TOO_LARGE);
                json::error(StatusCode::PAYLOAD_TOO_LARGE, error)
            }
            Self::Registration(Refusal { code, description }) => {
                json::explained(status_of(code), code, &description)
            }
            Self::Authentication(failure) => {
                let response = json::error(status_of(failure.error.code), failure.error);
                let challenged = failure.by_header && response.status() == StatusCode::UNAUTHORIZED;
                if challenged { challenge(response, &format!("Basic realm=\"{realm}\"")) } else { response }
            }
            Self::Bearer { error, scope } => {
                let mut text = format!(
                    "Bearer realm=\"{realm}\", error=\"{}\", error_description=\"{}\"",
                    error.code, error.description
                );
                if let Some(scope) = scope {
                    text.push_str(&format!(", scope=\"{scope}\""));
                }
                challenge(json::error(status_of(error.code), error), &text)
            }
            Self::NoBearer => {
                // RFC 6750 3.1: who brought nothing is told of no error.
                let response = json::nothing(StatusCode::UNAUTHORIZED);
                challenge(response, &format!("Bearer realm=\"{realm}\""))
            }
            Self::NoClientKey => {
                let description = "the client registered encryption, and no key of it that fits can be had";
                json::error(StatusCode::BAD_REQUEST, OAuthError::new(ErrorCode::InvalidClient, description))
            }
            Self::Store(StoreError::Unavailable(cause)) => {
                tracing::warn!(%cause, "the store is unavailable");
                busy()
            }
            Self::Resolver { call, cause } if cause.is_unavailable() => {
                tracing::warn!(call, reason = %AccountFailure::of(&cause), "what the account resolver asks is unavailable");
                busy()
            }
            Self::Busy => {
                tracing::warn!("as much is under way as may");
                busy()
            }
            Self::TooMany => {
                let description = "too many requests of this client wait for their answer";
                let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, description);
                soon(json::error(StatusCode::TOO_MANY_REQUESTS, error), "60")
            }
            broken => {
                let cause = std::error::Error::source(&broken).map(ToString::to_string);
                tracing::error!(error = %broken, cause, "a protocol request failed");
                let error = OAuthError::new(ErrorCode::ServerError, "something broke on our side");
                json::error(StatusCode::INTERNAL_SERVER_ERROR, error)
            }
        }
    }
}

fn busy() -> Response<Bytes> {
    let error = OAuthError::new(ErrorCode::TemporarilyUnavailable, "try again in a moment");
    soon(json::error(StatusCode::SERVICE_UNAVAILABLE, error), "1")
}

/// Come again after so many seconds.
fn soon(mut response: Response<Bytes>, seconds: &'static str) -> Response<Bytes> {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    response
}

const fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::AccessDenied | ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn challenge(mut response: Response<Bytes>, text: &str) -> Response<Bytes> {
    match HeaderValue::from_str(text) {
        Ok(value) => {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        Err(_) => tracing::error!("the issuer holds a character that no header may hold"),
    }
    response
}
