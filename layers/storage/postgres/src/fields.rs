//! Reading a row, column by column, so that a row nobody can read says which it is.

use sqlx::{Decode, Error, Postgres, Row, Type, postgres::PgRow};
use towergate_core::{Timestamp, id::Uuid};

use crate::failure::Failure;

/// A row whose columns are read in the order in which they were selected.
///
/// The first column after [`Fields::table`] is taken for the row's key in error messages.
pub(crate) struct Fields<'r> {
    row: &'r PgRow,
    next: usize,
    key: usize,
    table: &'static str,
}

impl<'r> Fields<'r> {
    pub(crate) const fn of(row: &'r PgRow) -> Self {
        Self { row, next: 0, key: 0, table: "" }
    }

    /// From here on, columns belong to `table`.
    pub(crate) const fn table(&mut self, table: &'static str) {
        self.table = table;
        self.key = self.next;
    }

    /// The next column as PostgreSQL holds it.
    pub(crate) fn get<T: Decode<'r, Postgres> + Type<Postgres>>(
        &mut self,
        column: &'static str,
    ) -> Result<T, Failure> {
        let value = self.row.try_get(self.next);
        self.next += 1;
        value.map_err(|error| match error {
            Error::ColumnDecode { .. } | Error::Decode(_) => self.unreadable(column),
            other => Failure::Sql(other),
        })
    }

    /// The next column through `parse`, which answers `None` for what the house never writes.
    pub(crate) fn parse<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Failure> {
        let text: &str = self.get(column)?;
        parse(text).ok_or_else(|| self.unreadable(column))
    }

    /// The next column through `parse`, or nothing where it is null.
    pub(crate) fn parse_optional<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.get::<Option<&str>>(column)? else { return Ok(None) };
        parse(text).map(Some).ok_or_else(|| self.unreadable(column))
    }

    /// The next column as JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(
        &mut self,
        column: &'static str,
    ) -> Result<T, Failure> {
        self.parse(column, |text| serde_json::from_str(text).ok())
    }

    /// The next column as a number that the house never writes below zero.
    pub(crate) fn count<T: TryFrom<i64>>(&mut self, column: &'static str) -> Result<T, Failure> {
        let number: i64 = self.get(column)?;
        T::try_from(number).map_err(|_| self.unreadable(column))
    }

    pub(crate) fn uuid(&mut self, column: &'static str) -> Result<Uuid, Failure> {
        self.get(column)
    }

    pub(crate) fn optional_uuid(&mut self, column: &'static str) -> Result<Option<Uuid>, Failure> {
        self.get(column)
    }

    /// The next column as so many bytes.
    pub(crate) fn bytes<const N: usize>(&mut self, column: &'static str) -> Result<[u8; N], Failure> {
        let bytes: &[u8] = self.get(column)?;
        bytes.try_into().map_err(|_| self.unreadable(column))
    }

    /// The next column as so many bytes, or nothing where it is null.
    pub(crate) fn optional_bytes<const N: usize>(
        &mut self,
        column: &'static str,
    ) -> Result<Option<[u8; N]>, Failure> {
        let Some(bytes) = self.get::<Option<&[u8]>>(column)? else { return Ok(None) };
        bytes.try_into().map(Some).map_err(|_| self.unreadable(column))
    }

    pub(crate) fn digest(&mut self, column: &'static str) -> Result<towergate_core::Digest, Failure> {
        self.bytes(column).map(towergate_core::Digest::from_stored)
    }

    pub(crate) fn optional_digest(
        &mut self,
        column: &'static str,
    ) -> Result<Option<towergate_core::Digest>, Failure> {
        Ok(self.optional_bytes(column)?.map(towergate_core::Digest::from_stored))
    }

    pub(crate) fn time(&mut self, column: &'static str) -> Result<Timestamp, Failure> {
        self.get(column).map(Timestamp::from_unix_millis)
    }

    pub(crate) fn optional_time(&mut self, column: &'static str) -> Result<Option<Timestamp>, Failure> {
        self.get::<Option<i64>>(column).map(|millis| millis.map(Timestamp::from_unix_millis))
    }

    /// The next two columns as how much there is in a queue.
    #[cfg(any(feature = "inbound", feature = "outbound"))]
    pub(crate) fn backlog(&mut self) -> Result<towergate_core::outbox::Backlog, Failure> {
        Ok(towergate_core::outbox::Backlog { waiting: self.count("waiting")?, dead: self.count("dead")? })
    }

    /// The failure that names this row and `column`, and not what stands there.
    pub(crate) fn unreadable(&self, column: &'static str) -> Failure {
        Failure::corrupt(self.table, self.key(), format!("column {column} cannot be read"))
    }

    fn key(&self) -> String {
        let row = self.row;
        let number = || row.try_get::<i64, _>(self.key).map(|number| number.to_string());
        let text = || row.try_get::<String, _>(self.key);
        let id = row.try_get::<Uuid, _>(self.key).map(|id| id.to_string());
        id.or_else(|_| number()).or_else(|_| text()).unwrap_or_else(|_| String::from("?"))
    }
}
