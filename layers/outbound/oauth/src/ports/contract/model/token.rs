//! Access tokens and refresh tokens.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use towergate_core::{Digest, Timestamp, contract::model::Answers, id::Uuid};

use super::{
    Begun, Model, Modelled,
    interaction::scope_of,
    world::{client_id, number, recent, some_client},
};
use crate::{
    ports::grant::{Revocation, Rotated, Rotation, StoredAccessToken, StoredRefreshToken},
    rules::{
        access_token::AccessToken,
        client::{ClientId, GrantType},
        fact::OAuthFact,
        grant::{Grant, GrantId, RevocationReason},
        refresh_token::{RefreshToken, RefreshTokenState, is_repetition},
    },
};

/// What is done about tokens.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum TokenOperation {
    Issue { client: u8 },
    FindAccess { token: u8 },
    RevokeAccess { token: u8, client: Option<u8> },
    FindRefresh { token: u8 },
    Rotate { token: u8, client: Option<u8> },
}

#[derive(Debug, Clone)]
pub(super) struct KeptAccessToken {
    pub(super) token: AccessToken,
    pub(super) revoked: bool,
}

impl KeptAccessToken {
    /// Whether the client got it for itself.
    pub(super) fn is_own_of(&self, client: &ClientId) -> bool {
        self.token.grant.is_none() && self.token.client == *client
    }
}

#[derive(Debug, Clone)]
pub(super) struct KeptRefreshToken {
    pub(super) token: RefreshToken,
    state: RefreshTokenState,
    /// The one that was exchanged for it.
    before: Option<Uuid>,
}

const WINDOW: Duration = Duration::from_secs(10);

pub(super) fn operation() -> impl Strategy<Value = TokenOperation> {
    use TokenOperation as Do;
    let other = || proptest::option::weighted(0.1, some_client());
    prop_oneof![
        2 => some_client().prop_map(|client| Do::Issue { client }),
        1 => recent().prop_map(|token| Do::FindAccess { token }),
        2 => (recent(), other()).prop_map(|(token, client)| Do::RevokeAccess { token, client }),
        1 => recent().prop_map(|token| Do::FindRefresh { token }),
        8 => (recent(), other()).prop_map(|(token, client)| Do::Rotate { token, client }),
    ]
}

pub(super) fn readings(begun: &Begun) -> impl Iterator<Item = TokenOperation> {
    let refresh = (0..=begun.refresh_tokens).map(|token| TokenOperation::FindRefresh { token });
    (0..=begun.access_tokens).map(|token| TokenOperation::FindAccess { token }).chain(refresh)
}

/// A store may forget an answer that nobody can ask for any more.
fn without_old_answer(mut there: StoredRefreshToken) -> StoredRefreshToken {
    if let RefreshTokenState::Rotated { successor_used: true, sealed_answer, .. } = &mut there.state {
        sealed_answer.clear();
    }
    there
}

impl KeptRefreshToken {
    /// Forgets the answer to a refresh of `until` or before.
    pub(super) fn forget_answer(&mut self, until: Timestamp) {
        if let RefreshTokenState::Rotated { at, sealed_answer, .. } = &mut self.state
            && *at <= until
        {
            sealed_answer.clear();
        }
    }
}

impl Model {
    pub(super) async fn token<S>(&mut self, store: &S, operation: &TokenOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            TokenOperation::Issue { client } => {
                let token = self.new_access_token(client_id(client), None);
                let answer = store.issue_access_token(token.clone(), origin).await;
                self.unused.remove(&token.client);
                self.keep_access_token(token, GrantType::ClientCredentials);
                Answers::none(answer)
            }
            TokenOperation::FindAccess { token } => {
                let id = access_id(number(self.begun.access_tokens, token));
                Answers::of(store.find_access_token(id).await, self.find_access_token(id))
            }
            TokenOperation::RevokeAccess { token, client } => {
                let id = access_id(number(self.begun.access_tokens, token));
                let own = self.access_tokens.get(&id).map(|there| there.token.client.clone());
                let client = client.map_or_else(|| own.unwrap_or_else(|| client_id(1)), client_id);
                let answer = store.revoke_access_token(id, client.clone(), origin).await;
                Answers::of(answer, self.revoke_access_token(id, client))
            }
            TokenOperation::FindRefresh { token } => {
                let id = refresh_id(number(self.begun.refresh_tokens, token));
                let answer = store.find_refresh_token(id).await.map(|there| there.map(without_old_answer));
                Answers::of(answer, self.find_refresh_token(id).map(without_old_answer))
            }
            TokenOperation::Rotate { token, client } => {
                let rotation = self.rotation(token, client);
                let answer = store.rotate_refresh_token(rotation.clone(), origin).await;
                Answers::of(answer, self.rotate(rotation))
            }
        }
    }

    fn find_access_token(&self, id: Uuid) -> Option<StoredAccessToken> {
        let KeptAccessToken { token, revoked } = self.access_tokens.get(&id)?.clone();
        let grant = token.grant.map(|grant| self.grants.get(&grant).cloned());
        let is_dead = match &grant {
            Some(grant) => grant.as_ref().is_none_or(|there| there.revoked),
            None => !self.may_act(&token.client),
        };
        let grant = grant.flatten().map(|there| Arc::new(there.grant));
        Some(StoredAccessToken { token: Arc::new(token), grant, revoked: revoked || is_dead })
    }

    fn revoke_access_token(&mut self, id: Uuid, client: ClientId) -> Revocation {
        let now = self.trail.now();
        let living =
            self.find_access_token(id).filter(|there| !there.revoked && now < there.token.expires_at);
        if living.is_none_or(|there| there.token.client != client) {
            return Revocation::AlreadyDead;
        }
        self.access_tokens.get_mut(&id).unwrap().revoked = true;
        self.tell(&OAuthFact::TokenRevoked { token: id, client });
        Revocation::Revoked
    }

    fn find_refresh_token(&self, id: Uuid) -> Option<StoredRefreshToken> {
        let KeptRefreshToken { token, state, .. } = self.refresh_tokens.get(&id)?.clone();
        let there = self.grants.get(&token.grant)?.clone();
        Some(StoredRefreshToken { token, grant: Arc::new(there.grant), state, revoked: there.revoked })
    }

    fn rotate(&mut self, rotation: Rotation) -> Rotated {
        let Rotation { presented: token, client, access, refresh, sealed_answer, repeat_window } = rotation;
        let now = self.trail.now();
        let Some(there) = self.find_refresh_token(token) else { return Rotated::Missing };
        let grant = there.grant.id;
        if there.revoked || there.grant.client != client {
            return Rotated::Missing;
        }
        if let RefreshTokenState::Rotated { at, successor_used, sealed_answer } = there.state {
            if is_repetition(at, now, repeat_window) && !successor_used {
                return Rotated::Repeated { sealed_answer };
            }
            self.tell(&OAuthFact::TokenReused { token, grant, client });
            self.revoke_grants(|there| there.id == grant, RevocationReason::RefreshTokenReused);
            return Rotated::Reused { grant };
        }
        if there.token.expires_at <= now || there.token.absolute_expires_at <= now {
            return Rotated::Missing;
        }
        let used = self.refresh_tokens.get_mut(&token).unwrap();
        used.state = RefreshTokenState::Rotated { at: now, successor_used: false, sealed_answer };
        let before = used.before.and_then(|before| self.refresh_tokens.get_mut(&before));
        if let Some(RefreshTokenState::Rotated { successor_used, .. }) = before.map(|there| &mut there.state)
        {
            *successor_used = true;
        }
        self.tell(&OAuthFact::TokenRefreshed { token, successor: refresh.id, grant, client });
        self.keep_access_token(access, GrantType::RefreshToken);
        self.keep_refresh_token(refresh, Some(token));
        Rotated::Rotated
    }

    pub(super) fn keep_access_token(&mut self, token: AccessToken, grant_type: GrantType) {
        let (client, subject) = (token.client.clone(), token.subject.clone());
        self.tell(&OAuthFact::TokenIssued { token: token.id, client, subject, grant_type });
        self.access_tokens.insert(token.id, KeptAccessToken { token, revoked: false });
    }

    pub(super) fn keep_refresh_token(&mut self, token: RefreshToken, before: Option<Uuid>) {
        let state = RefreshTokenState::Unused;
        self.refresh_tokens.insert(token.id, KeptRefreshToken { token, state, before });
    }

    /// Lives for ten minutes.
    pub(super) fn new_access_token(&mut self, client: ClientId, grant: Option<&Grant>) -> AccessToken {
        self.begun.access_tokens += 1;
        let now = self.trail.now();
        AccessToken {
            id: access_id(self.begun.access_tokens.into()),
            digest: Some(Digest::of(b"access")),
            grant: grant.map(|grant| grant.id),
            client,
            subject: grant.map(|grant| grant.subject.clone()),
            scope: scope_of(0),
            audience: vec![String::from("https://api.example")],
            issued_at: now,
            expires_at: now.plus(Duration::from_secs(600)),
        }
    }

    /// Lives for half a day, its family for two.
    pub(super) fn new_refresh_token(
        &mut self,
        grant: GrantId,
        before: Option<&RefreshToken>,
    ) -> RefreshToken {
        self.begun.refresh_tokens += 1;
        let now = self.trail.now();
        let day = Duration::from_secs(24 * 3600);
        RefreshToken {
            id: refresh_id(self.begun.refresh_tokens.into()),
            digest: Digest::of(b"refresh"),
            grant,
            generation: before.map_or(0, |before| before.generation + 1),
            issued_at: now,
            expires_at: now.plus(day / 2),
            absolute_expires_at: before
                .map_or_else(|| now.plus(2 * day), |before| before.absolute_expires_at),
        }
    }

    /// The exchange of a refresh token, by its own client unless another one comes with it.
    fn rotation(&mut self, token: u8, client: Option<u8>) -> Rotation {
        let presented = refresh_id(number(self.begun.refresh_tokens, token));
        let there = self.find_refresh_token(presented);
        let own = there.as_ref().map_or_else(|| client_id(1), |there| there.grant.client.clone());
        let client = client.map_or(own, client_id);
        let access = self.new_access_token(client.clone(), there.as_ref().map(|there| &*there.grant));
        let nobodys = GrantId::from_uuid(Uuid::nil());
        let grant = there.as_ref().map_or(nobodys, |there| there.grant.id);
        let refresh = self.new_refresh_token(grant, there.as_ref().map(|there| &there.token));
        let sealed_answer = vec![self.begun.refresh_tokens];
        Rotation { presented, client, access, refresh, sealed_answer, repeat_window: WINDOW }
    }
}

fn access_id(n: u128) -> Uuid {
    Uuid::from_u128(0x3000 + n)
}

fn refresh_id(n: u128) -> Uuid {
    Uuid::from_u128(0x4000 + n)
}
