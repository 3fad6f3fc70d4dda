//! The database as somebody finds it who looks beside the program.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// The file is whole, and each thing that happened once was written down once. Answers how many there were of the
/// rarest.
pub(crate) fn check(database: &Path) -> usize {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    assert_eq!(texts(&connection, "PRAGMA integrity_check"), ["ok"]);
    assert!(texts(&connection, "SELECT \"table\" FROM pragma_foreign_key_check").is_empty());
    let mut fewest = usize::MAX;
    for (happened, action) in [
        ("towergate_codes WHERE spent_at IS NOT NULL", "code.redeemed"),
        ("towergate_refresh_tokens WHERE rotated_at IS NOT NULL", "token.refreshed"),
        ("towergate_sessions", "session.created"),
    ] {
        let rows = texts(&connection, &format!("SELECT lower(hex(id)) FROM {happened} ORDER BY 1"));
        let told = format!(
            "SELECT replace(target_id, '-', '') FROM towergate_audit_events WHERE action = '{action}' ORDER BY 1"
        );
        assert_eq!(rows, texts(&connection, &told), "{action}");
        fewest = fewest.min(rows.len());
    }
    fewest
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let texts = statement.query_map([], |row| row.get(0)).unwrap();
    texts.collect::<Result<_, _>>().unwrap()
}
