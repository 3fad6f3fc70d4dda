//! Where the truth about sessions is, in a test: what a store does around the cache.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use towergate_core::{Digest, Secret, StoreError, Timestamp, contract::NOW, id::Uuid, mac::MacKey};
use towergate_identity::{
    ports::session_cache::{SessionCache, load_through},
    rules::{
        login_proof::Method,
        passkey::PasskeyId,
        session::{SessionId, SessionRecord, SessionStage, SignInId},
        user::UserId,
    },
};
use towergate_redis::{RedisSessionCache, RedisStore};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn key(n: u8) -> MacKey {
    MacKey::derive(&Secret::new([n; 32]), "cached sessions").unwrap()
}

pub(crate) fn cache(store: &RedisStore) -> RedisSessionCache {
    store.session_cache(key(1))
}

pub(crate) fn session_id(n: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn session(n: u128) -> SessionRecord {
    SessionRecord {
        id: session_id(n),
        digest: Digest::of(&n.to_be_bytes()),
        sign_in: SignInId::from_uuid(Uuid::from_u128(n + 1)),
        user: UserId::from_uuid(Uuid::from_u128(n + 2)),
        stage: SessionStage::AwaitsEnrolment,
        methods: [Method::Password, Method::Passkey].into(),
        passkey: Some(PasskeyId::from_uuid(Uuid::from_u128(n + 3))),
        authenticated_at: NOW.minus(MINUTE),
        created_at: NOW.minus(2 * MINUTE),
        last_seen_at: NOW,
        idle_expires_at: NOW.plus(10 * MINUTE),
        absolute_expires_at: NOW.plus(20 * MINUTE),
    }
}

/// The sessions that there are.
#[derive(Clone, Default)]
pub(crate) struct Truth(Arc<Mutex<BTreeMap<SessionId, SessionRecord>>>);

impl Truth {
    pub(crate) fn of(sessions: impl IntoIterator<Item = SessionRecord>) -> Self {
        Self(Arc::new(Mutex::new(sessions.into_iter().map(|session| (session.id, session)).collect())))
    }

    pub(crate) fn read(&self, id: SessionId, now: Timestamp) -> Option<SessionRecord> {
        self.0.lock().unwrap().get(&id).filter(|session| session.is_alive(now)).cloned()
    }

    pub(crate) fn remove(&self, id: SessionId) {
        self.0.lock().unwrap().remove(&id);
    }

    pub(crate) fn touch(&self, id: SessionId, now: Timestamp) {
        if let Some(session) = self.0.lock().unwrap().get_mut(&id) {
            session.last_seen_at = now;
            session.idle_expires_at = now.plus(10 * MINUTE);
        }
    }

    pub(crate) async fn load(
        &self,
        cache: &RedisSessionCache,
        id: SessionId,
        now: Timestamp,
    ) -> Option<SessionRecord> {
        load_through(cache, (id, now), async || Ok(self.read(id, now))).await.unwrap()
    }

    pub(crate) async fn end(&self, cache: &RedisSessionCache, id: SessionId) -> Result<(), StoreError> {
        cache.closing(&[id]).await?;
        self.remove(id);
        cache.closed(&[id]).await
    }
}
