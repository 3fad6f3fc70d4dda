//! Signing keys in memory, sealed all the same.

use towergate_core::{StoreError, audit::Origin};

use super::{MemoryStore, already_there};
use crate::{
    ports::key::{Changing, KeyChange, KeyStore},
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

#[derive(Default)]
pub(super) struct Keys(Vec<KeyRecord>);

impl KeyStore for MemoryStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.step(|state| Ok(state.keys.in_use()))
    }

    async fn change_keys(&self, change: KeyChange, origin: Origin) -> Result<Changing, StoreError> {
        self.step(|state| {
            if !change.fits(&state.keys.in_use()) {
                return Ok(Changing::Overtaken);
            }
            let mut keys = state.keys.0.clone();
            let facts = apply(&mut keys, change, &origin)?;
            refuse_twins(&keys)?;
            state.keys.0 = keys;
            for fact in &facts {
                state.log.write(fact, &origin);
            }
            Ok(Changing::Changed)
        })
    }
}

impl Keys {
    fn in_use(&self) -> Vec<KeyRecord> {
        let mut keys: Vec<_> = self.0.iter().filter(|key| key.state != KeyState::Retired).cloned().collect();
        keys.sort_by(|a, b| (a.created_at, &a.kid).cmp(&(b.created_at, &b.kid)));
        keys
    }
}

fn apply(
    keys: &mut Vec<KeyRecord>,
    change: KeyChange,
    origin: &Origin,
) -> Result<Vec<OAuthFact>, StoreError> {
    let mut facts = Vec::new();
    let before = keys.clone();
    let stood_still = |key: &KeyRecord| before.iter().any(|old| old.kid == key.kid && old.state == key.state);
    for (kid, sealed) in change.reseal {
        let key = keys.iter_mut().find(|key| key.kid == kid && key.state.has_private_half());
        let key = key.ok_or_else(|| StoreError::Refused(format!("key {kid:?} has nothing to be sealed")))?;
        key.sealed_private = sealed;
        facts.push(OAuthFact::KeyResealed { kid });
    }
    for (kid, to) in change.moves {
        let key = keys.iter_mut().find(|key| key.kid == kid && key.state < to && stood_still(key));
        let key =
            key.ok_or_else(|| StoreError::Refused(format!("key {kid:?} cannot become {}", to.as_str())))?;
        (key.state, key.since) = (to, origin.at);
        if !to.has_private_half() {
            key.sealed_private = Vec::new();
        }
        facts.push(OAuthFact::KeyMoved { kid, state: to.as_str() });
    }
    for key in change.add {
        if keys.iter().any(|there| there.kid == key.kid) {
            return Err(already_there("key", &key.kid));
        }
        facts.push(OAuthFact::KeyMoved { kid: key.kid.clone(), state: key.state.as_str() });
        keys.push(key);
    }
    Ok(facts)
}

fn refuse_twins(keys: &[KeyRecord]) -> Result<(), StoreError> {
    let before_retiring: Vec<_> = keys.iter().filter(|key| key.state.has_private_half()).collect();
    for key in &before_retiring {
        let place = |key: &KeyRecord| (key.algorithm.clone(), key.state);
        if before_retiring.iter().filter(|twin| place(twin) == place(key)).count() > 1 {
            let (algorithm, state) = (&key.algorithm, key.state.as_str());
            return Err(StoreError::Refused(format!("two {algorithm} keys cannot be {state} at once")));
        }
    }
    Ok(())
}
