//! What a page from a database cannot leave out: rows that SQLite finds by their keys, with nothing made of them.

use std::{fs, process, sync::Mutex};

use rusqlite::Connection;

use super::peers::servers;

/// The page looks at the session, and at whether its person may still be signed in.
const READS_OF_A_PAGE: usize = 2;

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
                 CREATE TABLE kept (id BLOB PRIMARY KEY, rest BLOB) WITHOUT ROWID;
                 WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
                 INSERT INTO kept SELECT CAST(i AS BLOB), randomblob(200) FROM n;",
            )
            .expect("a table");
        Self(Mutex::new(connection))
    }

    /// The reads of one page, each a transaction of its own, as they are where two parts of a program ask.
    pub(super) fn of_a_page(&self) {
        let connection = self.0.lock().expect("nobody panicked");
        for _ in 0..READS_OF_A_PAGE {
            let rest = connection
                .prepare_cached("SELECT rest FROM kept WHERE id = ?")
                .and_then(|mut read| read.query_row([b"42"], |row| row.get::<_, Vec<u8>>(0)));
            assert_eq!(rest.expect("a row").len(), 200);
        }
    }
}
