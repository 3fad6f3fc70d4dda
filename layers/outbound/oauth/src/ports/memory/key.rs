//! Signing keys in memory, sealed all the same.

use towergate_core::{StoreError, audit::Origin};

use super::{MemoryStore, already_there};
use crate::{
    ports::key::{Adding, KeyStore, Moving},
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

#[derive(Default)]
pub(super) struct Keys(Vec<KeyRecord>);

impl KeyStore for MemoryStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.step(|state| {
            let mut keys: Vec<_> =
                state.keys.0.iter().filter(|key| key.state != KeyState::Retired).cloned().collect();
            keys.sort_by(|a, b| (a.created_at, &a.kid).cmp(&(b.created_at, &b.kid)));
            Ok(keys)
        })
    }

    async fn add_key(&self, key: KeyRecord, origin: Origin) -> Result<Adding, StoreError> {
        self.step(|state| {
            let keys = &mut state.keys.0;
            if keys.iter().any(|there| there.algorithm == key.algorithm && there.state == key.state) {
                return Ok(Adding::AlreadyThere);
            }
            if keys.iter().any(|there| there.kid == key.kid) {
                return Err(already_there("key", &key.kid));
            }
            state.log.write(&moved(&key), &origin);
            keys.push(key);
            Ok(Adding::Added)
        })
    }

    async fn move_key(&self, kid: String, to: KeyState, origin: Origin) -> Result<Moving, StoreError> {
        self.step(|state| {
            let Some(key) = state.keys.0.iter_mut().find(|key| key.kid == kid && key.state < to) else {
                return Ok(Moving::Unmoved);
            };
            key.state = to;
            state.log.write(&moved(key), &origin);
            Ok(Moving::Moved)
        })
    }
}

fn moved(key: &KeyRecord) -> OAuthFact {
    OAuthFact::KeyMoved { kid: key.kid.clone(), state: key.state.as_str() }
}
