//! Why a step on a session was not done.

use towergate_core::{RandomUnavailable, StoreError};

/// Why a step on a session was not done. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The answer has begun: a new cookie cannot reach the browser any more.
    #[error("the answer has begun, so a new session cookie cannot be sent")]
    Answered,
    /// The session ended, or goes by another identifier by now: another request was quicker.
    #[error("the session is no longer alive under this identifier")]
    Gone,
    /// Nobody is signed in in this request.
    #[error("there is no session in this request")]
    NoSession,
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The person has no second factor, and the host lets nobody like them in without. The session they had before has ended.
    #[error("the person has no second factor, and does not come in without")]
    SecondFactorMissing,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The person has as many sessions as they may, and the host lets no new one begin.
    #[error("the person has as many sessions as they may")]
    TooMany,
    /// A name or a value is longer than is kept, or the name is empty.
    #[error("a session value has a name of 1 to 64 bytes and at most 4096 bytes")]
    TooLong,
    /// The person is disabled or gone.
    #[error("the person may not sign in")]
    UserRefused,
}

/// No [`SessionLayer`](crate::SessionLayer) stands outside the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "SessionLayer is missing: add `SessionLayer::new(store)` of `towergate::session` outside this layer, that is above \
     it in a ServiceBuilder, or after it with Router::layer"
)]
pub struct MissingSessionLayer;
