//! A connection while a step or a read has it: what is left open on it never comes back into the pool.

use std::ops::{Deref, DerefMut};

use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Postgres, pool::PoolConnection};

use crate::failure::Failure;

/// A connection of the pool.
///
/// While a transaction is open, dropping it (a step that panicked, a read that nobody waits for any more) closes the
/// connection, and the server rolls back.
#[derive(Debug)]
pub(crate) struct Lease {
    connection: PoolConnection<Postgres>,
    open: bool,
}

impl Lease {
    pub(crate) async fn of(pool: &PgPool) -> Result<Self, Failure> {
        Ok(Self { connection: pool.acquire().await?, open: false })
    }

    /// Opens a transaction by `begin`, which may set more on its way.
    pub(crate) async fn begin(&mut self, begin: &str) -> Result<(), Failure> {
        self.open = true;
        self.run(begin).await
    }

    /// Keeps what was done. Fails, as `COMMIT` alone would not, when a statement of the transaction had failed.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        let committed = self.run("SELECT 1; COMMIT").await;
        match &committed {
            Ok(()) => self.open = false,
            // PostgreSQL said no: the connection is as good as before.
            Err(failure) if !failure.lost_the_connection() => self.roll_back().await,
            Err(_) => {}
        }
        committed
    }

    /// Undoes what was done. Where that cannot be said, the connection is closed with this, and the server does it.
    pub(crate) async fn roll_back(&mut self) {
        if self.open {
            self.open = self.run("ROLLBACK").await.is_err();
        }
    }

    /// Never gives this connection back.
    pub(crate) fn give_up(&mut self) {
        self.open = true;
    }

    async fn run(&mut self, sql: &str) -> Result<(), Failure> {
        (*self.connection).execute(AssertSqlSafe(sql)).await?;
        Ok(())
    }
}

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.open {
            self.connection.close_on_drop();
        }
    }
}
