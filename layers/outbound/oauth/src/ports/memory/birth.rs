//! Births in memory.

use std::time::Duration;

use towergate_core::{Digest, StoreError, Timestamp};

use super::MemoryStore;
use crate::{
    ports::birth::Births,
    rules::birth::{Trust, meet},
};

impl Births for MemoryStore {
    async fn meet_birth(&self, birth: Digest, now: Timestamp, doubt: Duration) -> Result<Trust, StoreError> {
        self.step(|state| {
            let (trust, known) = meet(state.births.take(), &birth, now, doubt);
            state.births = Some(known);
            Ok(trust)
        })
    }
}
