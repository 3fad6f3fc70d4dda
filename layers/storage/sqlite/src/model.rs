//! The store keeps to the models of the ports.

use towergate_core::{StoreError, Timestamp, contract::Cleans};

use crate::store::SqliteStore;

/// How many sequences of each kind: few enough for any run of the tests.
const CASES: u32 = 40;

fn room() -> impl FnMut() -> SqliteStore {
    || SqliteStore::in_memory().unwrap()
}

impl Cleans for SqliteStore {
    async fn clean(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.cleanup(now).await.map(|_| true)
    }
}

towergate_identity::identity_store_model!(cases: crate::model::CASES, room: crate::model::room);

towergate_oauth::oauth_store_model!(cases: crate::model::CASES, room: crate::model::room);
