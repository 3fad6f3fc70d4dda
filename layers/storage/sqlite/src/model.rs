//! The store keeps to the models of the ports.

use rusqlite::Connection;
use towergate_core::{
    StoreError, Timestamp,
    contract::{Cleans, block_on},
};

use crate::store::SqliteStore;

/// How many sequences of each kind: few enough for any run of the tests.
const CASES: u32 = 40;

impl Cleans for SqliteStore {
    async fn clean(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.cleanup(now).await.map(|_| true)
    }
}

/// One database, emptied each time.
fn room() -> impl FnMut() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    move || {
        block_on(store.write(|step| {
            wipe(step.connection).unwrap();
            Ok(())
        }))
        .unwrap();
        store.clone()
    }
}

/// All rows but the names of the migrations go.
fn wipe(connection: &Connection) -> rusqlite::Result<()> {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'towergate_%'
        AND name <> 'towergate_migrations'";
    let mut tables = connection.prepare(tables)?;
    let tables: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let deletions: String = tables.iter().map(|table| format!("DELETE FROM {table};")).collect();
    connection.execute_batch(&format!("PRAGMA defer_foreign_keys = ON; {deletions}"))
}

towergate_identity::identity_store_model!(cases: crate::model::CASES, room: crate::model::room);

towergate_oauth::oauth_store_model!(cases: crate::model::CASES, room: crate::model::room);
