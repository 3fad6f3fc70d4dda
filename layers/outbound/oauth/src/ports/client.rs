//! Registered clients.

use std::{future::Future, sync::Arc};

use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};

use crate::rules::client::{Client, ClientId, ClientState};

/// Keeps registered clients.
pub trait ClientStore: Send + Sync + 'static {
    /// The client, disabled ones too: the gate in front of every endpoint decides, not the store. It is shared, not copied:
    /// every request asks for one, and it is large.
    ///
    /// # Errors
    /// When the store fails.
    fn find_client(
        &self,
        id: &ClientId,
    ) -> impl Future<Output = Result<Option<Arc<Client>>, StoreError>> + Send;

    /// Writes the client, in place of one with the same identifier. One that is there keeps its state: only
    /// [`disable_client`](Self::disable_client) shuts it out, with all that it holds, and only
    /// [`enable_client`](Self::enable_client) lets it act again. Writes `client.registered`.
    ///
    /// # Errors
    /// When the store fails.
    fn put_client(
        &self,
        client: Client,
        origin: Origin,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Shuts the client out, revokes every grant it holds and forgets what people consented to for it. Writes `client.disabled`,
    /// and `grant.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn disable_client(
        &self,
        id: ClientId,
        origin: Origin,
    ) -> impl Future<Output = Result<Disabling, StoreError>> + Send;

    /// Lets a client that was shut out act again. What died when it was stays dead, the tokens too that it had got for itself: they
    /// are revoked. Writes `client.enabled`.
    ///
    /// # Errors
    /// When the store fails.
    fn enable_client(
        &self,
        id: ClientId,
        origin: Origin,
    ) -> impl Future<Output = Result<Enabling, StoreError>> + Send;

    /// At most `limit` clients, disabled ones too, whose identifiers come after `after`, in the order of those.
    ///
    /// # Errors
    /// When the store fails.
    fn clients(
        &self,
        after: Option<ClientId>,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<Client>, StoreError>> + Send;

    /// Writes a client that registers itself, unless `limit` clients that did so are there. Writes `client.registered`.
    ///
    /// # Errors
    /// When the store fails, or a client of this identifier is there.
    fn register_client(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> impl Future<Output = Result<Registering, StoreError>> + Send;

    /// Writes the client in place of the one of the same identifier, if that one is active and `token` manages it until
    /// now. Of many at once one gets its way, since it brings a new token. Writes `client.updated`.
    ///
    /// # Errors
    /// When the store fails.
    fn update_client(
        &self,
        client: Client,
        token: Digest,
        origin: Origin,
    ) -> impl Future<Output = Result<Managing, StoreError>> + Send;

    /// Ends the client, if it is active and `token` manages it: its grants die, what people agreed to is forgotten, whoever is being
    /// asked is asked no more. Writes `client.deleted`, and `grant.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn delete_client(
        &self,
        id: ClientId,
        token: Digest,
        origin: Origin,
    ) -> impl Future<Output = Result<Managing, StoreError>> + Send;

    /// Forgets at most `limit` clients that registered themselves at `before` or earlier and never got a code or a token, those
    /// first that have waited longest, and whoever is being asked for them is asked no more. One that was shut out stays.
    /// Writes `client.expired` for each; answers how many there were.
    ///
    /// # Errors
    /// When the store fails.
    fn expire_unused_clients(
        &self,
        before: Timestamp,
        limit: u16,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Puts a sealed secret in the place of another, if that is the one the client has; answers whether it did. Writes
    /// `client.secret_resealed`.
    ///
    /// # Errors
    /// When the store fails.
    fn reseal_client_secret(
        &self,
        id: ClientId,
        before: Vec<u8>,
        after: Vec<u8>,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Keeps what a client says of itself in a document of its own, in place of what it said before; its state stays.
    /// What has ended gives way to what comes. Writes `client.document_read` unless it says the same as before.
    ///
    /// # Errors
    /// When the store fails.
    fn keep_client_document(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> impl Future<Output = Result<KeepingDocument, StoreError>> + Send;
}

/// What became of [`ClientStore::register_client`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registering {
    /// It is registered.
    Registered,
    /// There are as many as there may be; nothing was written.
    Full,
}

/// What became of [`ClientStore::update_client`] or [`ClientStore::delete_client`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Managing {
    /// It is done.
    Done,
    /// There is no such client, or the token does not manage it; nothing was written.
    Refused,
}

/// What became of [`ClientStore::keep_client_document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepingDocument {
    /// It is kept, for a client in this state.
    Kept(ClientState),
    /// A client of this identifier is registered; nothing was written.
    Registered,
    /// There are as many as there may be; nothing was written.
    Full,
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

/// What became of [`ClientStore::enable_client`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enabling {
    /// It may act from here on.
    Enabled,
    /// It was not shut out; nothing was written.
    Active,
    /// There is no such client.
    Missing,
}
