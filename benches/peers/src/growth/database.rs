//! The two databases from the inside.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use sqlx::{AssertSqlSafe, PgPool, Row};
use tokio::runtime::Runtime;
use towergate::{postgres::PostgresStore, sqlite::SqliteStore};
use towergate_test_servers::postgres::PostgresServer;

use super::fill::Database;

/// A file.
pub(super) struct Sqlite {
    connection: Connection,
    path: PathBuf,
}

impl Sqlite {
    pub(super) fn new(folder: &Path) -> (Self, SqliteStore) {
        let path = folder.join("growth.db");
        let store = SqliteStore::open(&path).expect("a database");
        let connection = Connection::open(&path).expect("a database");
        connection.busy_timeout(std::time::Duration::from_secs(60)).expect("patience");
        // What is filled in here need not survive a fall of the machine.
        connection
            .execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")
            .expect("a setting");
        (Self { connection, path }, store)
    }
}

impl Database for Sqlite {
    fn runtime(&self) -> Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    }

    fn run(&mut self, statements: &str) {
        self.connection.execute_batch(statements).unwrap_or_else(|error| panic!("{error}: {statements}"));
    }

    fn columns(&mut self, table: &str) -> Vec<String> {
        let mut asked = self.connection.prepare("SELECT name FROM pragma_table_info(?)").expect("a question");
        let found = asked.query_map([table], |row| row.get(0)).expect("columns");
        found.collect::<Result<_, _>>().expect("columns")
    }

    fn size(&mut self, _: &str) -> u64 {
        let ask = |pragma: &str| {
            self.connection.query_row(pragma, [], |row| row.get::<_, i64>(0)).expect("a figure")
        };
        u64::try_from(ask("PRAGMA page_count") * ask("PRAGMA page_size")).unwrap_or_default()
    }

    fn digits(&self, number: &str, digits: u8) -> String {
        format!("printf('%0{digits}x', {number})")
    }

    fn identifier(&self, hexadecimal: &str) -> String {
        format!("unhex({hexadecimal})")
    }

    fn text(&self, hexadecimal: &str) -> String {
        let parts = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)];
        parts.map(|(start, length)| format!("substr({hexadecimal}, {start}, {length})")).join(" || '-' || ")
    }

    fn literal(&self, id: &[u8; 16]) -> String {
        format!("unhex('{}')", id.map(|byte| format!("{byte:02x}")).concat())
    }

    fn numbers(&self, from: u64, to: u64) -> (String, String) {
        let last = to - 1;
        let with = format!(
            "WITH RECURSIVE numbers (i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM numbers WHERE i < {last})"
        );
        (with, String::from("numbers"))
    }

    fn settle(&mut self) {
        let asked = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        asked.unwrap_or_else(|error| panic!("{error}: {}", self.path.display()));
    }
}

/// A server of this program's own.
pub(super) struct Postgres {
    // Stopped when this ends.
    _server: &'static PostgresServer,
    runtime: Runtime,
    pool: PgPool,
}

impl Postgres {
    pub(super) fn new() -> (Self, PostgresStore) {
        let server = PostgresServer::shared();
        let url = Box::leak(Box::new(server.database())).url();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (store, pool) = runtime.block_on(async {
            let store = PostgresStore::connect(&url).await.expect("a database");
            (store, PgPool::connect(&url).await.expect("a database"))
        });
        (Self { _server: server, runtime, pool }, store)
    }
}

impl Database for Postgres {
    fn runtime(&self) -> Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
    }

    fn run(&mut self, statements: &str) {
        let whole = format!("SET search_path = towergate; SET synchronous_commit = off; {statements}");
        let done = self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(whole)).execute(&self.pool));
        done.unwrap_or_else(|error| panic!("{error}: {statements}"));
    }

    fn columns(&mut self, table: &str) -> Vec<String> {
        let asked = sqlx::query(
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'towergate' AND table_name = $1
             ORDER BY ordinal_position",
        )
        .bind(table.to_owned());
        let rows = self.runtime.block_on(asked.fetch_all(&self.pool)).expect("columns");
        rows.iter().map(|row| row.get(0)).collect()
    }

    fn size(&mut self, table: &str) -> u64 {
        let asked = sqlx::query("SELECT pg_total_relation_size(('towergate.' || $1)::regclass)")
            .bind(table.to_owned());
        let row = self.runtime.block_on(asked.fetch_one(&self.pool)).expect("a figure");
        u64::try_from(row.get::<i64, _>(0)).unwrap_or_default()
    }

    fn digits(&self, number: &str, digits: u8) -> String {
        format!("lpad(to_hex({number}), {digits}, '0')")
    }

    fn identifier(&self, hexadecimal: &str) -> String {
        format!("{hexadecimal}::uuid")
    }

    fn text(&self, hexadecimal: &str) -> String {
        format!("{hexadecimal}::uuid::text")
    }

    fn literal(&self, id: &[u8; 16]) -> String {
        format!("'{}'::uuid", id.map(|byte| format!("{byte:02x}")).concat())
    }

    fn numbers(&self, from: u64, to: u64) -> (String, String) {
        (String::new(), format!("generate_series({from}::bigint, {}::bigint) AS numbers (i)", to - 1))
    }

    fn settle(&mut self) {
        self.run("ANALYZE; CHECKPOINT");
    }
}
