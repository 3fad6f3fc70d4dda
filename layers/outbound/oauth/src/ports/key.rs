//! Signing keys, sealed.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use crate::rules::key::{KeyRecord, KeyState};

/// Keeps signing keys. It never sees a private key in clear.
pub trait KeyStore: Send + Sync + 'static {
    /// All keys that are not retired, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    fn keys(&self) -> impl Future<Output = Result<Vec<KeyRecord>, StoreError>> + Send;

    /// Keeps a new key, unless one of its algorithm is there in the same state: two instances that start at once on
    /// one store agree on one key. Writes `key.moved`.
    ///
    /// # Errors
    /// When the store fails.
    fn add_key(
        &self,
        key: KeyRecord,
        origin: Origin,
    ) -> impl Future<Output = Result<Adding, StoreError>> + Send;

    /// Moves a key forward in its life, never back. Writes `key.moved`.
    ///
    /// # Errors
    /// When the store fails.
    fn move_key(
        &self,
        kid: String,
        to: KeyState,
        origin: Origin,
    ) -> impl Future<Output = Result<Moving, StoreError>> + Send;
}

/// What became of [`KeyStore::add_key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adding {
    /// It is kept.
    Added,
    /// There is a key of this algorithm in this state already.
    AlreadyThere,
}

/// What became of [`KeyStore::move_key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// It moved.
    Moved,
    /// It is there already, further on, or never was.
    Unmoved,
}
