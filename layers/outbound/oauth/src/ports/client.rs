//! Registered clients.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use crate::rules::client::{Client, ClientId};

/// Keeps registered clients.
pub trait ClientStore: Send + Sync + 'static {
    /// The client, disabled ones too: the gate in front of every endpoint decides, not the store.
    ///
    /// # Errors
    /// When the store fails.
    fn find_client(&self, id: &ClientId) -> impl Future<Output = Result<Option<Client>, StoreError>> + Send;

    /// Writes the client, in place of one with the same identifier. Writes `client.registered`.
    ///
    /// # Errors
    /// When the store fails.
    fn put_client(
        &self,
        client: Client,
        origin: Origin,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Shuts the client out and revokes every grant it holds. Writes `client.disabled`, and `grant.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn disable_client(
        &self,
        id: ClientId,
        origin: Origin,
    ) -> impl Future<Output = Result<Disabling, StoreError>> + Send;
}

/// What became of [`ClientStore::disable_client`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabling {
    /// It is disabled now, and so many grants died with it.
    Disabled {
        /// How many grants were alive until now.
        grants: u64,
    },
    /// There is no such client.
    Missing,
}
