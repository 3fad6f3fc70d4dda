//! What a page from a database cannot leave out: rows that SQLite finds by their keys, with nothing made of them.

use std::{fs, process, sync::Mutex};

use rusqlite::Connection;

use super::peers::servers;

/// The page looks at the session, and at whether its person may still be signed in.
const READS_OF_A_PAGE: usize = 2;

/// Between the twelve columns of a session and the eight of a person.
const COLUMNS: usize = 10;
const READ: &str =
    "SELECT id, digest, person, stage, methods, made, seen, proven, idle, ends FROM kept WHERE id = ?";

/// A database as hosts have it.
pub(super) struct Reads(Mutex<Connection>);

impl Reads {
    pub(super) fn new() -> Self {
        let folder = servers().join(process::id().to_string());
        fs::create_dir_all(&folder).expect("a folder");
        let connection = Connection::open(folder.join("reads.db")).expect("a database");
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL;
                 DROP TABLE IF EXISTS kept;
                 CREATE TABLE kept (id BLOB PRIMARY KEY, digest BLOB, person BLOB, stage TEXT, methods TEXT, made INTEGER, seen INTEGER,
                                    proven INTEGER, idle INTEGER, ends INTEGER) WITHOUT ROWID;
                 WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
                 INSERT INTO kept SELECT CAST(i AS BLOB), randomblob(32), randomblob(16), 'complete', '[\"password\"]', i, i, i, i, i FROM n;",
            )
            .expect("a table");
        Self(Mutex::new(connection))
    }

    /// The reads of one page, each a transaction of its own, as they are where two parts of a program ask.
    pub(super) fn of_a_page(&self) {
        let connection = self.0.lock().expect("nobody panicked");
        for _ in 0..READS_OF_A_PAGE {
            let read = connection.prepare_cached(READ).and_then(|mut read| {
                read.query_row([b"42"], |row| {
                    (0..COLUMNS).try_for_each(|column| row.get_ref(column).map(drop))
                })
            });
            read.expect("a row");
        }
    }
}
