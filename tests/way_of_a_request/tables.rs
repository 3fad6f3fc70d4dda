//! The tables of a SQLite file, read by their own SQL through a connection that cannot write, behind the store's back.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use towergate::core::{Timestamp, token::OpaqueToken};

/// What a file holds, and how much of it there was at the last look. A store in memory has no tables: what is asked of them
/// is passed over, and its ports alone tell.
pub(crate) struct Tables {
    connection: Option<Connection>,
    seen: BTreeMap<String, i64>,
}

impl Tables {
    pub(crate) const fn none() -> Self {
        Self { connection: None, seen: BTreeMap::new() }
    }

    pub(crate) fn of(file: &Path) -> Self {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        Self { connection: Some(connection), seen: BTreeMap::new() }
    }

    /// Looks, and forgets what is new.
    pub(crate) fn look(&mut self) {
        self.seen = self.counts();
    }

    /// Insists that since the last look these tables got so many rows more, the log as many as there were events, and that
    /// no other table has more or fewer.
    pub(crate) fn grew(&mut self, events: &[String], by: &[(&str, i64)]) {
        let mut expected = self.seen.clone();
        let logged = ("audit_events", i64::try_from(events.len()).unwrap());
        for (table, more) in by.iter().chain([&logged]) {
            *expected.entry(format!("towergate_{table}")).or_default() += more;
        }
        let found = self.counts();
        if self.connection.is_some() {
            assert_eq!(found, expected);
        }
        self.seen = found;
    }

    /// Insists that `sql` finds this one row.
    pub(crate) fn hold(&self, sql: &str, row: &[&str]) {
        let Some(connection) = &self.connection else { return };
        assert_eq!(rows(connection, sql), [row], "{sql}");
    }

    /// Insists that none of these texts stands in any column of any row, nor the secret bytes of any of these tokens.
    pub(crate) fn hold_nowhere(&self, texts: &[&str], tokens: &[&OpaqueToken]) {
        let Some(connection) = &self.connection else { return };
        let secrets = tokens.iter().map(|token| token.secret().expose().as_slice());
        let needles: Vec<_> = texts.iter().map(|text| text.as_bytes()).chain(secrets).collect();
        let mut cells = 0;
        for table in self.seen.keys() {
            let mut all = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let width = all.column_count();
            let mut found = all.query([]).unwrap();
            while let Some(row) = found.next().unwrap() {
                for column in 0..width {
                    let (ValueRef::Text(cell) | ValueRef::Blob(cell)) = row.get_ref(column).unwrap() else {
                        continue;
                    };
                    cells += 1;
                    for needle in &needles {
                        let there = cell.windows(needle.len()).any(|window| window == *needle);
                        assert!(!there, "{table}, column {column}: {:?}", String::from_utf8_lossy(needle));
                    }
                }
            }
        }
        assert!(cells > 100, "only {cells} cells were looked at");
    }

    fn counts(&self) -> BTreeMap<String, i64> {
        let Some(connection) = &self.connection else { return BTreeMap::new() };
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'towergate%'";
        let tables = rows(connection, tables).into_iter().flatten();
        let count = |table: String| {
            let sql = format!("SELECT count(*) FROM {table}");
            let count = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            (table, count)
        };
        tables.map(count).collect()
    }
}

/// A moment as a column has it.
pub(crate) fn time(at: Timestamp) -> String {
    at.unix_millis().to_string()
}

/// Bytes as `lower(hex(..))` has them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every row, each column as text; `-` where there is nothing.
fn rows(connection: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..width)
            .map(|column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Null => String::from("-"),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    other => panic!("{sql}: {other:?}"),
                })
            })
            .collect::<Result<Vec<_>, rusqlite::Error>>()
    });
    rows.unwrap().map(Result::unwrap).collect()
}
