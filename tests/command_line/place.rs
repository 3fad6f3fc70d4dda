//! Databases that the program is run on, and their stores beside it.

use std::sync::LazyLock;

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use towergate::{
    core::{
        Clock, Timestamp,
        audit::Origin,
        system::{OsRandom, SystemClock},
    },
    postgres::PostgresStore,
    sqlite::SqliteStore,
};
use towergate_test_servers::postgres::{Database, PostgresServer};

/// A database that goes with this.
pub(crate) struct Place<S, K> {
    pub(crate) store: S,
    /// As it is given to the program.
    pub(crate) database: String,
    kept: K,
}

impl<S> Place<S, Database<'static>> {
    /// Changes it behind the back of its store.
    pub(crate) fn ask(&self, sql: &str) {
        self.kept.ask(&format!("SET search_path TO towergate; {sql}"));
    }
}

pub(crate) fn sqlite() -> Place<SqliteStore, TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("house.db");
    let store = SqliteStore::open(&file).unwrap();
    Place { store, database: file.to_str().unwrap().to_owned(), kept: folder }
}

pub(crate) fn postgres() -> Place<PostgresStore, Database<'static>> {
    let database = PostgresServer::shared().database();
    let url = database.url();
    Place { store: run(PostgresStore::connect(&url)).unwrap(), database: url, kept: database }
}

/// Connections stay with the runtime that they were made in: all tests share one.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());
    RUNTIME.block_on(work)
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn origin() -> Origin {
    Origin::detached(now(), &OsRandom::new()).unwrap()
}
