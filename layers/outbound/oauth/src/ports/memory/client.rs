//! Registered clients in memory.

use std::{collections::BTreeMap, sync::Arc};

use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, already_there};
use crate::{
    ports::client::{ClientStore, Disabling, Enabling, KeepingDocument, Managing, Registering},
    rules::{
        client::{Client, ClientId, ClientState},
        fact::OAuthFact,
        grant::RevocationReason,
    },
};

#[derive(Default)]
pub(super) struct Clients(BTreeMap<ClientId, Arc<Client>>);

/// Clients that registered themselves, since when, and have got nothing yet.
#[derive(Default)]
pub(super) struct Unused(BTreeMap<ClientId, Timestamp>);

impl Unused {
    /// The client has got something, or is none of those any more.
    pub(super) fn end(&mut self, client: &ClientId) {
        self.0.remove(client);
    }

    fn before(&self, before: Timestamp, limit: u16) -> Vec<ClientId> {
        let mut unused: Vec<_> = self.0.iter().filter(|(_, since)| **since <= before).collect();
        unused.sort_by_key(|(_, since)| **since);
        unused.into_iter().take(usize::from(limit)).map(|(client, _)| client.clone()).collect()
    }
}

impl ClientStore for MemoryStore {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        self.step(|state| Ok(state.clients.0.get(id).cloned()))
    }

    async fn put_client(&self, client: Client, origin: Origin) -> Result<(), StoreError> {
        self.step(|state| {
            state.unused.end(&client.id);
            state.log.write(&OAuthFact::ClientRegistered { client: client.id.clone() }, &origin);
            let kept = state.clients.0.get(&client.id).map(|there| there.state);
            let client = Client { state: kept.unwrap_or(client.state), ..client };
            state.clients.0.insert(client.id.clone(), Arc::new(client));
            Ok(())
        })
    }

    async fn disable_client(&self, id: ClientId, origin: Origin) -> Result<Disabling, StoreError> {
        self.step(|state| {
            let Some(client) = state.clients.0.get_mut(&id) else {
                return Ok(Disabling::Missing);
            };
            Arc::make_mut(client).state = ClientState::Disabled;
            state.unused.end(&id);
            state.interactions.forget_consents(&id);
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

    async fn enable_client(&self, id: ClientId, origin: Origin) -> Result<Enabling, StoreError> {
        self.step(|state| {
            let Some(client) = state.clients.0.get_mut(&id) else { return Ok(Enabling::Missing) };
            if client.state == ClientState::Active {
                return Ok(Enabling::Active);
            }
            Arc::make_mut(client).state = ClientState::Active;
            state.grants.revoke_own(&id);
            state.log.write(&OAuthFact::ClientEnabled { client: id }, &origin);
            Ok(Enabling::Enabled)
        })
    }

    async fn clients(&self, after: Option<ClientId>, limit: u16) -> Result<Vec<Client>, StoreError> {
        self.step(|state| {
            let next =
                state.clients.0.iter().filter(|(id, _)| after.as_ref().is_none_or(|after| *id > after));
            Ok(next.take(usize::from(limit)).map(|(_, client)| Client::clone(client)).collect())
        })
    }

    async fn register_client(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> Result<Registering, StoreError> {
        self.step(|state| {
            let by_themselves = |client: &&Arc<Client>| client.registration_access_token.is_some();
            if state.clients.0.values().filter(by_themselves).count() >= room(limit) {
                return Ok(Registering::Full);
            }
            if state.clients.0.contains_key(&client.id) {
                return Err(already_there("client", &client.id));
            }
            state.unused.0.insert(client.id.clone(), origin.at);
            state.log.write(&OAuthFact::ClientRegistered { client: client.id.clone() }, &origin);
            state.clients.0.insert(client.id.clone(), Arc::new(client));
            Ok(Registering::Registered)
        })
    }

    async fn update_client(
        &self,
        client: Client,
        token: Digest,
        origin: Origin,
    ) -> Result<Managing, StoreError> {
        self.step(|state| {
            if !state.clients.is_managed_by(&client.id, &token) {
                return Ok(Managing::Refused);
            }
            state.log.write(&OAuthFact::ClientUpdated { client: client.id.clone() }, &origin);
            state.clients.0.insert(client.id.clone(), Arc::new(client));
            Ok(Managing::Done)
        })
    }

    async fn delete_client(
        &self,
        id: ClientId,
        token: Digest,
        origin: Origin,
    ) -> Result<Managing, StoreError> {
        self.step(|state| {
            if !state.clients.is_managed_by(&id, &token) {
                return Ok(Managing::Refused);
            }
            state.clients.0.remove(&id);
            state.unused.end(&id);
            state.log.write(&OAuthFact::ClientDeleted { client: id.clone() }, &origin);
            state.interactions.forget_client(&id);
            state.grants.revoke_where(
                |grant| grant.client == id,
                RevocationReason::ClientDeleted,
                &origin,
                &mut state.log,
            );
            Ok(Managing::Done)
        })
    }

    async fn expire_unused_clients(
        &self,
        before: Timestamp,
        limit: u16,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.step(|state| {
            let gone = state.unused.before(before, limit);
            for id in &gone {
                state.unused.end(id);
                state.clients.0.remove(id);
                state.interactions.forget_client(id);
                state.log.write(&OAuthFact::ClientExpired { client: id.clone() }, &origin);
            }
            Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
        })
    }

    async fn reseal_client_secret(
        &self,
        id: ClientId,
        before: Vec<u8>,
        after: Vec<u8>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let client = state.clients.0.get_mut(&id);
            let Some(client) = client.filter(|client| client.sealed_secret.as_ref() == Some(&before)) else {
                return Ok(false);
            };
            Arc::make_mut(client).sealed_secret = Some(after);
            state.log.write(&OAuthFact::ClientSecretResealed { client: id }, &origin);
            Ok(true)
        })
    }

    async fn keep_client_document(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> Result<KeepingDocument, StoreError> {
        self.step(|state| {
            let clients = &mut state.clients.0;
            let before = clients.get(&client.id);
            if before.is_some_and(|before| before.document.is_none()) {
                return Ok(KeepingDocument::Registered);
            }
            if before.is_none() {
                let ended = |client: &Client| {
                    let times = client.document.filter(|_| client.state == ClientState::Active);
                    times.is_some_and(|times| times.ends_at <= origin.at)
                };
                clients.retain(|_, client| !ended(client));
                if clients.values().filter(|client| client.document.is_some()).count() >= room(limit) {
                    return Ok(KeepingDocument::Full);
                }
            }
            let before = clients.get(&client.id);
            let kept = before.map_or(client.state, |before| before.state);
            if before.is_none_or(|before| before.metadata != client.metadata) {
                state.log.write(&OAuthFact::ClientDocumentRead { client: client.id.clone() }, &origin);
            }
            clients.insert(client.id.clone(), Arc::new(Client { state: kept, ..client }));
            Ok(KeepingDocument::Kept(kept))
        })
    }
}

fn room(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl Clients {
    /// Whether the client is active and to be told directly when a sign-in ends.
    pub(super) fn logout_uri(&self, id: &ClientId) -> Option<&str> {
        let client = self.0.get(id).filter(|client| client.state == ClientState::Active);
        client?.metadata.backchannel_logout_uri.as_deref()
    }

    /// Whether the client is there and may act.
    pub(super) fn may_act(&self, id: &ClientId) -> bool {
        self.0.get(id).is_some_and(|client| client.state == ClientState::Active)
    }

    fn is_managed_by(&self, id: &ClientId, token: &Digest) -> bool {
        let active = self.0.get(id).filter(|client| client.state == ClientState::Active);
        active
            .and_then(|client| client.registration_access_token.as_ref())
            .is_some_and(|own| own.matches(token))
    }
}
