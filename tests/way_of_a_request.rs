//! The way of one request, step by step, on memory, on SQLite and on PostgreSQL: after each step the rows and the audit
//! events that it left are looked at, and nothing else may have been left. In a database the tables themselves are read, by
//! SQL.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;
#[cfg(test)]
#[path = "way_of_a_request/tables.rs"]
mod tables;
#[cfg(test)]
#[path = "way_of_a_request/walk.rs"]
mod walk;

use towergate::{identity, oauth, sqlite::SqliteStore};
use towergate_postgres::PostgresStore;
use towergate_test_servers::postgres::PostgresServer;

#[tokio::test]
async fn the_five_steps_leave_what_they_should_in_memory() {
    let people = identity::ports::memory::MemoryStore::new();
    let grants = oauth::ports::memory::MemoryStore::new();
    walk::the_whole_way(people, grants, tables::Tables::none()).await;
}

#[tokio::test]
async fn the_five_steps_leave_what_they_should_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("towergate.db");
    let store = SqliteStore::open(&file).unwrap();
    walk::the_whole_way(store.clone(), store, tables::Tables::of(&file)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_steps_leave_what_they_should_in_postgres() {
    let database = PostgresServer::shared().database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    walk::the_whole_way(store.clone(), store, tables::Tables::of_postgres(database)).await;
}
