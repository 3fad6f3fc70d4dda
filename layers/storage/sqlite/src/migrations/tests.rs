use std::{path::PathBuf, time::Duration};

use super::*;
use crate::store::SqliteStore;

struct Place {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    Place { _dir: dir, path }
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The number of the last migration; they count from one without a gap.
fn latest() -> i64 {
    let numbers: Vec<_> = MIGRATIONS.iter().map(|migration| migration.number).collect();
    assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<_>>());
    *numbers.last().unwrap()
}

#[test]
fn a_fresh_file_is_marked_with_house_and_version() {
    let place = place();
    drop(SqliteStore::open(&place.path).unwrap());
    drop(SqliteStore::open(&place.path).unwrap());
    let connection = Connection::open(&place.path).unwrap();
    assert_eq!(number(&connection, "PRAGMA application_id"), i64::from(APPLICATION_ID));
    assert_eq!(number(&connection, "PRAGMA user_version"), latest());
    assert_eq!(number(&connection, "SELECT count(*) FROM towergate_migrations"), latest());
    let foreign = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'towergate\\_%' ESCAPE \
                   '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    assert_eq!(number(&connection, foreign), 0);
}

#[test]
fn a_hosts_own_file_keeps_its_marks_and_tables() {
    let place = place();
    let connection = Connection::open(&place.path).unwrap();
    connection.execute_batch("CREATE TABLE orders (id INTEGER); PRAGMA user_version = 41").unwrap();
    drop(SqliteStore::open(&place.path).unwrap());
    assert_eq!(number(&connection, "PRAGMA application_id"), 0);
    assert_eq!(number(&connection, "PRAGMA user_version"), 41);
    assert_eq!(number(&connection, "SELECT count(*) FROM orders"), 0);
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let place = place();
    drop(SqliteStore::open(&place.path).unwrap());
    let connection = Connection::open(&place.path).unwrap();
    let later = latest() + 1;
    let insert = "INSERT INTO towergate_migrations VALUES (?1, 'later', zeroblob(32), 0)";
    connection.execute(insert, [later]).unwrap();
    let refused = SqliteStore::open(&place.path).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { number, .. } if number == later), "{refused}");
}

#[test]
fn a_migration_applied_in_other_words_is_refused() {
    let place = place();
    drop(SqliteStore::open(&place.path).unwrap());
    let connection = Connection::open(&place.path).unwrap();
    connection.execute("UPDATE towergate_migrations SET digest = zeroblob(32) WHERE number = 2", []).unwrap();
    let refused = SqliteStore::open(&place.path).unwrap_err();
    assert!(matches!(refused, OpenError::Altered { number: 2, .. }), "{refused}");
}

#[test]
fn a_database_that_is_behind_is_refused_when_told_not_to_migrate() {
    let place = place();
    let refused = SqliteStore::options().migrate(false).open(&place.path).unwrap_err();
    let all: Vec<_> = MIGRATIONS.iter().map(|migration| migration.name).collect();
    assert!(matches!(&refused, OpenError::Behind { due } if *due == all), "{refused}");
    drop(SqliteStore::open(&place.path).unwrap());
    drop(SqliteStore::options().migrate(false).open(&place.path).unwrap());
}

#[test]
fn what_waits_when_the_count_begins_is_counted() {
    let connection = Connection::open_in_memory().unwrap();
    let (before, _) = MIGRATIONS.split_at(4);
    connection.execute_batch("BEGIN").unwrap();
    apply_due(&connection, before, Timestamp::from_unix_millis(0)).unwrap();
    for (id, ends, state) in [(1_u8, 60_000, "open"), (2, 60_000, "approved"), (3, 60_001, "denied")] {
        connection
            .execute(
                "INSERT INTO towergate_interactions VALUES (?1, zeroblob(32), '{}', NULL, NULL, 0, ?2, ?3)",
                params![[id; 16], ends, state],
            )
            .unwrap();
    }
    bring_up_to_date(&connection, true, Timestamp::from_unix_millis(0)).unwrap();
    for (minute, taken) in [(1, 1), (2, 1)] {
        let sql = format!("SELECT taken FROM towergate_interaction_room WHERE minute = {minute}");
        assert_eq!(number(&connection, &sql), taken);
    }
}

#[test]
fn what_clients_pushed_when_their_shares_begin_is_counted() {
    let connection = Connection::open_in_memory().unwrap();
    let (before, _) = MIGRATIONS.split_at(34);
    connection.execute_batch("BEGIN").unwrap();
    apply_due(&connection, before, Timestamp::from_unix_millis(0)).unwrap();
    for (id, client, ends) in
        [(1_u8, "shop", 60_000), (2, "shop", 60_001), (3, "shop", 60_002), (4, "app", 60_001)]
    {
        let request = format!(r#"{{"client_id":"{client}"}}"#);
        let insert = "INSERT INTO towergate_pushed_requests VALUES (?1, zeroblob(32), ?2, ?3)";
        connection.execute(insert, params![[id; 16], request, ends]).unwrap();
    }
    bring_up_to_date(&connection, true, Timestamp::from_unix_millis(0)).unwrap();
    for (client, minute, taken) in [("shop", 21, 1), ("shop", 22, 2), ("app", 22, 1)] {
        let sql = format!(
            "SELECT taken FROM towergate_pushed_room WHERE client = '{client}' AND minute = {minute}"
        );
        assert_eq!(number(&connection, &sql), taken);
    }
}

#[test]
fn a_migration_that_fails_leaves_nothing() {
    let place = place();
    let connection = Connection::open(&place.path).unwrap();
    connection.execute_batch("CREATE TABLE towergate_clients (id INTEGER)").unwrap();
    assert!(matches!(SqliteStore::open(&place.path), Err(OpenError::Sqlite(_))));
    assert_eq!(number(&connection, "SELECT count(*) FROM sqlite_schema"), 1);
}

#[test]
fn many_may_start_at_once_on_one_fresh_file() {
    let place = place();
    let opened: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| SqliteStore::open(&place.path))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    for store in opened {
        store.unwrap();
    }
    let connection = Connection::open(&place.path).unwrap();
    assert_eq!(number(&connection, "SELECT count(*) FROM towergate_migrations"), latest());
}

#[test]
fn a_file_that_is_no_database_or_is_locked_is_not_opened() {
    let place = place();
    std::fs::write(&place.path, [7; 4096]).unwrap();
    assert!(
        matches!(SqliteStore::open(&place.path), Err(OpenError::NotADatabase(path)) if path == place.path)
    );
    std::fs::remove_file(&place.path).unwrap();

    let connection = Connection::open(&place.path).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE a (b)").unwrap();
    let options = SqliteStore::options().busy_timeout(Duration::from_millis(20));
    assert!(matches!(options.open(&place.path), Err(OpenError::Sqlite(_))));
}

#[test]
fn a_path_that_leads_nowhere_is_not_opened() {
    let place = place();
    let nowhere = place.path.join("b.db");
    assert!(matches!(SqliteStore::open(&nowhere), Err(OpenError::File { path, .. }) if path == nowhere));
    for no_file in ["", ":memory:"] {
        assert!(matches!(SqliteStore::open(no_file), Err(OpenError::NotAFile(_))));
    }
}
