//! Whoever reads from another machine, PostgreSQL or the Redis beside it, has a span that tells how long that took.

mod house;

use std::{
    io,
    sync::{Arc, Mutex},
};

use towergate_core::ready::Ready;
use towergate_postgres::PostgresStore;
use towergate_redis::RedisStore;
use towergate_test_servers::redis::RedisServer;
use tracing::Level;
use tracing_subscriber::fmt::format::FmtSpan;

/// What was told, line by line.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
async fn told_of(work: impl Future) -> String {
    let told = Told::default();
    let writer = told.clone();
    let lines = tracing_subscriber::fmt().with_ansi(false).with_max_level(Level::DEBUG);
    let lines = lines.with_span_events(FmtSpan::CLOSE).with_writer(move || writer.clone()).finish();
    let listening = tracing::subscriber::set_default(lines);
    work.await;
    drop(listening);
    let bytes = told.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn what_postgresql_reads_has_a_span() {
    let database = house::database();
    let store = PostgresStore::connect(&database.url()).await.unwrap();
    let told = told_of(store.events(0, 10)).await;
    assert!(
        told.contains(r#"towergate.store{store="postgres" step="read"}: towergate::span: close"#),
        "{told}"
    );
}

#[tokio::test]
async fn what_redis_is_asked_has_a_span() {
    let store = RedisStore::connect(&RedisServer::shared().url()).await.unwrap();
    let told = told_of(store.missing()).await;
    assert!(
        told.contains(r#"towergate.store{store="redis" step="command"}: towergate::span: close"#),
        "{told}"
    );
}
