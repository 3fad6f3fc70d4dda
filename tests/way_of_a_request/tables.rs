//! The tables of a database, read by their own SQL behind the store's back.

use std::{collections::BTreeMap, path::Path};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use towergate::core::{Timestamp, token::OpaqueToken};
use towergate_test_servers::postgres::Database;

/// What a database holds, and how much of it there was at the last look. A store in memory has no tables: what is asked of
/// them is passed over, and its ports alone tell.
pub(crate) struct Tables {
    place: Place,
    seen: BTreeMap<String, i64>,
}

enum Place {
    Memory,
    /// Through a connection that cannot write.
    Sqlite(Connection),
    Postgres(Database<'static>),
}

impl Tables {
    pub(crate) const fn none() -> Self {
        Self { place: Place::Memory, seen: BTreeMap::new() }
    }

    pub(crate) fn of(file: &Path) -> Self {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        Self { place: Place::Sqlite(connection), seen: BTreeMap::new() }
    }

    pub(crate) fn of_postgres(database: Database<'static>) -> Self {
        database.ask(AS_IN_SQLITE);
        Self { place: Place::Postgres(database), seen: BTreeMap::new() }
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
        if !matches!(self.place, Place::Memory) {
            assert_eq!(found, expected);
        }
        self.seen = found;
    }

    /// Insists that `sql` finds this one row.
    pub(crate) fn hold(&self, sql: &str, row: &[&str]) {
        if !matches!(self.place, Place::Memory) {
            assert_eq!(self.place.rows(sql), [row], "{sql}");
        }
    }

    /// Insists that none of these texts stands in any column of any row, nor the secret bytes of any of these tokens.
    pub(crate) fn hold_nowhere(&self, texts: &[&str], tokens: &[&OpaqueToken]) {
        if matches!(self.place, Place::Memory) {
            return;
        }
        let secrets = tokens.iter().map(|token| token.secret().expose().as_slice());
        let needles: Vec<_> = texts.iter().map(|text| text.as_bytes()).chain(secrets).collect();
        let mut cells = 0;
        for table in self.seen.keys() {
            for cell in self.place.cells(table) {
                cells += 1;
                for needle in &needles {
                    let there = cell.windows(needle.len()).any(|window| window == *needle);
                    assert!(!there, "{table}: {:?}", String::from_utf8_lossy(needle));
                }
            }
        }
        assert!(cells > 100, "only {cells} cells were looked at");
    }

    fn counts(&self) -> BTreeMap<String, i64> {
        let count = |table: String| format!("SELECT '{table}', count(*) FROM {table}");
        let counts: Vec<_> = self.place.tables().into_iter().map(count).collect();
        let counts = self.place.rows(&counts.join(" UNION ALL "));
        counts.into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect()
    }
}

impl Place {
    fn tables(&self) -> Vec<String> {
        let tables = match self {
            Self::Memory => return Vec::new(),
            Self::Sqlite(_) => {
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'towergate%'"
            }
            Self::Postgres(_) => "SELECT tablename FROM pg_tables WHERE schemaname = 'towergate'",
        };
        self.rows(tables).into_iter().flatten().collect()
    }

    /// Every row, each column as text; `-` where there is nothing.
    fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        match self {
            Self::Memory => Vec::new(),
            Self::Sqlite(connection) => rows(connection, sql),
            Self::Postgres(database) => {
                let told = format!("{SEARCH_PATH}; COPY ({sql}) TO STDOUT (NULL '-')");
                let told = database.ask(&told);
                told.lines().map(|row| row.split('\t').map(as_in_sqlite).collect()).collect()
            }
        }
    }

    /// Every text, and everything else as the bytes that are kept.
    fn cells(&self, table: &str) -> Vec<Vec<u8>> {
        match self {
            Self::Memory => Vec::new(),
            Self::Sqlite(connection) => cells(connection, table),
            Self::Postgres(database) => {
                let cells = format!(
                    "{SEARCH_PATH}; SELECT encode(convert_to(cell, 'UTF8'), 'hex')
                    FROM {table} row, jsonb_each_text(to_jsonb(row)) AS cells (name, cell) WHERE cell IS NOT NULL"
                );
                let cells = database.ask(&cells);
                let texts = cells.lines().map(|cell| String::from_utf8(unhex(cell)).unwrap());
                let bytes = |cell: String| cell.strip_prefix("\\x").map(unhex).unwrap_or(cell.into_bytes());
                texts.map(bytes).collect()
            }
        }
    }
}

const SEARCH_PATH: &str = "SET search_path TO towergate, public";

/// What the steps' questions are written in.
const AS_IN_SQLITE: &str = "
    CREATE FUNCTION public.hex(bytea) RETURNS text LANGUAGE sql AS $$ SELECT coalesce(encode($1, 'hex'), '') $$;
    CREATE FUNCTION public.hex(uuid) RETURNS text LANGUAGE sql
        AS $$ SELECT coalesce(replace($1::text, '-', ''), '') $$;
    CREATE FUNCTION public.json_extract(text, text) RETURNS text LANGUAGE sql
        AS $$ SELECT $1::json ->> substr($2, 3) $$;";

fn as_in_sqlite(cell: &str) -> String {
    match cell {
        "t" => String::from("1"),
        "f" => String::from("0"),
        cell => cell.to_owned(),
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

fn unhex(text: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_bytes().chunks(2).map(byte).collect()
}

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

fn cells(connection: &Connection, table: &str) -> Vec<Vec<u8>> {
    let mut all = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let width = all.column_count();
    let mut found = all.query([]).unwrap();
    let mut cells = Vec::new();
    while let Some(row) = found.next().unwrap() {
        for column in 0..width {
            if let ValueRef::Text(cell) | ValueRef::Blob(cell) = row.get_ref(column).unwrap() {
                cells.push(cell.to_vec());
            }
        }
    }
    cells
}
