//! What was copied is the same to the last bit, and is proven to be.

use std::fmt::Write;

use rusqlite::types::ValueRef;
use towergate::{
    core::audit::{AuditLog, Event, Origin, Party, chain::SealStore},
    core::{Timestamp, system::OsRandom},
    postgres::{OpenError, PostgresStore},
};

use super::{
    filling::{Filler, tables},
    place::Place,
};

fn filled(rows: usize) -> Place {
    let place = Place::new();
    Filler::of(&place.source()).fill_all(rows);
    place
}

#[test]
fn every_table_is_copied_to_the_last_bit() {
    let place = filled(70);
    Filler::of(&place.source()).fill("towergate_users", 2500);
    place.change("CREATE TABLE notes (id INTEGER PRIMARY KEY)");
    let told = place.copied();
    let source = place.source();
    let tables = tables(&source);
    for table in &tables {
        let rows = if table == "towergate_users" { 2570 } else { 70 };
        let line = told.lines().find(|line| line.starts_with(&format!("{table} "))).unwrap();
        assert!(line.contains(&format!(" {rows} rows ")) && line.ends_with("  same"), "{line}");
        assert_eq!(cells_of_source(&source, table), cells_of_target(&place, table), "{table}");
    }
    assert!(told.contains("not copied, being the host's own: notes\n"), "{told}");
    assert!(told.contains("What is sealed was copied as it is"), "{told}");
    drop(source);
    assert!(place.copied().contains("still the same on both sides; the copy was finished at "));
}

/// Each row as one line, in an order that both sides have.
fn cells_of_source(connection: &rusqlite::Connection, table: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let names: Vec<_> = statement.column_names().into_iter().map(String::from).collect();
    let mut order: Vec<_> = (0..names.len()).collect();
    order.sort_by_key(|at| &names[*at]);
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let mut line = String::new();
        for at in &order {
            match row.get_ref(*at).unwrap() {
                ValueRef::Null => line.push('-'),
                ValueRef::Integer(number) => write!(line, "{number}").unwrap(),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    bytes.iter().for_each(|byte| write!(line, "{byte:02x}").unwrap());
                }
                ValueRef::Real(_) => unreachable!("no column of fractions"),
            }
            line.push('|');
        }
        lines.push(line);
    }
    lines.sort();
    lines
}

/// The same, as the server itself tells it.
fn cells_of_target(place: &Place, table: &str) -> Vec<String> {
    let columns = place.ask(&format!(
        "SELECT string_agg(CASE atttypid::regtype::text
            WHEN 'uuid' THEN format('encode(uuid_send(%I), ''hex'')', attname)
            WHEN 'bytea' THEN format('encode(%I, ''hex'')', attname)
            WHEN 'text' THEN format('encode(convert_to(%I, ''UTF8''), ''hex'')', attname)
            WHEN 'boolean' THEN format('%I::int::text', attname)
            ELSE format('%I::text', attname) END, '; ' ORDER BY attname COLLATE \"C\")
        FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND attname <> 'shard'"
    ));
    let cells: Vec<_> = columns.split("; ").map(|cell| format!("coalesce({cell}, '-') || '|'")).collect();
    let mut lines: Vec<_> =
        place.ask(&format!("SELECT {} FROM {table}", cells.join(" || "))).lines().map(String::from).collect();
    lines.sort();
    lines
}

#[test]
fn a_row_that_is_another_in_the_target_is_found() {
    let place = filled(30);
    place.copied();
    for (change, problem) in [
        (
            "UPDATE towergate_users SET email = 'x' || email WHERE id = (SELECT min(id::text)::uuid FROM towergate_users)",
            "is not the same in the target",
        ),
        (
            "UPDATE towergate_sessions SET asked = NOT asked WHERE ctid = (SELECT min(ctid) FROM towergate_sessions)",
            "is not the same in the target",
        ),
        (
            "DELETE FROM towergate_mails WHERE ctid = (SELECT max(ctid) FROM towergate_mails)",
            "is missing in the target",
        ),
        (
            "INSERT INTO towergate_ended_sign_ins VALUES ('zz', 1)",
            "towergate_ended_sign_ins (\"zz\") is only in the target",
        ),
    ] {
        place.ask(change);
        let told = place.refused();
        assert!(told.contains(problem) && told.contains("not the same any more"), "{change}: {told}");
    }
    assert_eq!(place.refused().matches("NOT the same").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_events_go_on_where_they_were() {
    let place = filled(5);
    place.change("DELETE FROM towergate_audit_events WHERE id > 3");
    place.copied();
    let store = PostgresStore::connect(&place.target.url()).await.unwrap();
    let origin = Origin::detached(Timestamp::from_unix_seconds(1), &OsRandom::new()).unwrap();
    let event = Event::refused(origin, "login.failed", Party::anonymous(), Party::new("user", 1), "password");
    store.append(event).await.unwrap();
    assert!(store.newest_event().await.unwrap() > Some(5), "a number is not given twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_host_opens_half_a_copy() {
    let place = filled(5);
    place.change("UPDATE towergate_email_tokens SET tries = 300");
    assert!(place.refused().contains("Mend the row in the source"));
    let opened = PostgresStore::connect(&place.target.url()).await;
    assert!(matches!(opened, Err(OpenError::HalfCopied)), "{opened:?}");
    place.change("UPDATE towergate_email_tokens SET tries = 3");
    place.copied();
    PostgresStore::connect(&place.target.url()).await.unwrap();
}

#[test]
fn what_somebody_else_wrote_into_half_a_copy_keeps_it_shut() {
    let place = filled(5);
    place.change(
        "UPDATE towergate_users SET email = 'a' || char(0) WHERE id = (SELECT max(id) FROM towergate_users)",
    );
    place.refused();
    place.ask("INSERT INTO towergate_rate_limits VALUES ('n', 'account', 'x', 1)");
    place.change("UPDATE towergate_users SET email = 'a' WHERE id = (SELECT max(id) FROM towergate_users)");
    let told = place.refused();
    assert!(told.contains("is only in the target") && told.contains("no host opens the copy"), "{told}");
    let (told, done) = place.copy(&["--start-over"]);
    assert!(done, "{told}");
}
