//! The rows of another store, written into a fresh database table by table, so that it can stop and go on anywhere.
//!
//! What is there already is kept beside the rows, in a table of its own and in the same transactions. A database of which
//! a copy has not come to its end is opened by nothing but this.

mod error;
mod plan;
mod rows;

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use towergate_core::{
    Timestamp,
    transfer::{Row, Table, Tally, Value, decode, encode},
};

pub use self::error::TargetError;
use self::plan::Shape;
use crate::{
    fields::Fields,
    migrations,
    options::{PostgresOptions, address},
    params::params,
    query,
};

/// One copy at a time, for as long as its connection lives.
const ALONE: &str = "SELECT pg_advisory_lock(hashtextextended('towergate copy ' || current_schema(), 0))";

const FIND: &str =
    "SELECT copied, last_key, digest, complete, verified_at FROM towergate_copied WHERE name = $1";

const NAMES: &str = "SELECT name FROM towergate_copied ORDER BY name";

const BEGIN: &str = "INSERT INTO towergate_copied (name, copied, last_key, digest, complete)
    VALUES ($1, 0, '', $2, false)";

const ADVANCE: &str = "UPDATE towergate_copied SET copied = $3, last_key = $4, digest = $5, complete = $6
    WHERE name = $1 AND copied = $2 AND NOT complete";

const FINISH: &str = "UPDATE towergate_copied SET verified_at = $1 WHERE complete";

/// No number is given twice.
const NUMBERS: &str = "SELECT setval('towergate_audit_events_numbers',
    greatest($1, (SELECT last_value FROM towergate_audit_events_numbers)))";

/// A database that a copy is written into.
#[derive(Debug)]
pub struct Target {
    connection: PgConnection,
    shapes: Vec<Shape>,
    /// In the order in which they can be filled.
    tables: Vec<Table>,
}

/// How far a table has come.
#[derive(Debug, Clone)]
pub struct Copied {
    /// The rows that are there.
    pub tally: Tally,
    /// The key of the last of them.
    pub last: Option<Vec<Value>>,
    /// Whether it was the last of all.
    pub complete: bool,
    /// When the copy was found to be the same as its source.
    pub verified_at: Option<Timestamp>,
}

impl Target {
    /// Opens the database at `url` for a copy of these tables, and makes its schema where there is none.
    ///
    /// # Errors
    /// When it cannot be reached, has another schema than this program, or lacks a counterpart of a table or a column.
    pub async fn open(options: &PostgresOptions, url: &str, tables: &[Table]) -> Result<Self, TargetError> {
        options.check_schema()?;
        let schema = &options.schema;
        let mut connection = PgConnection::connect_with(&address(url)?).await?;
        // Whole tables are read, and whoever else is at work here is waited for, but not for ever. What the server loses of the
        // last rows, it loses together with how far they came.
        let settings = format!(
            "SET search_path TO \"{schema}\", pg_temp; SET statement_timeout = 0; SET lock_timeout = '20s';
             SET idle_in_transaction_session_timeout = '60s'; SET synchronous_commit = off"
        );
        connection.execute(AssertSqlSafe(settings)).await?;
        let make = !migrations::have_begun(&mut connection, schema).await?;
        migrations::bring_up_to_date(&mut connection, schema, make, options.clock.now()).await?;
        if let Err(error) = connection.execute(ALONE).await {
            return Err(TargetError::Busy(error));
        }
        let shapes = plan::shapes(&mut connection).await?;
        let tables = plan::order(&mut connection, plan::checked(&shapes, tables)?).await?;
        Ok(Self { connection, shapes, tables })
    }

    /// The tables, in the order in which they can be filled.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Begins a copy, or goes on with one.
    ///
    /// # Errors
    /// When there are rows that no copy has written, or a copy of other tables.
    pub async fn begin(&mut self) -> Result<(), TargetError> {
        let mut begun =
            query::all(&mut self.connection, NAMES, params![], |fields| fields.get::<String>("name")).await?;
        if !begun.is_empty() {
            let mut names: Vec<_> = self.tables.iter().map(|table| table.name.clone()).collect();
            names.sort_unstable();
            begun.sort_unstable();
            return if begun == names { Ok(()) } else { Err(TargetError::OtherCopy) };
        }
        let filled = self.filled().await?;
        if !filled.is_empty() {
            return Err(TargetError::NotEmpty(filled));
        }
        self.connection.execute("BEGIN").await?;
        for table in &self.tables {
            let nothing = Tally::of(&table.name);
            query::change(&mut self.connection, BEGIN, params![&table.name, nothing.digest()]).await?;
        }
        self.connection.execute("COMMIT").await?;
        Ok(())
    }

    /// Forgets a copy that did not come to its end, with all its rows.
    ///
    /// # Errors
    /// When there is none, or it did.
    pub async fn start_over(&mut self) -> Result<(), TargetError> {
        let open = "SELECT 1 FROM towergate_copied WHERE verified_at IS NULL LIMIT 1";
        if !query::exists(&mut self.connection, open, params![]).await? {
            return Err(TargetError::NothingToForget);
        }
        let names: Vec<_> = self.tables.iter().map(|table| table.name.as_str()).collect();
        let sql = format!("BEGIN; TRUNCATE towergate_copied, {}; COMMIT", names.join(", "));
        self.connection.execute(AssertSqlSafe(sql)).await?;
        Ok(())
    }

    /// How far a table has come.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn copied(&mut self, table: &Table) -> Result<Copied, TargetError> {
        let found = query::one(&mut self.connection, FIND, params![&table.name], |fields| {
            fields.table("towergate_copied");
            let rows: u64 = fields.count("copied")?;
            let last: Vec<u8> = fields.get("last_key")?;
            let tally = Tally::kept(rows, fields.digest("digest")?);
            let last = decode(&last).ok_or_else(|| fields.unreadable("last_key"))?;
            Ok(Copied {
                tally,
                last: Some(last).filter(|last| !last.is_empty()),
                complete: fields.get("complete")?,
                verified_at: fields.optional_time("verified_at")?,
            })
        });
        found.await?.ok_or(TargetError::OtherCopy)
    }

    /// Writes the next rows of a table, and how far it has come with them, at once or not at all. No rows: there are no more.
    ///
    /// # Errors
    /// When PostgreSQL does not take one of them, or somebody else copies too.
    pub async fn write(
        &mut self,
        table: &Table,
        rows: &[Row],
        so_far: &Copied,
    ) -> Result<Copied, TargetError> {
        let mut tally = so_far.tally.clone();
        rows.iter().for_each(|row| tally.add(row));
        let last = rows.last().map(|row| table.key_of(row).to_vec()).or_else(|| so_far.last.clone());
        let now = Copied { tally, last, complete: rows.is_empty(), verified_at: None };
        let insert = rows::Insert::of(table, &self.shapes)?;
        self.connection.execute("BEGIN").await?;
        match self.advance(table, &insert, rows, so_far, &now).await {
            Ok(()) => self.connection.execute("COMMIT").await.map(|_| now).map_err(Into::into),
            Err(error) => {
                let _ = self.connection.execute("ROLLBACK").await;
                Err(self.blame(table, &insert, rows, error).await)
            }
        }
    }

    /// The next rows after the one with the key `after`, or the first, in the order of their keys.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn rows(
        &mut self,
        table: &Table,
        after: Option<&[Value]>,
        most: u32,
    ) -> Result<Vec<Row>, TargetError> {
        rows::read(&mut self.connection, table, &self.shapes, after, most).await
    }

    /// Ends the copy: from here on this is a database like any other, whose log goes on after the number `last_event`.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub async fn finish(&mut self, last_event: i64, now: Timestamp) -> Result<(), TargetError> {
        self.connection.execute("BEGIN; SET LOCAL synchronous_commit = on").await?;
        query::exists(&mut self.connection, NUMBERS, params![last_event]).await?;
        query::change(&mut self.connection, FINISH, params![now]).await?;
        self.connection.execute("COMMIT").await?;
        for table in &self.tables {
            // How rows lie, so that the first questions are answered well.
            self.connection.execute(AssertSqlSafe(format!("ANALYZE {}", table.name))).await?;
        }
        Ok(())
    }

    async fn filled(&mut self) -> Result<Vec<String>, TargetError> {
        let mut filled = Vec::new();
        for shape in &self.shapes {
            let any = format!("SELECT 1 FROM {} LIMIT 1", shape.table);
            if shape.table != "towergate_migrations"
                && sqlx::query(AssertSqlSafe(any)).fetch_optional(&mut self.connection).await?.is_some()
            {
                filled.push(shape.table.clone());
            }
        }
        Ok(filled)
    }

    async fn advance(
        &mut self,
        table: &Table,
        insert: &rows::Insert,
        rows: &[Row],
        so_far: &Copied,
        now: &Copied,
    ) -> Result<(), TargetError> {
        if !rows.is_empty() {
            insert.run(&mut self.connection, rows).await?;
        }
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        let row = params![
            &table.name,
            count(so_far.tally.rows()),
            count(now.tally.rows()),
            encode(now.last.as_deref().unwrap_or_default()),
            now.tally.digest(),
            now.complete,
        ];
        match query::change(&mut self.connection, ADVANCE, row).await? {
            1 => Ok(()),
            _ => Err(TargetError::OtherCopy),
        }
    }

    /// Finds the row that PostgreSQL did not take, and says why; nothing is kept of the search.
    async fn blame(
        &mut self,
        table: &Table,
        insert: &rows::Insert,
        rows: &[Row],
        error: TargetError,
    ) -> TargetError {
        let TargetError::Postgres(sqlx::Error::Database(_)) = &error else { return error };
        for row in rows {
            if self.connection.execute("BEGIN").await.is_err() {
                break;
            }
            let refused = insert.run(&mut self.connection, std::slice::from_ref(row)).await;
            if self.connection.execute("ROLLBACK").await.is_err() {
                break;
            }
            if let Err(TargetError::Postgres(sqlx::Error::Database(said))) = refused {
                let reason = said.constraint().map_or_else(
                    || said.message().to_owned(),
                    |constraint| format!("it breaks {constraint}"),
                );
                return TargetError::Row { row: table.row(row), reason };
            }
        }
        error
    }
}

impl From<crate::failure::Failure> for TargetError {
    fn from(failure: crate::failure::Failure) -> Self {
        match failure {
            crate::failure::Failure::Sql(error) => Self::Postgres(error),
            crate::failure::Failure::Store(error) => Self::Unreadable(error),
        }
    }
}

/// The columns of one row, as the catalog tells them.
fn text(fields: &mut Fields<'_>, column: &'static str) -> Result<String, crate::failure::Failure> {
    fields.get(column)
}
