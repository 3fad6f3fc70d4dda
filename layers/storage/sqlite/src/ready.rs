//! Whether the database answers, takes changes, and is as this program knows it.

use towergate_core::ready::{Missing, Ready};

use crate::{migrations, query, store::SqliteStore};

impl Ready for SqliteStore {
    /// Asks the writer, in a step of its own that changes nothing: so it is known that the thread lives, that the file is in
    /// its place, and that nobody else holds its lock for good.
    async fn missing(&self) -> Vec<Missing> {
        let applied = self.write(|step| {
            query::all(step.connection, migrations::APPLIED, [], |fields| {
                fields.table("towergate_migrations");
                fields.get::<i64>("number")
            })
        });
        match applied.await {
            Ok(applied) if migrations::are_among(&applied) => Vec::new(),
            Ok(_) => vec![Missing::Migrations],
            Err(error) => {
                tracing::warn!(%error, "the SQLite store is not ready");
                vec![Missing::Answer]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;

    #[tokio::test]
    async fn a_store_is_ready_until_its_file_is_gone_and_when_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let [here, away] = ["towergate.db", "elsewhere.db"].map(|name| folder.path().join(name));
        let store = SqliteStore::open(&here).unwrap();
        assert_eq!(store.missing().await, []);
        fs::rename(&here, &away).unwrap();
        assert_eq!(store.missing().await, [Missing::Answer]);
        fs::rename(&away, &here).unwrap();
        assert_eq!(store.missing().await, []);
    }

    #[tokio::test]
    async fn a_store_whose_lock_somebody_else_keeps_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("towergate.db");
        let store = SqliteStore::options().busy_timeout(Duration::from_millis(20)).open(&path).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert_eq!(store.missing().await, [Missing::Answer]);
        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(store.missing().await, []);
    }

    #[tokio::test]
    async fn a_migration_that_is_not_applied_is_missing_and_one_of_a_newer_program_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("towergate.db");
        let store = SqliteStore::open(&path).unwrap();
        let other = rusqlite::Connection::open(&path).unwrap();
        let newer = "INSERT INTO towergate_migrations VALUES (10000, 'newer', zeroblob(32), 0)";
        other.execute(newer, []).unwrap();
        assert_eq!(store.missing().await, []);
        other.execute("DELETE FROM towergate_migrations WHERE number = 1", []).unwrap();
        assert_eq!(store.missing().await, [Missing::Migrations]);
    }
}
