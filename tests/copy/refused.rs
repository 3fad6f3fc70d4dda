//! What is refused, and what it says is to be done.

use towergate::{
    core::{Timestamp, audit::Origin, system::OsRandom},
    identity::{
        ports::UserStore,
        rules::{email::EmailAddress, user::User},
    },
    postgres::PostgresStore,
    sqlite::SqliteStore,
};

use super::{filling::Filler, place::Place};

#[test]
fn a_source_that_a_host_has_open_is_refused_also_while_it_does_nothing() {
    let place = Place::new();
    let host = SqliteStore::open(&place.file).unwrap();
    let told = place.refused();
    assert!(told.contains("is in use: stop every host"), "{told}");
    drop(host);
    place.copied();
}

#[test]
fn a_missing_source_and_one_that_is_none_are_told() {
    let place = Place::new();
    std::fs::write(&place.file, vec![b'x'; 4096]).unwrap();
    assert!(place.refused().contains("is not an SQLite database"));
    std::fs::remove_file(&place.file).unwrap();
    assert!(place.refused().contains("there is no database"));
    assert!(!place.file.exists(), "nothing is made there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_with_rows_of_its_own_is_refused() {
    let place = Place::new();
    let store = PostgresStore::connect(&place.target.url()).await.unwrap();
    let now = Timestamp::from_unix_seconds(1);
    let email = EmailAddress::parse("alice@example.com").unwrap();
    let alice = User::fresh(email, "no hash".into(), now, &OsRandom::new()).unwrap();
    store.add_user(alice, Origin::detached(now, &OsRandom::new()).unwrap()).await.unwrap();
    let told = place.refused();
    assert!(told.contains("rows already, in towergate_audit_events, towergate_users:"), "{told}");
    let (told, done) = place.copy(&["--start-over"]);
    assert!(!done && told.contains("no unfinished copy"), "{told}");
    assert_eq!(place.ask("SELECT count(*) FROM towergate_users"), "1");
}

#[test]
fn a_finished_copy_is_never_begun_again() {
    let place = Place::new();
    place.copied();
    let (told, done) = place.copy(&["--start-over"]);
    assert!(!done && told.contains("no unfinished copy"), "{told}");
}

#[test]
fn schemas_of_other_versions_are_refused() {
    let place = Place::new();
    place.change(
        "DELETE FROM towergate_migrations WHERE number = (SELECT max(number) FROM towergate_migrations)",
    );
    assert!(place.refused().contains("the database is behind"));
    let place = Place::new();
    place.change("INSERT INTO towergate_migrations VALUES (9999, 'later', zeroblob(32), 0)");
    assert!(place.refused().contains("written by a newer version"));
    let place = Place::new();
    place.copied();
    place.ask("INSERT INTO towergate_migrations VALUES (9999, 'later', decode(repeat('00', 32), 'hex'), 0)");
    assert!(place.refused().contains("written by a newer version"));
    place.ask("DELETE FROM towergate_migrations WHERE number > 10");
    assert!(place.refused().contains("the database is behind"));
}

/// Everything before it is there, and the next run goes on.
#[test]
fn a_row_that_postgresql_does_not_take_is_named() {
    let place = Place::new();
    Filler::of(&place.source()).fill_all(20);
    place.change("UPDATE towergate_email_tokens SET tries = 300 WHERE id = (SELECT max(id) FROM towergate_email_tokens)");
    place.change("INSERT INTO towergate_keys VALUES ('k', 'a' || char(0), x'', '{}', 'retired', 1, 1)");
    let told = place.refused();
    assert!(told.contains("towergate_keys (\"k\"): column algorithm") && told.contains("U+0000"), "{told}");
    place.change("DELETE FROM towergate_keys WHERE kid = 'k'");
    let told = place.refused();
    assert!(told.starts_with("towergate_email_tokens ("), "{told}");
    assert!(told.contains("it breaks towergate_email_tokens_tries_check"), "{told}");
    place.change("UPDATE towergate_email_tokens SET tries = 255 WHERE tries = 300");
    place.copied();
}

#[test]
fn a_text_that_is_none_is_named() {
    let place = Place::new();
    place.change("INSERT INTO towergate_ended_sign_ins VALUES (CAST(x'ff41' AS TEXT), 1)");
    let told = place.refused();
    assert!(
        told.contains("towergate_ended_sign_ins")
            && told.contains("column sid holds a text that is not UTF-8"),
        "{told}"
    );
}

#[test]
fn a_server_that_is_not_there_and_an_address_that_is_none_are_told() {
    let place = Place::new();
    let run = |to: &str| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_towergate"));
        let output =
            program.args(["migrate", "copy", "--from"]).arg(&place.file).args(["--to", to]).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(run("postgres://localhost:1/nothing").starts_with("PostgreSQL: "));
    let told = run("mysql://u:hunter2@h/d");
    assert!(told.contains("not of the form") && !told.contains("hunter2"), "{told}");
}
