//! The store on a host's own pool.

#![expect(clippy::unwrap_used, reason = "what fails, fails the test")]

mod house;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};

use house::{database, event, names};
use sqlx::{Row, postgres::PgPoolOptions};
use towergate_core::audit::AuditLog;
use towergate_postgres::{PgPool, PostgresStore};

/// What a connection of the pool answers.
async fn shown(pool: &PgPool, sql: &'static str) -> Option<String> {
    sqlx::query(sql).fetch_one(pool).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_ours_stays_on_the_hosts_connections() {
    let database = database();
    let pool = PgPoolOptions::new().max_connections(1).connect(&database.url()).await.unwrap();
    let settings = [
        "SHOW search_path",
        "SHOW lock_timeout",
        "SHOW statement_timeout",
        "SHOW idle_in_transaction_session_timeout",
        "SHOW transaction_isolation",
        "SELECT to_regclass('towergate_audit_events')::text",
    ];
    let mut before = Vec::new();
    for sql in settings {
        before.push(shown(&pool, sql).await);
    }
    let store = PostgresStore::options().pool(pool.clone()).await.unwrap();
    store.append(event("first")).await.unwrap();
    assert_eq!(names(&store).await, ["first"]);
    for (sql, before) in settings.into_iter().zip(before) {
        assert_eq!(shown(&pool, sql).await, before, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_waiting_leaves_no_transaction_open() {
    let database = database();
    let pool = PgPoolOptions::new().max_connections(2).connect(&database.url()).await.unwrap();
    let store = PostgresStore::options().pool(pool.clone()).await.unwrap();
    store.append(event("first")).await.unwrap();
    for polls in 1..40 {
        let mut read = pin!(store.events(0, 10));
        for _ in 0..polls {
            if read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    for _ in 0..20 {
        let mut connection = pool.acquire().await.unwrap();
        let row =
            sqlx::query("SELECT pg_current_xact_id_if_assigned()::text, current_setting('search_path')");
        let row = row.fetch_one(&mut *connection).await.unwrap();
        assert_eq!(row.get::<Option<String>, _>(0), None);
        assert_ne!(row.get::<String, _>(1), "towergate, pg_temp");
    }
    assert_eq!(names(&store).await, ["first"]);
}
