//! The database of a host, whichever store it is of.

use std::{error::Error, path::Path};

use towergate::{
    core::{
        StoreError, Timestamp,
        audit::{
            Origin, StoredEvent,
            chain::{Seal, SealSigner, SealStore},
        },
    },
    postgres::PostgresStore,
    sqlite::SqliteStore,
};

/// The store of a database, opened without changing its schema.
pub(crate) enum Place {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Place {
    /// Opens the database: an address of PostgreSQL, or else a file of SQLite.
    pub(crate) async fn open(database: &str) -> Result<Self, Box<dyn Error>> {
        if database.starts_with("postgres://") || database.starts_with("postgresql://") {
            let options = PostgresStore::options().migrate(false).connections(1);
            return Ok(Self::Postgres(options.connect(database).await?));
        }
        if !Path::new(database).is_file() {
            return Err(format!("there is no database {database}").into());
        }
        Ok(Self::Sqlite(SqliteStore::options().migrate(false).open(database)?))
    }
}

macro_rules! either {
    ($self:ident, $store:ident => $answer:expr) => {
        match $self {
            Place::Sqlite($store) => $answer,
            Place::Postgres($store) => $answer,
        }
    };
}

impl SealStore for Place {
    async fn seal_next(
        &self,
        most: u32,
        signer: std::sync::Arc<SealSigner>,
        now: Timestamp,
    ) -> Result<Option<Seal>, StoreError> {
        either!(self, store => store.seal_next(most, signer, now).await)
    }

    async fn seals(&self, after: u32, most: u32) -> Result<Vec<Seal>, StoreError> {
        either!(self, store => store.seals(after, most).await)
    }

    async fn events_after(&self, after: i64, most: u32) -> Result<Vec<StoredEvent>, StoreError> {
        either!(self, store => store.events_after(after, most).await)
    }

    async fn newest_event(&self) -> Result<Option<i64>, StoreError> {
        either!(self, store => store.newest_event().await)
    }

    async fn forget_events(&self, before: Timestamp, origin: Origin) -> Result<u64, StoreError> {
        either!(self, store => store.forget_events(before, origin).await)
    }
}
