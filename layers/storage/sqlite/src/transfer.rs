//! The rows of a database, table by table, for a move to another store.
//!
//! What tables and columns there are is read from the database itself, so that none is forgotten.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter, types::ValueRef};
use towergate_core::{
    Timestamp,
    transfer::{Row, Table, Value},
};

use crate::{migrations, open_error::OpenError, options::DEFAULT_PATIENCE};

/// Rows are handed out until they hold so many bytes.
const BYTES: usize = 4 << 20;

/// A database that nobody else has open, to be read from the beginning to the end.
#[derive(Debug)]
pub struct Source {
    connection: Connection,
}

/// Why a database could not be read for a move.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is no such file.
    #[error("there is no database {}", .0.display())]
    Missing(PathBuf),
    /// Somebody has it open.
    #[error(
        "{} is in use: stop every host and every other program that has it open, and try again", .0.display()
    )]
    InUse(PathBuf),
    /// Its schema is not the one that this program knows.
    #[error(transparent)]
    Schema(#[from] OpenError),
    /// A table has no primary key, or a name that no migration gives.
    #[error("the table {0} cannot be moved: it is not one that a migration made")]
    Table(String),
    /// A text that is none.
    #[error("{row}: column {column} holds a text that is not UTF-8; mend the row, or delete it")]
    Text {
        /// The row.
        row: String,
        /// Its column.
        column: String,
    },
    /// SQLite could not read it.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl Source {
    /// Opens the database file at `path`, and keeps everybody else out of it for as long as this lives.
    ///
    /// # Errors
    /// When it is not there, somebody has it open, or its schema is not the one that this program knows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SourceError> {
        let path = path.as_ref();
        if !path.is_file() {
            return Err(SourceError::Missing(path.to_owned()));
        }
        let source = Self::lock(path).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SourceError::InUse(path.to_owned()),
            Some(ErrorCode::NotADatabase) => OpenError::NotADatabase(path.to_owned()).into(),
            _ => error.into(),
        })?;
        migrations::bring_up_to_date(&source.connection, false, Timestamp::from_unix_millis(0))?;
        Ok(source)
    }

    /// With a write-ahead log every connection holds a lock for as long as it is open: where the first access asks for all of
    /// it, a host that only stands there is seen too.
    fn lock(path: &Path) -> rusqlite::Result<Self> {
        let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, access)?;
        connection.busy_timeout(DEFAULT_PATIENCE)?;
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF",
        )?;
        Ok(Self { connection })
    }

    /// The tables of the house, but for the book of its migrations.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn tables(&self) -> Result<Vec<Table>, SourceError> {
        let names = self.names(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'towergate\\_%' ESCAPE '\\'
                AND name <> 'towergate_migrations' ORDER BY name",
        )?;
        names.into_iter().map(|name| self.table(name)).collect()
    }

    /// Tables that are the host's own, or SQLite's.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn other_tables(&self) -> Result<Vec<String>, SourceError> {
        self.names(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'towergate\\_%' ESCAPE '\\'
                AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn count(&self, table: &Table) -> Result<u64, SourceError> {
        let sql = format!("SELECT count(*) FROM {}", table.name);
        let count: i64 = self.connection.query_row(&sql, [], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The next rows after the one with the key `after`, or the first, in the order of their keys: at most `most`, fewer
    /// where they are long. There are no more when there is none.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn rows(&self, table: &Table, after: Option<&[Value]>, most: u32) -> Result<Vec<Row>, SourceError> {
        let after = after.unwrap_or_default();
        let mut statement = self.connection.prepare_cached(&select(table, !after.is_empty(), most))?;
        let mut found = statement.query(params_from_iter(after.iter().map(bound)))?;
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while bytes < BYTES
            && let Some(row) = found.next()?
        {
            let mut values = Row::with_capacity(table.columns.len());
            for (at, column) in table.columns.iter().enumerate() {
                match read(row.get_ref(at)?) {
                    Some(value) => values.push(value),
                    None => {
                        return Err(SourceError::Text { row: table.row(&values), column: column.clone() });
                    }
                }
            }
            bytes += values.iter().map(size).sum::<usize>();
            rows.push(values);
        }
        Ok(rows)
    }

    /// The greatest number that an event of the log ever had, also one that was forgotten.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last_event(&self) -> Result<i64, SourceError> {
        let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'towergate_audit_events'";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn names(&self, sql: &str) -> Result<Vec<String>, SourceError> {
        let mut statement = self.connection.prepare(sql)?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    fn table(&self, name: String) -> Result<Table, SourceError> {
        let mut statement = self
            .connection
            .prepare("SELECT name, pk > 0 FROM pragma_table_info(?1) ORDER BY pk = 0, pk, cid")?;
        let columns = statement.query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let columns = columns.collect::<Result<Vec<(String, bool)>, _>>()?;
        let key = columns.iter().filter(|(_, is_key)| *is_key).count();
        // Names stand in statements.
        let plain = |name: &str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if key == 0 || !plain(&name) || !columns.iter().all(|(column, _)| plain(column)) {
            return Err(SourceError::Table(name));
        }
        Ok(Table { name, columns: columns.into_iter().map(|(column, _)| column).collect(), key })
    }
}

fn select(table: &Table, after: bool, most: u32) -> String {
    let Table { name, columns, .. } = table;
    let key = table.columns.iter().take(table.key).map(String::as_str).collect::<Vec<_>>().join(", ");
    let marks = vec!["?"; table.key].join(", ");
    let columns = columns.join(", ");
    let from = if after { format!("WHERE ({key}) > ({marks})") } else { String::new() };
    format!("SELECT {columns} FROM {name} {from} ORDER BY {key} LIMIT {most}")
}

fn bound(value: &Value) -> rusqlite::types::Value {
    match value.clone() {
        Value::Null => rusqlite::types::Value::Null,
        Value::Integer(number) => rusqlite::types::Value::Integer(number),
        Value::Text(text) => rusqlite::types::Value::Text(text),
        Value::Bytes(bytes) => rusqlite::types::Value::Blob(bytes),
    }
}

/// No table has a column of fractions.
fn read(value: ValueRef<'_>) -> Option<Value> {
    Some(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(_) => return None,
        ValueRef::Text(text) => Value::Text(std::str::from_utf8(text).ok()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Integer(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}
