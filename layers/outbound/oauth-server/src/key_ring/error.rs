use towergate_core::{RandomUnavailable, StoreError, seal::SealError};
use towergate_jose::{JoseError, JwkError};
use towergate_oauth::rules::key::InvalidPolicy;

/// Why the ring could not be put together, or turned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The policy would leave tokens that nobody can verify.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
    /// A key could not be made or read.
    #[error("signing key {kid:?} cannot be made or read: {cause}")]
    Key {
        /// Its identifier; empty when it has none yet.
        kid: String,
        /// Why.
        #[source]
        cause: JoseError,
    },
    /// A private key could not be sealed or opened: is the sealing key the one it was sealed under?
    #[error(
        "signing key {kid:?} cannot be sealed or opened: {cause}. Give the sealing key that this database was begun with, \
         or begin anew with an empty database"
    )]
    Seal {
        /// Its identifier.
        kid: String,
        /// Why.
        #[source]
        cause: SealError,
    },
    /// A public key in the store cannot be read.
    #[error("the public half of signing key {kid:?} cannot be read: {cause}")]
    Public {
        /// Its identifier.
        kid: String,
        /// Why.
        #[source]
        cause: JwkError,
    },
    /// The private key in the store is not of the public key beside it.
    #[error("the halves of signing key {kid:?} do not belong together")]
    Mismatch {
        /// Its identifier.
        kid: String,
    },
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// Other instances changed the keys each time that this one was about to. The same call may succeed later.
    #[error("other instances changed the signing keys again and again")]
    Overtaken,
}
