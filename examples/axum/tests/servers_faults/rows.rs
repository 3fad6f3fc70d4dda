//! The database as somebody finds it who looks beside the program.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// The file is whole, what happened was written down, and nothing twice.
pub(crate) fn check(database: &Path) {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    for (happened, action) in [
        ("towergate_codes WHERE spent_at IS NOT NULL", "code.redeemed"),
        ("towergate_refresh_tokens WHERE rotated_at IS NOT NULL", "token.refreshed"),
        ("towergate_sessions", "session.created"),
    ] {
        let silent = format!(
            "SELECT group_concat(id) FROM (SELECT lower(hex(id)) AS id FROM {happened}) WHERE id NOT IN
             (SELECT replace(target_id, '-', '') FROM towergate_audit_events WHERE action = '{action}')"
        );
        let twice = format!(
            "SELECT group_concat(target_id) FROM (SELECT target_id FROM towergate_audit_events WHERE action = '{action}'
             GROUP BY 1 HAVING count(*) > 1)"
        );
        for sql in [silent, twice] {
            let found: Option<String> = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            assert_eq!(found, None, "{action}");
        }
    }
}

/// How many rows `sql` counts.
pub(crate) fn count(database: &Path, sql: &str) -> u32 {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}
