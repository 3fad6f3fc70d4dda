//! Why the host did not start.

use std::{error::Error, io, net::SocketAddr, path::PathBuf};

use towergate::{
    core::{RandomUnavailable, StoreError, seal::SealError},
    identity::rules::api_token::BadPermission,
    login::mail::NoMailroom,
    oauth::rules::client::{InvalidClientId, InvalidMetadata},
    oauth_resource::InvalidResource,
    oauth_server::{InvalidIssuer, KeyRingError},
    sqlite::OpenError,
};

use crate::{
    outbound::OutboundError, passwords::PasswordsError, seal_key::SealKeyError, seed::SeedError,
    serve::TlsError,
};

/// Why the host did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The host's own API has no address.
    #[error("the API cannot be described: {0}")]
    Api(#[from] InvalidResource),
    /// Figures cannot be kept.
    #[error("`metrics`: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The demo's name is none.
    #[error("the demo cannot be registered: {0}")]
    DemoName(#[from] InvalidClientId),
    /// The demo cannot be registered.
    #[error("the demo cannot be registered: {0}")]
    DemoClient(#[from] InvalidMetadata),
    /// The demo cannot speak TLS.
    #[error("the demo cannot speak TLS: {0}")]
    Demo(#[source] rustls::Error),
    /// Passwords cannot be hashed as the configuration says.
    #[error(transparent)]
    Passwords(#[from] PasswordsError),
    /// No mail can be written.
    #[error("no mail can be written: {0}")]
    Mail(#[from] NoMailroom),
    /// No mail can be sealed.
    #[error("no mail can be sealed: {0}")]
    MailKeys(#[from] SealError),
    /// The issuer is none.
    #[error(transparent)]
    Issuer(#[from] InvalidIssuer),
    /// The signing keys cannot be read or made.
    #[error("the signing keys in the database cannot be used: {}", with_causes(.0))]
    Keys(#[from] KeyRingError),
    /// Nobody can tell whether there are signing keys.
    #[error("the signing keys in the database cannot be read: {0}")]
    KeysUnread(#[source] StoreError),
    /// The address is taken, or not ours.
    #[error("cannot listen on {addr}: {cause}{}", advice(cause))]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The key that signs the tokens of people's programs cannot be drawn.
    #[error("the key of tokens for programs cannot be drawn from the seal key")]
    RootKey,
    /// What tokens for programs may do is no permission.
    #[error(transparent)]
    Permission(#[from] BadPermission),
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The database cannot be opened.
    #[error("the database {} cannot be opened: {cause}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: OpenError,
    },
    /// The database elsewhere cannot be opened.
    #[error("the database {place} cannot be opened: {}", with_causes(cause))]
    Postgres {
        /// The database.
        place: String,
        /// What is wrong with it.
        #[source]
        cause: towergate::postgres::OpenError,
    },
    /// The Redis beside it cannot be used.
    #[error("the Redis at {place} cannot be used: {}", with_causes(cause))]
    Redis {
        /// The Redis.
        place: String,
        /// What is wrong with it.
        #[source]
        cause: towergate::redis::OpenError,
    },
    /// The key that cached sessions are sealed by cannot be drawn.
    #[error("the key of cached sessions cannot be drawn from the seal key: {0}")]
    CacheKey(#[source] SealError),
    /// The host cannot speak outwards.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
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

/// What to do where an address cannot be had.
fn advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => ". Stop the program that listens there, or choose another `addr`",
        _ => "",
    }
}

/// A failure, the reason behind it, and the reason behind that.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
