//! Registered clients.

use std::{sync::Arc, time::Duration};

use proptest::{option, prelude::*};
use towergate_core::{Digest, Timestamp, contract::model::Answers};

use super::{
    Model, Modelled,
    world::{Breach, client_id, some_client},
};
use crate::{
    ports::{
        client::{Disabling, Enabling, KeepingDocument, Managing, Registering},
        contract::fixture::scope,
    },
    rules::{
        client::{Client, ClientId, ClientMetadata, ClientState, DocumentTimes},
        fact::OAuthFact,
        grant::RevocationReason,
        interaction::InteractionState,
    },
};

/// What is done about clients.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum ClientOperation {
    Find { client: u8 },
    Put { client: u8, sealed: Option<u8> },
    Disable { client: u8 },
    Enable { client: u8 },
    All { after: Option<u8>, limit: u16 },
    Register { client: u8, token: u8, limit: u32 },
    Update { client: u8, token: u8, next: u8, says: u8 },
    Delete { client: u8, token: u8 },
    ExpireUnused { hours: u8, limit: u16 },
    Reseal { client: u8, before: u8, after: u8 },
    KeepDocument { client: u8, says: u8, hours: u8, limit: u32 },
}

pub(super) fn operation() -> impl Strategy<Value = ClientOperation> {
    use ClientOperation as Do;
    let client = some_client;
    prop_oneof![
        1 => client().prop_map(|client| Do::Find { client }),
        2 => (client(), option::of(0..2_u8)).prop_map(|(client, sealed)| Do::Put { client, sealed }),
        1 => client().prop_map(|client| Do::Disable { client }),
        1 => client().prop_map(|client| Do::Enable { client }),
        1 => (option::of(client()), 0..4_u16).prop_map(|(after, limit)| Do::All { after, limit }),
        4 => (3..6_u8, 0..2_u8, 0..4_u32)
            .prop_map(|(client, token, limit)| Do::Register { client, token, limit }),
        2 => (3..6_u8, 0..2_u8, 0..2_u8, 0..2_u8)
            .prop_map(|(client, token, next, says)| Do::Update { client, token, next, says }),
        1 => (3..6_u8, 0..2_u8).prop_map(|(client, token)| Do::Delete { client, token }),
        1 => (0..3_u8, 0..3_u16).prop_map(|(hours, limit)| Do::ExpireUnused { hours, limit }),
        1 => (client(), 0..2_u8, 0..2_u8)
            .prop_map(|(client, before, after)| Do::Reseal { client, before, after }),
        3 => (client(), 0..2_u8, 1..30_u8, 0..3_u32)
            .prop_map(|(client, says, hours, limit)| Do::KeepDocument { client, says, hours, limit }),
    ]
}

/// Those without whom little happens.
pub(super) const fn first() -> [ClientOperation; 2] {
    [ClientOperation::Put { client: 1, sealed: None }, ClientOperation::Put { client: 2, sealed: Some(0) }]
}

pub(super) fn readings() -> impl Iterator<Item = ClientOperation> {
    let all = ClientOperation::All { after: None, limit: 99 };
    (1..6).map(|client| ClientOperation::Find { client }).chain([all])
}

impl Model {
    pub(super) async fn client<S>(&mut self, store: &S, operation: &ClientOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            ClientOperation::Find { client } => {
                let id = client_id(client);
                let found = store.find_client(&id).await;
                let found = found.map(|found| seen(found.map(Arc::unwrap_or_clone)));
                Answers::of(found, seen(self.clients.get(&id).cloned()))
            }
            ClientOperation::Put { client, sealed } => {
                let sealed_secret = sealed.map(|n| vec![n]);
                let client = Client { sealed_secret, ..named(client, 0) };
                let answer = store.put_client(client.clone(), origin).await;
                self.tell(&OAuthFact::ClientRegistered { client: client.id.clone() });
                self.unused.remove(&client.id);
                let kept = self.clients.get(&client.id).map(|there| there.state);
                let client = Client { state: kept.unwrap_or(client.state), ..client };
                self.clients.insert(client.id.clone(), client);
                Answers::none(answer)
            }
            ClientOperation::Disable { client } => {
                let id = client_id(client);
                Answers::of(store.disable_client(id.clone(), origin).await, self.disable_client(&id))
            }
            ClientOperation::Enable { client } => {
                let id = client_id(client);
                Answers::of(store.enable_client(id.clone(), origin).await, self.enable_client(&id))
            }
            ClientOperation::All { after, limit } => {
                let after = after.map(client_id);
                let mut all: Vec<_> = self.clients.values().cloned().collect();
                all.retain(|there| after.as_ref().is_none_or(|after| there.id > *after));
                all.truncate(limit.into());
                Answers::of(store.clients(after, limit).await, all)
            }
            ClientOperation::Register { client, token: n, limit } => {
                let client = Client {
                    registration_access_token: Some(token(n)),
                    registered_at: Some(origin.at),
                    ..named(client, 0)
                };
                let answer = store.register_client(client.clone(), limit, origin).await;
                Answers::tried(answer, self.register_client(client, limit))
            }
            ClientOperation::Update { client, token: shown, next, says } => {
                let registered_at =
                    self.clients.get(&client_id(client)).and_then(|there| there.registered_at);
                let client = Client {
                    registration_access_token: Some(token(next)),
                    registered_at,
                    ..named(client, says)
                };
                let answer = store.update_client(client.clone(), token(shown), origin).await;
                Answers::of(answer, self.update_client(client, shown))
            }
            ClientOperation::Delete { client, token: shown } => {
                let id = client_id(client);
                let answer = store.delete_client(id.clone(), token(shown), origin).await;
                Answers::of(answer, self.delete_client(&id, shown))
            }
            ClientOperation::ExpireUnused { hours, limit } => {
                let before = origin.at.minus(Duration::from_secs(3600 * u64::from(hours)));
                let answer = store.expire_unused_clients(before, limit, origin).await;
                Answers::of(answer, self.expire_unused_clients(before, limit))
            }
            ClientOperation::Reseal { client, before, after } => {
                let id = client_id(client);
                let answer = store.reseal_client_secret(id.clone(), vec![before], vec![after], origin).await;
                let there = self.clients.get_mut(&id).and_then(|there| there.sealed_secret.as_mut());
                let sealed = there.filter(|sealed| **sealed == [before]);
                let is_resealed = sealed.map(|sealed| *sealed = vec![after]).is_some();
                if is_resealed {
                    self.tell(&OAuthFact::ClientSecretResealed { client: id });
                }
                Answers::of(answer, is_resealed)
            }
            ClientOperation::KeepDocument { client, says, hours, limit } => {
                let ends_at = origin.at.plus(Duration::from_secs(3600 * u64::from(hours)));
                let document = Some(DocumentTimes { refresh_at: origin.at, ends_at });
                let client = Client { document, secret: None, ..named(client, says) };
                let answer = store.keep_client_document(client.clone(), limit, origin).await;
                Answers::of(answer, self.keep_client_document(client, limit))
            }
        }
    }

    fn disable_client(&mut self, id: &ClientId) -> Disabling {
        let Some(client) = self.clients.get_mut(id) else { return Disabling::Missing };
        client.state = ClientState::Disabled;
        self.unused.remove(id);
        self.consents.retain(|(_, client), _| client != id);
        self.tell(&OAuthFact::ClientDisabled { client: id.clone() });
        let grants = self.revoke_grants(|grant| grant.client == *id, RevocationReason::ClientDisabled);
        Disabling::Disabled { grants }
    }

    fn enable_client(&mut self, id: &ClientId) -> Enabling {
        match self.clients.get_mut(id) {
            None => return Enabling::Missing,
            Some(there) if there.state == ClientState::Active => return Enabling::Active,
            Some(there) => there.state = ClientState::Active,
        }
        let own = self.access_tokens.values_mut().filter(|there| there.is_own_of(id));
        own.for_each(|there| there.revoked = true);
        self.tell(&OAuthFact::ClientEnabled { client: id.clone() });
        Enabling::Enabled
    }

    fn register_client(&mut self, client: Client, limit: u32) -> Result<Registering, Breach> {
        let by_themselves = self.clients.values().filter(|there| there.registration_access_token.is_some());
        if by_themselves.count() >= limit.try_into().unwrap() {
            return Ok(Registering::Full);
        }
        if self.clients.contains_key(&client.id) {
            return Err(Breach);
        }
        self.tell(&OAuthFact::ClientRegistered { client: client.id.clone() });
        self.unused.insert(client.id.clone(), self.trail.now());
        self.clients.insert(client.id.clone(), client);
        Ok(Registering::Registered)
    }

    fn update_client(&mut self, client: Client, shown: u8) -> Managing {
        if !self.is_managed(&client.id, shown) {
            return Managing::Refused;
        }
        self.tell(&OAuthFact::ClientUpdated { client: client.id.clone() });
        self.clients.insert(client.id.clone(), client);
        Managing::Done
    }

    fn delete_client(&mut self, id: &ClientId, shown: u8) -> Managing {
        if !self.is_managed(id, shown) {
            return Managing::Refused;
        }
        self.tell(&OAuthFact::ClientDeleted { client: id.clone() });
        self.forget_client(id);
        self.revoke_grants(|grant| grant.client == *id, RevocationReason::ClientDeleted);
        Managing::Done
    }

    fn expire_unused_clients(&mut self, before: Timestamp, limit: u16) -> u64 {
        let mut unused: Vec<_> = self.unused.iter().filter(|(_, since)| **since <= before).collect();
        unused.sort_by_key(|(id, since)| (**since, (*id).clone()));
        let expired: Vec<_> = unused.into_iter().take(limit.into()).map(|(id, _)| id.clone()).collect();
        for id in &expired {
            self.tell(&OAuthFact::ClientExpired { client: id.clone() });
            self.forget_client(id);
        }
        expired.len().try_into().unwrap()
    }

    /// The client goes, people's consents with it, and nobody is asked for it any more.
    fn forget_client(&mut self, id: &ClientId) {
        self.clients.remove(id);
        self.unused.remove(id);
        self.consents.retain(|(_, client), _| client != id);
        for there in self.interactions.values_mut().filter(|there| there.request.client_id == *id) {
            if there.state == InteractionState::Open {
                there.state = InteractionState::Denied;
            }
        }
    }

    fn keep_client_document(&mut self, client: Client, limit: u32) -> KeepingDocument {
        let before = self.clients.get(&client.id).cloned();
        match &before {
            Some(before) if before.document.is_none() => return KeepingDocument::Registered,
            Some(_) => {}
            None => {
                let now = self.trail.now();
                self.clients.retain(|_, there| !is_over(there, now));
                let documents = self.clients.values().filter(|there| there.document.is_some());
                if documents.count() >= limit.try_into().unwrap() {
                    return KeepingDocument::Full;
                }
            }
        }
        if before.as_ref().is_none_or(|before| before.metadata != client.metadata) {
            self.tell(&OAuthFact::ClientDocumentRead { client: client.id.clone() });
        }
        let state = before.map_or(client.state, |before| before.state);
        self.clients.insert(client.id.clone(), Client { state, ..client });
        KeepingDocument::Kept(state)
    }

    fn is_managed(&self, id: &ClientId, shown: u8) -> bool {
        let there = self.clients.get(id).filter(|there| there.state == ClientState::Active);
        let own = there.and_then(|there| there.registration_access_token.as_ref());
        own.is_some_and(|own| own.matches(&token(shown)))
    }

    pub(super) fn may_act(&self, id: &ClientId) -> bool {
        self.clients.get(id).is_some_and(|there| there.state == ClientState::Active)
    }
}

/// Whether a client is known only by a document that is read no more.
pub(super) fn is_over(client: &Client, now: Timestamp) -> bool {
    client.state == ClientState::Active && client.document.is_some_and(|times| times.ends_at <= now)
}

/// A client of this number; every other one wants to be told when a sign-in ends.
fn named(n: u8, says: u8) -> Client {
    let metadata = ClientMetadata {
        client_name: Some(format!("says {says}")),
        scope: scope("openid profile offline_access"),
        backchannel_logout_uri: (n % 2 == 1).then(|| format!("https://client-{n}.example/logout")),
        ..ClientMetadata::default()
    };
    Client::unchecked(client_id(n), Some(Digest::of(&[n])), metadata)
}

fn token(n: u8) -> Digest {
    Digest::of(&[n])
}

/// All of a client, its digests too.
fn seen(client: Option<Client>) -> Option<(Client, [Option<[u8; 32]>; 2])> {
    let bytes = |digest: &Option<Digest>| digest.as_ref().map(|digest| *digest.as_bytes());
    client.map(|client| {
        let digests = [bytes(&client.secret), bytes(&client.registration_access_token)];
        (client, digests)
    })
}
