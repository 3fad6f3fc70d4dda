//! What the server publishes of itself, prepared when the key ring changes and not before.

use std::sync::{Arc, PoisonError, RwLock};

use towergate_endpoint::Document;

use super::{discovery, jwks};
use crate::{
    config::ServerConfig,
    key_ring::{KeyRing, Snapshot},
};

/// The documents, always those of the ring as it is.
pub(super) struct Documents(RwLock<Arc<Prepared>>);

pub(super) struct Prepared {
    keys: Arc<Snapshot>,
    pub(super) metadata: Document,
    pub(super) jwks: Document,
}

impl Documents {
    pub(super) fn new(config: &ServerConfig, keys: &KeyRing) -> Self {
        Self(RwLock::new(Arc::new(Prepared::of(config, keys, keys.snapshot()))))
    }

    pub(super) fn current(&self, config: &ServerConfig, keys: &KeyRing) -> Arc<Prepared> {
        let prepared = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let snapshot = keys.snapshot();
        if Arc::ptr_eq(&prepared.keys, &snapshot) {
            return prepared;
        }
        let prepared = Arc::new(Prepared::of(config, keys, snapshot));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&prepared);
        prepared
    }
}

impl Prepared {
    fn of(config: &ServerConfig, ring: &KeyRing, keys: Arc<Snapshot>) -> Self {
        let cache_for = ring.policy().cache_for;
        let metadata = discovery::document(config, &keys, cache_for);
        let jwks = jwks::document(&keys, cache_for);
        Self { keys, metadata, jwks }
    }
}
