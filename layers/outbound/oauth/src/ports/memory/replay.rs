//! What was shown once, in memory.

use std::collections::{BTreeMap, BTreeSet};

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::MemoryStore;
use crate::{
    ports::replay::{Remembering, ReplayStore},
    rules::single_use::{SingleUse, SingleUseKind},
};

type Key = (SingleUseKind, [u8; 32]);

#[derive(Default)]
pub(super) struct Seen {
    until: BTreeMap<Key, Timestamp>,
    by_end: BTreeSet<(Timestamp, Key)>,
}

impl ReplayStore for MemoryStore {
    async fn remember_once(&self, once: SingleUse, origin: Origin) -> Result<Remembering, StoreError> {
        self.step(|state| {
            state.seen.forget(origin.at);
            let key = (once.kind, *once.digest.as_bytes());
            if state.seen.until.contains_key(&key) {
                return Ok(Remembering::Seen);
            }
            state.seen.until.insert(key, once.until);
            state.seen.by_end.insert((once.until, key));
            Ok(Remembering::First)
        })
    }
}

impl Seen {
    fn forget(&mut self, now: Timestamp) {
        while let Some((until, key)) = self.by_end.first().copied().filter(|(until, _)| *until <= now) {
            self.by_end.remove(&(until, key));
            self.until.remove(&key);
        }
    }
}
