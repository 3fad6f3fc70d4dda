use towergate_test_servers::postgres::{Database, PostgresServer};

use super::*;
use crate::{contract::block_on, store::PostgresStore};

fn database() -> Database<'static> {
    PostgresServer::shared().database()
}

fn open(database: &Database<'_>) -> Result<PostgresStore, OpenError> {
    block_on(PostgresStore::connect(&database.url()))
}

/// The number of the last migration; they count upwards.
fn latest() -> i64 {
    assert!(MIGRATIONS.is_sorted_by(|one, next| one.number < next.number));
    MIGRATIONS.last().unwrap().number
}

fn applied(database: &Database<'_>) -> String {
    database.ask("SELECT max(number) FROM towergate.towergate_migrations")
}

#[test]
fn all_is_in_a_schema_of_our_own_and_the_hosts_tables_stay() {
    let database = database();
    database.ask("CREATE TABLE orders (id int); CREATE TABLE _sqlx_migrations (version bigint)");
    open(&database).unwrap();
    open(&database).unwrap();
    assert_eq!(applied(&database), latest().to_string());
    let hosts =
        "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(database.ask(hosts), "_sqlx_migrations orders");
    let foreign = "SELECT count(*) FROM pg_tables WHERE schemaname = 'towergate' AND tablename NOT LIKE 'towergate\\_%'";
    assert_eq!(database.ask(foreign), "0");
}

#[test]
fn a_schema_may_have_another_name() {
    let database = database();
    let options = PostgresStore::options().schema("gate_2");
    block_on(options.connect(&database.url())).unwrap();
    assert_eq!(database.ask("SELECT count(*) FROM gate_2.towergate_audit_events"), "0");
    assert_eq!(database.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'towergate'"), "0");
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let database = database();
    open(&database).unwrap();
    let later = latest() + 1;
    let digest = "decode(repeat('00', 32), 'hex')";
    database
        .ask(&format!("INSERT INTO towergate.towergate_migrations VALUES ({later}, 'later', {digest}, 0)"));
    let refused = open(&database).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { number, .. } if number == later), "{refused}");
}

#[test]
fn a_migration_applied_in_other_words_is_refused() {
    let database = database();
    open(&database).unwrap();
    database.ask(
        "UPDATE towergate.towergate_migrations SET digest = decode(repeat('00', 32), 'hex') WHERE number = 2",
    );
    let refused = open(&database).unwrap_err();
    assert!(matches!(refused, OpenError::Altered { number: 2, .. }), "{refused}");
}

#[test]
fn a_database_that_is_behind_is_refused_when_told_not_to_migrate() {
    let database = database();
    let only_look = PostgresStore::options().migrate(false);
    let refused = block_on(only_look.connect(&database.url())).unwrap_err();
    let all: Vec<_> = MIGRATIONS.iter().map(|migration| migration.name).collect();
    assert!(matches!(&refused, OpenError::Behind { due } if *due == all), "{refused}");
    assert_eq!(database.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'towergate'"), "0");
    open(&database).unwrap();
    block_on(only_look.connect(&database.url())).unwrap();
}

#[test]
fn a_migration_that_fails_leaves_nothing() {
    let database = database();
    database.ask("CREATE SCHEMA towergate; CREATE TABLE towergate.towergate_rate_limits (id int)");
    assert!(matches!(open(&database), Err(OpenError::Postgres(_))));
    assert_eq!(database.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'towergate'"), "1");
}

#[test]
fn many_may_start_at_once_on_one_fresh_database() {
    let database = database();
    let url = database.url();
    let opened: Vec<_> = std::thread::scope(|scope| {
        let connect = || block_on(PostgresStore::connect(&url));
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(connect)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    for store in opened {
        store.unwrap();
    }
    assert_eq!(applied(&database), latest().to_string());
}

#[test]
fn whoever_may_not_make_schemas_fills_one_that_is_theirs() {
    let database = database();
    let role = format!("role_of_{}", std::process::id());
    database.ask(&format!("CREATE ROLE {role} LOGIN; CREATE SCHEMA towergate AUTHORIZATION {role}"));
    let url = database.url().replace("//tester@", &format!("//{role}@"));
    block_on(async {
        let theirs = PostgresStore::connect(&url).await.unwrap();
        theirs.close().await;
    });
    assert_eq!(applied(&database), latest().to_string());
    database.ask(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}
