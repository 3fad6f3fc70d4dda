//! Where it is counted how often an address asks: where everything else is kept, or in the Redis beside it.

use towergate::{
    core::{StoreError, Timestamp},
    postgres::PostgresStore,
    rate_limit::{Bucket, MemoryStore, RateStore, Taking},
    redis::RedisStore,
    sqlite::SqliteStore,
};

/// Counts in memory or in the database.
#[derive(Debug, Clone)]
pub enum Counts {
    /// Until the program ends.
    Memory(MemoryStore),
    /// With everything else.
    Sqlite(SqliteStore),
    /// With everything else, for all instances together.
    Postgres(PostgresStore),
    /// Beside everything else, for all instances together.
    Redis(RedisStore),
}

impl RateStore for Counts {
    async fn take(&self, buckets: Vec<Bucket>, now: Timestamp) -> Result<Taking, StoreError> {
        match self {
            Self::Memory(store) => store.take(buckets, now).await,
            Self::Sqlite(store) => store.take(buckets, now).await,
            Self::Postgres(store) => store.take(buckets, now).await,
            Self::Redis(store) => store.take(buckets, now).await,
        }
    }
}
