//! Registered clients in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, audit::Origin};

use super::MemoryStore;
use crate::{
    ports::client::{ClientStore, Disabling},
    rules::{
        client::{Client, ClientId, ClientState},
        fact::OAuthFact,
        grant::RevocationReason,
    },
};

#[derive(Default)]
pub(super) struct Clients(BTreeMap<ClientId, Client>);

impl ClientStore for MemoryStore {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.step(|state| Ok(state.clients.0.get(id).cloned()))
    }

    async fn put_client(&self, client: Client, origin: Origin) -> Result<(), StoreError> {
        self.step(|state| {
            state.log.write(&OAuthFact::ClientRegistered { client: client.id.clone() }, &origin);
            state.clients.0.insert(client.id.clone(), client);
            Ok(())
        })
    }

    async fn disable_client(&self, id: ClientId, origin: Origin) -> Result<Disabling, StoreError> {
        self.step(|state| {
            let Some(client) = state.clients.0.get_mut(&id) else {
                return Ok(Disabling::Missing);
            };
            client.state = ClientState::Disabled;
            state.log.write(&OAuthFact::ClientDisabled { client: id.clone() }, &origin);
            let grants = state.grants.revoke_where(
                |grant| grant.client == id,
                RevocationReason::ClientDisabled,
                &origin,
                &mut state.log,
            );
            Ok(Disabling::Disabled { grants })
        })
    }
}

impl Clients {
    /// Whether the client was shut out.
    pub(super) fn is_disabled(&self, id: &ClientId) -> bool {
        self.0.get(id).is_some_and(|client| client.state == ClientState::Disabled)
    }

    /// Whether the client is there and may act.
    pub(super) fn may_act(&self, id: &ClientId) -> bool {
        self.0.get(id).is_some_and(|client| client.state == ClientState::Active)
    }
}
