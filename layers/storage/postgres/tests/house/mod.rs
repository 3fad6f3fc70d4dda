//! A server for all tests of a file, and a wire that can be cut.

#![expect(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![expect(clippy::unwrap_used, reason = "what cannot be built fails the test")]

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};
use towergate_core::{
    Timestamp,
    audit::{Event, Origin, Party, RequestId},
    id::Uuid,
};
use towergate_postgres::PostgresStore;
use towergate_test_servers::postgres::{Database, PostgresServer};

/// A fresh database in a server that is reached by a socket.
pub fn database() -> Database<'static> {
    static SERVER: OnceLock<PostgresServer> = OnceLock::new();
    SERVER.get_or_init(PostgresServer::private).database()
}

pub fn event(name: &str) -> Event {
    let origin =
        Origin { request: RequestId::from_uuid(Uuid::from_u128(1)), at: Timestamp::from_unix_seconds(1) };
    Event::succeeded(origin, "thing.done", Party::system(), Party::new("thing", name))
}

/// The log, by what each event is about.
pub async fn names(store: &PostgresStore) -> Vec<String> {
    store.events(0, u32::MAX).await.unwrap().into_iter().map(|event| event.target.id).collect()
}

/// A wire between a store and its server, of which each connection can be cut.
pub struct Cut {
    dir: tempfile::TempDir,
    url: String,
    when: Arc<Mutex<Option<(String, bool)>>>,
}

impl Cut {
    pub fn before(database: &Database<'_>) -> Self {
        let url = database.url();
        let (_, folder) = url.split_once("?host=").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join(".s.PGSQL.5432")).unwrap();
        let when = Arc::new(Mutex::new(None));
        tokio::spawn(carry_all(listener, PathBuf::from(folder).join(".s.PGSQL.5432"), Arc::clone(&when)));
        let url = url.replace(folder, &dir.path().display().to_string());
        Self { dir, url, when }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The server hears the next message with this in it, and answers; nobody hears the answer.
    pub fn after_the_next(&self, words: &str) {
        *self.when.lock().unwrap() = Some((words.to_owned(), true));
    }

    /// The server never hears the next message with this in it.
    pub fn at_the_next(&self, words: &str) {
        *self.when.lock().unwrap() = Some((words.to_owned(), false));
    }
}

async fn carry_all(listener: UnixListener, server: PathBuf, when: Arc<Mutex<Option<(String, bool)>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&server).await.unwrap();
        tokio::spawn(carry(client, server, Arc::clone(&when)));
    }
}

/// Carries both ways until the wire is cut, or one end is closed.
async fn carry(
    mut client: UnixStream,
    mut server: UnixStream,
    when: Arc<Mutex<Option<(String, bool)>>>,
) -> std::io::Result<()> {
    let (mut asked, mut answered) = (vec![0; 65536], vec![0; 65536]);
    let mut cut = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(message) = asked.get(..read?).filter(|message| !message.is_empty()) else { return Ok(()) };
                match take_if_in(&when, message) {
                    Some(false) => return Ok(()),
                    Some(true) => cut = true,
                    None => {}
                }
                server.write_all(message).await?;
            }
            read = server.read(&mut answered) => {
                let Some(message) = answered.get(..read?).filter(|message| !message.is_empty()) else { return Ok(()) };
                if cut {
                    return Ok(());
                }
                client.write_all(message).await?;
            }
        }
    }
}

/// Whether the cut is due with this message, and then whether the server is to hear it.
fn take_if_in(when: &Mutex<Option<(String, bool)>>, message: &[u8]) -> Option<bool> {
    let mut when = when.lock().unwrap();
    let (words, heard) = when.as_ref()?;
    let heard = *heard;
    let there = words.is_empty() || message.windows(words.len()).any(|window| window == words.as_bytes());
    there.then(|| *when = None).map(|()| heard)
}
