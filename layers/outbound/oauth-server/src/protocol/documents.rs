//! What the server publishes of itself, prepared when the key ring changes and not before.

use std::sync::{Arc, PoisonError, RwLock};

use towergate_endpoint::Document;

use super::{discovery, jwks};
use crate::{
    config::ServerConfig,
    key_ring::{KeyRing, Snapshot},
};

/// The documents, always those of the ring as it is.
pub(super) struct Documents {
    speaks_outwards: bool,
    prepared: RwLock<Arc<Prepared>>,
}

pub(super) struct Prepared {
    keys: Arc<Snapshot>,
    pub(super) metadata: Document,
    pub(super) jwks: Document,
}

impl Documents {
    pub(super) fn new(config: &ServerConfig, speaks_outwards: bool, keys: &KeyRing) -> Self {
        let prepared = Prepared::of(config, speaks_outwards, keys, keys.snapshot());
        Self { speaks_outwards, prepared: RwLock::new(Arc::new(prepared)) }
    }

    pub(super) fn current(&self, config: &ServerConfig, keys: &KeyRing) -> Arc<Prepared> {
        let prepared = Arc::clone(&self.prepared.read().unwrap_or_else(PoisonError::into_inner));
        let snapshot = keys.snapshot();
        if Arc::ptr_eq(&prepared.keys, &snapshot) {
            return prepared;
        }
        let prepared = Arc::new(Prepared::of(config, self.speaks_outwards, keys, snapshot));
        *self.prepared.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&prepared);
        prepared
    }
}

impl Prepared {
    fn of(config: &ServerConfig, speaks_outwards: bool, ring: &KeyRing, keys: Arc<Snapshot>) -> Self {
        let cache_for = ring.policy().cache_for;
        let metadata = discovery::document(config, speaks_outwards, &keys, cache_for);
        let jwks = jwks::document(&keys, cache_for);
        Self { keys, metadata, jwks }
    }
}
