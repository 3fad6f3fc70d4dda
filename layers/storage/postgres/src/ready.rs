//! Whether the database answers, takes changes, and is as this program knows it.

use towergate_core::{
    StoreError,
    ready::{Missing, Ready},
};

use crate::{migrations, params::params, store::PostgresStore};

/// A server that only follows another answers, but takes no changes.
const APPLIED: &str =
    "SELECT number, pg_is_in_recovery() AS follows FROM towergate_migrations ORDER BY number";

impl Ready for PostgresStore {
    async fn missing(&self) -> Vec<Missing> {
        let applied = self.all(APPLIED, params![], |fields| {
            fields.table("towergate_migrations");
            Ok((fields.get::<i64>("number")?, fields.get::<bool>("follows")?))
        });
        match applied.await {
            Ok(rows) => {
                let follows = rows.iter().any(|(_, follows)| *follows);
                let applied: Vec<_> = rows.into_iter().map(|(number, _)| number).collect();
                let changes = follows.then_some(Missing::Changes);
                let migrations = (!migrations::are_among(&applied)).then_some(Missing::Migrations);
                changes.into_iter().chain(migrations).collect()
            }
            Err(error) => {
                tracing::warn!(%error, "the PostgreSQL store is not ready");
                // It answers, but has no such table.
                vec![match error {
                    StoreError::Refused(_) => Missing::Migrations,
                    _ => Missing::Answer,
                }]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use towergate_test_servers::postgres::PostgresServer;

    use super::*;

    #[tokio::test]
    async fn a_store_is_ready_until_its_server_is_gone_and_when_it_is_back() {
        let server = PostgresServer::private();
        let database = server.database();
        let options = PostgresStore::options().acquire_timeout(Duration::from_secs(2));
        let store = options.connect(&database.url()).await.unwrap();
        assert_eq!(store.missing().await, []);
        server.kill();
        assert_eq!(store.missing().await, [Missing::Answer]);
        server.start();
        assert_eq!(store.missing().await, []);
    }

    #[tokio::test]
    async fn migrations_that_are_not_applied_are_missing_and_those_of_a_newer_program_are_not() {
        let database = PostgresServer::shared().database();
        let store = PostgresStore::connect(&database.url()).await.unwrap();
        let newer = "INSERT INTO towergate.towergate_migrations VALUES (10000, 'newer', decode(repeat('00', 32), 'hex'), 0)";
        database.ask(newer);
        assert_eq!(store.missing().await, []);
        database.ask("DELETE FROM towergate.towergate_migrations WHERE number = 1");
        assert_eq!(store.missing().await, [Missing::Migrations]);
        database.ask("DROP SCHEMA towergate CASCADE");
        assert_eq!(store.missing().await, [Missing::Migrations]);
    }
}
