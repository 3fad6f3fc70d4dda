//! Reading a row, column by column, so that a row nobody can read says which it is.

use rusqlite::{
    Row,
    types::{FromSql, ValueRef},
};
use towergate_core::{Timestamp, id::Uuid};

use crate::failure::Failure;

/// A row whose columns are read in the order in which they were selected.
///
/// The first column after [`Fields::table`] is taken for the row's key in error messages.
#[derive(Debug)]
pub(crate) struct Fields<'r> {
    row: &'r Row<'r>,
    next: usize,
    key: usize,
    table: &'static str,
}

impl<'r> Fields<'r> {
    pub(crate) const fn of(row: &'r Row<'r>) -> Self {
        Self { row, next: 0, key: 0, table: "" }
    }

    /// From here on, columns belong to `table`.
    pub(crate) const fn table(&mut self, table: &'static str) {
        self.table = table;
        self.key = self.next;
    }

    /// The next column as SQLite holds it.
    pub(crate) fn get<T: FromSql>(&mut self, column: &'static str) -> Result<T, Failure> {
        let value = self.row.get(self.next);
        self.next += 1;
        value.map_err(|error| match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => self.unreadable(column),
            other => Failure::Sql(other),
        })
    }

    /// The next column as text, where SQLite holds it; nothing where it is null.
    fn text(&mut self, column: &'static str) -> Result<Option<&'r str>, Failure> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        value.as_str_or_null().map_err(|_| self.unreadable(column))
    }

    /// The next column through `parse`, which answers `None` for what the house never writes.
    pub(crate) fn parse<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        let read = self.text(column)?.and_then(parse);
        read.ok_or_else(|| self.unreadable(column))
    }

    /// The next column through `parse`, or nothing where it is null.
    #[cfg(feature = "outbound")]
    pub(crate) fn parse_optional<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.text(column)? else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| self.unreadable(column))
    }

    /// The next column as JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(
        &mut self,
        column: &'static str,
    ) -> Result<T, Failure> {
        self.parse(column, |text| serde_json::from_str(text).ok())
    }

    pub(crate) fn uuid(&mut self, column: &'static str) -> Result<Uuid, Failure> {
        self.get(column).map(Uuid::from_bytes)
    }

    #[cfg(any(feature = "inbound", feature = "outbound"))]
    pub(crate) fn optional_uuid(&mut self, column: &'static str) -> Result<Option<Uuid>, Failure> {
        self.get::<Option<[u8; 16]>>(column).map(|bytes| bytes.map(Uuid::from_bytes))
    }

    #[cfg(any(feature = "inbound", feature = "outbound"))]
    pub(crate) fn digest(&mut self, column: &'static str) -> Result<towergate_core::Digest, Failure> {
        self.get(column).map(towergate_core::Digest::from_stored)
    }

    #[cfg(any(feature = "inbound", feature = "outbound"))]
    pub(crate) fn optional_digest(
        &mut self,
        column: &'static str,
    ) -> Result<Option<towergate_core::Digest>, Failure> {
        self.get::<Option<[u8; 32]>>(column).map(|bytes| bytes.map(towergate_core::Digest::from_stored))
    }

    pub(crate) fn time(&mut self, column: &'static str) -> Result<Timestamp, Failure> {
        self.get(column).map(Timestamp::from_unix_millis)
    }

    #[cfg(any(feature = "inbound", feature = "outbound"))]
    pub(crate) fn optional_time(&mut self, column: &'static str) -> Result<Option<Timestamp>, Failure> {
        self.get::<Option<i64>>(column).map(|millis| millis.map(Timestamp::from_unix_millis))
    }

    /// The next two columns as how much there is in a queue.
    #[cfg(any(feature = "inbound", feature = "outbound"))]
    pub(crate) fn backlog(&mut self) -> Result<towergate_core::outbox::Backlog, Failure> {
        Ok(towergate_core::outbox::Backlog {
            waiting: self.get::<u32>("waiting").map(u64::from)?,
            dead: self.get::<u32>("dead").map(u64::from)?,
        })
    }

    /// The failure that names this row and `column`, and not what stands there.
    pub(crate) fn unreadable(&self, column: &'static str) -> Failure {
        Failure::corrupt(self.table, self.key(), format!("column {column} cannot be read"))
    }

    fn key(&self) -> String {
        match self.row.get_ref(self.key) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Ok(ValueRef::Blob(bytes)) => {
                Uuid::from_slice(bytes).map_or_else(|_| String::from("?"), |id| id.to_string())
            }
            _ => String::from("?"),
        }
    }
}
