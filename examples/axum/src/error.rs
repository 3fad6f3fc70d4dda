//! Why the host did not start.

use std::{io, net::SocketAddr};

use towergate::{
    core::RandomUnavailable,
    identity::rules::password::HashingFailed,
    oauth::rules::client::{InvalidClientId, metadata::InvalidMetadata},
    oauth_server::{InvalidIssuer, KeyRingError},
    sqlite::OpenError,
};

use crate::{seal_key::SealKeyError, seed::SeedError, serve::TlsError};

/// Why the host did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The demo's name is none.
    #[error("the demo cannot be registered: {0}")]
    DemoName(#[from] InvalidClientId),
    /// The demo cannot be registered.
    #[error("the demo cannot be registered: {0}")]
    DemoClient(#[from] InvalidMetadata),
    /// The demo cannot speak TLS.
    #[error("the demo cannot speak TLS: {0}")]
    Demo(#[source] rustls::Error),
    /// No password can be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
    /// The issuer is none.
    #[error(transparent)]
    Issuer(#[from] InvalidIssuer),
    /// The signing keys cannot be read or made.
    #[error("the signing keys cannot be used: {0}")]
    Keys(#[from] KeyRingError),
    /// The address is taken, or not ours.
    #[error("cannot listen on {addr}: {cause}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The database cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] OpenError),
    /// There is no key to seal with.
    #[error(transparent)]
    SealKey(#[from] SealKeyError),
    /// The people and clients of the configuration could not be written.
    #[error("the configuration could not be written to the database: {0}")]
    Seed(#[from] SeedError),
    /// There is no TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}
