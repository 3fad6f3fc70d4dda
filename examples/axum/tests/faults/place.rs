//! A host on a socket over a database that the test may disturb.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use http::{Method, StatusCode, header};
use rusqlite::{Connection, types::Value};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};
use towergate::{core::Secret, sqlite::SqliteStore};
use towergate_example_axum::{app::Axum, config::Config, host::Host, run::Framework, serve::serve};

use crate::client::{Browser, Client, Page};

/// How long the host waits for a lock: as good as not at all.
const PATIENCE: Duration = Duration::from_millis(20);

pub(crate) struct Place {
    pub(crate) client: Client,
    pub(crate) database: PathBuf,
    _folder: TempDir,
    _stop: watch::Sender<bool>,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("towergate.db");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let toml = Client::toml(port, &format!("sqlite:{}", database.display()));
        let config = Arc::new(Config::parse("test.toml", &toml).unwrap());
        let store = SqliteStore::options().busy_timeout(PATIENCE).open(&database).unwrap();
        let seal_key = Secret::new([7; 32]);
        let (host, _) = Host::open(config, store.clone(), store, seal_key).await.unwrap();
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(serve(listener, None, Axum::service(host), stopped, std::time::Duration::from_secs(10)));
        let client = Client { issuer: format!("http://localhost:{port}") };
        Self { client, database, _folder: folder, _stop: stop }
    }

    /// Another program's hand on the database.
    pub(crate) fn other(&self) -> Connection {
        Connection::open(&self.database).unwrap()
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        Browser::default().send(Method::GET, self.client.at(path), headers, "").await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Page {
        Browser::default().send(Method::POST, self.client.at(path), headers, form).await
    }
}

/// Every row of every table.
pub(crate) fn rows(connection: &Connection) -> BTreeMap<String, Vec<Vec<Value>>> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let mut tables = connection.prepare(tables).unwrap();
    let names = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    names.map(|name| name.unwrap()).map(|name| (name.clone(), rows_of(connection, &name))).collect()
}

fn rows_of(connection: &Connection, table: &str) -> Vec<Vec<Value>> {
    let mut all = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let width = all.column_count();
    let rows = all.query_map([], |row| (0..width).map(|column| row.get(column)).collect()).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The host cannot serve now, and says when to come again.
pub(crate) fn is_unavailable(answer: &Page) {
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}: {}", answer.url, answer.text);
    assert_eq!(answer.headers[header::RETRY_AFTER], "1", "{}", answer.url);
    assert!(!answer.headers.contains_key(header::SET_COOKIE), "{}: {:?}", answer.url, answer.headers);
}
