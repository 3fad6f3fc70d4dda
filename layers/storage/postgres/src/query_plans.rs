//! What PostgreSQL means to do for a statement: asked of itself, where there is a lot to walk.

use towergate_test_servers::postgres::{Database, PostgresServer};

use crate::{audit, audit_seal, cleanup, contract::migrate, rate_limit};

/// What is done for `sql` when it is asked with these values.
pub(crate) fn plan(database: &Database<'_>, sql: &str, with: &[&str]) -> String {
    let with = if with.is_empty() { String::new() } else { format!("({})", with.join(", ")) };
    database
        .ask(&format!("SET search_path TO towergate; PREPARE asked AS {sql}; EXPLAIN EXECUTE asked{with}"))
}

/// Where a whole table is walked.
pub(crate) fn walks(plan: &str) -> Vec<&str> {
    plan.lines().filter(|line| line.contains("Seq Scan on towergate_")).collect()
}

const LIFE: &str = "
    INSERT INTO towergate_audit_events
        (at, request, action, outcome, actor_kind, actor_id, target_kind, target_id, details)
        SELECT n, md5('q' || n)::uuid, 'login.succeeded', 'succeeded', 'anonymous', '', 'user', n, '{}'
        FROM generate_series(1, 50000) n;
    INSERT INTO towergate_audit_seals
        SELECT n, n * 10, 10, sha256(n::text::bytea), sha256(n::text::bytea), n, decode(repeat('00', 64), 'hex'),
               CASE WHEN n > 100 THEN '\\x00'::bytea ELSE '' END FROM generate_series(1, 5000) n;
    INSERT INTO towergate_rate_limits
        SELECT 'sign-in', 'account', sha256(n::text::bytea), n FROM generate_series(1, 30000) n;
    ANALYZE;";

const BUCKET: [&str; 3] = ["'sign-in'", "'account'", "sha256('7')"];

#[test]
fn the_log_and_rate_limits_use_an_index() {
    let database = PostgresServer::shared().database_like("towergate_log_life", migrate);
    database.ask(&format!("SET search_path TO towergate; {LIFE}"));
    let [name, scope, whose] = BUCKET;
    let asked: [(&str, &[&str]); 13] = [
        (audit::AFTER, &["49000", "100"]),
        (audit::END_OF_WINDOW, &["0", "500"]),
        (audit::FORGET, &["0", "500", "300"]),
        (audit_seal::LOOK, &[]),
        (audit_seal::LAST, &[]),
        (audit_seal::SEALS_AFTER, &["4900", "100"]),
        (audit_seal::NEWEST, &[]),
        (audit_seal::COUNT, &["49000", "49010", "300"]),
        (audit_seal::OLDEST_KEPT, &["100"]),
        (audit_seal::EMPTY, &["7"]),
        (rate_limit::LOCK, &BUCKET),
        (rate_limit::KEEP, &[name, scope, whose, "1"]),
        (cleanup::RATE_LIMITS, &["99", "500"]),
    ];
    for (sql, with) in asked {
        let plan = plan(&database, sql, with);
        assert!(plan.contains("(cost="), "{sql}: {plan}");
        assert!(walks(&plan).is_empty(), "{sql}: {plan}");
    }
    let seen = plan(&database, "SELECT 1 FROM towergate_audit_events WHERE at = $1", &["1"]);
    assert_eq!(walks(&seen).len(), 1, "the test sees a walk: {seen}");
}
