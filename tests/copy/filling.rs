//! Rows for every table, of all that its columns take: made by what the schema says, and kept where it agrees.

use rusqlite::{
    Connection, params_from_iter,
    types::Value::{self, Blob, Integer, Null, Text},
};

/// Moments and numbers at the edges.
const NUMBERS: [i64; 8] = [i64::MIN, i64::MAX, 0, -1, 1, 1_800_000_000_000, i64::MAX - 1, 4_294_967_296];

const TEXTS: [&str; 10] = [
    "",
    " ",
    "plain",
    "ünïcödé 🦀 \u{202e}",
    "'; DROP TABLE towergate_users; --",
    "a\tb\r\nc\\",
    "\\N",
    "NULL",
    "{\"a\",b}",
    "\u{1}\u{7f}\u{feff}\u{10ffff}",
];

/// Tables before those that refer to them; what only PostgreSQL refers to is among them.
const FIRST: [&str; 4] = ["towergate_users", "towergate_sessions", "towergate_grants", "towergate_clients"];

pub(crate) struct Filler<'c> {
    connection: &'c Connection,
    state: u64,
}

impl<'c> Filler<'c> {
    pub(crate) fn of(connection: &'c Connection) -> Self {
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        Self { connection, state: 0x2545_f491_4f6c_dd1d }
    }

    /// Puts so many rows into each table.
    pub(crate) fn fill_all(&mut self, rows: usize) {
        for table in tables(self.connection) {
            self.fill(&table, rows);
        }
    }

    pub(crate) fn fill(&mut self, table: &str, rows: usize) {
        let columns = Column::of(self.connection, table);
        let marks = vec!["?"; columns.len()].join(", ");
        let sql = format!("INSERT OR IGNORE INTO {table} VALUES ({marks})");
        self.connection.execute_batch("BEGIN").unwrap();
        let mut statement = self.connection.prepare(&sql).unwrap();
        let (mut there, mut tried) = (0, 0);
        while there < rows {
            let row: Vec<_> = columns.iter().map(|column| self.value(table, column)).collect();
            there += statement.execute(params_from_iter(row)).unwrap();
            tried += 1;
            assert!(tried < rows * 500 + 10_000, "{table} takes no more rows");
        }
        self.connection.execute_batch("COMMIT").unwrap();
    }

    fn value(&mut self, table: &str, column: &Column) -> Value {
        let Column { name, kind, definition, .. } = column;
        if column.may_be_null && self.below(2) == 0 {
            return Null;
        }
        if let Some((parent, key)) = &column.refers_to {
            let sql = format!("SELECT {key} FROM {parent} ORDER BY random() LIMIT 1");
            return self.connection.query_row(&sql, [], |row| row.get(0)).unwrap();
        }
        match (kind.as_str(), name.as_str()) {
            (
                "INTEGER",
                "attempt" | "forgiven" | "tries" | "count" | "in_a_row" | "lately" | "taken" | "generation",
            ) => Integer(i64::try_from(self.below(200)).unwrap()),
            // Events are numbered by the store.
            ("INTEGER", "id") => Null,
            ("INTEGER", "number" | "through") => Integer(i64::try_from(self.below(1 << 40)).unwrap()),
            ("INTEGER", _) if definition.contains("IN (0, 1)") => {
                Integer(i64::try_from(self.below(2)).unwrap())
            }
            ("INTEGER", _) if self.below(2) == 0 => Integer(NUMBERS[self.below(NUMBERS.len())]),
            ("INTEGER", _) => Integer(i64::try_from(self.below(1 << 62)).unwrap()),
            ("BLOB", _) => Blob(self.bytes(table, name, definition)),
            _ => Text(self.text(table, name, definition)),
        }
    }

    fn bytes(&mut self, table: &str, name: &str, definition: &str) -> Vec<u8> {
        let length = match (table, name) {
            ("towergate_sessions", "remembered") => 16,
            _ if definition.contains("IN (16, 32)") => [16, 32][self.below(2)],
            _ if definition.contains("= 16") => 16,
            _ if definition.contains("= 32") => 32,
            _ if definition.contains("= 64") => 64,
            _ if definition.contains("BETWEEN 1 AND 1023") => 1 + self.below(1023),
            _ if definition.contains("<= 32") => self.below(33),
            _ => self.below(300),
        };
        (0..length).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }

    fn text(&mut self, table: &str, name: &str, definition: &str) -> String {
        if let Some((_, rest)) = definition.split_once("IN ('") {
            let words: Vec<_> = rest.split("')").next().unwrap().split("', '").collect();
            return words[self.below(words.len())].to_owned();
        }
        if definition.contains("json_valid") {
            let texts =
                ["{}", "[]", "{\"client_id\": \"a b\", \"n\" : 1.0}", "[\"ü\",\"\\u00e9\"]", " {\"a\":null}"];
            return texts[self.below(texts.len())].to_owned();
        }
        let some = TEXTS[self.below(TEXTS.len())];
        if (table, name) == ("towergate_api_tokens", "name") || definition.contains("BETWEEN 1 AND 255") {
            return format!("{}{}", some.chars().take(8).collect::<String>(), self.below(1 << 20));
        }
        // Keys, and what is unique.
        let long = if self.below(50) == 0 { "é".repeat(9000) } else { String::new() };
        format!("{some}{}{long}", ["", &self.below(1 << 40).to_string()][self.below(2)])
    }

    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// All tables of the house, those first that others refer to.
pub(crate) fn tables(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'towergate\\_%' ESCAPE '\\'",
        )
        .unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    let mut names: Vec<String> =
        names.map(Result::unwrap).filter(|name| name != "towergate_migrations").collect();
    names.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    names
}

struct Column {
    name: String,
    kind: String,
    /// What the schema says of it.
    definition: String,
    may_be_null: bool,
    refers_to: Option<(String, String)>,
}

impl Column {
    fn of(connection: &Connection, table: &str) -> Vec<Self> {
        let sql: String = connection
            .query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [table], |row| row.get(0))
            .unwrap();
        let mut info =
            connection.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)").unwrap();
        let columns = info.query_map([table], |row| {
            let name: String = row.get(0)?;
            let (required, key): (bool, i64) = (row.get(2)?, row.get(3)?);
            // From its name to the next column's.
            let definition = definition(&sql, &name);
            let refers_to = refers_to(connection, table, &name);
            Ok(Self { kind: row.get(1)?, definition, may_be_null: !required && key == 0, refers_to, name })
        });
        columns.unwrap().map(Result::unwrap).collect()
    }
}

/// The part of a table's text that is about one column; commas within brackets do not end it.
fn definition(sql: &str, column: &str) -> String {
    let body = sql.split_once('(').unwrap().1;
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for sign in body.chars() {
        depth += i32::from(sign == '(') - i32::from(sign == ')');
        match sign {
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(sign),
        }
    }
    let is_about = |part: &&String| part.split_whitespace().next() == Some(column);
    parts.iter().find(is_about).cloned().unwrap_or_default()
}

fn refers_to(connection: &Connection, table: &str, column: &str) -> Option<(String, String)> {
    if (table, column) == ("towergate_unused_clients", "client") {
        return Some((String::from("towergate_clients"), String::from("id")));
    }
    let mut keys = connection
        .prepare("SELECT \"table\", \"to\" FROM pragma_foreign_key_list(?1) WHERE \"from\" = ?2")
        .unwrap();
    let mut found = keys.query_map([table, column], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    found.next().map(Result::unwrap)
}
