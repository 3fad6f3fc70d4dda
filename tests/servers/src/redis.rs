//! A Redis server of the tests' own, and key prefixes in it.

use std::{
    path::PathBuf,
    process::Command,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    program::{Account, find, succeeds},
    server::{Server, folder},
};

/// A server: one of the tests' own, or one that is there already.
#[derive(Debug)]
pub struct RedisServer(Place);

#[derive(Debug)]
enum Place {
    There { url: String },
    Own { folder: PathBuf, account: Option<Account>, keeps_all: bool, server: Mutex<Option<Server>> },
}

impl RedisServer {
    /// The one server of this test process: the one that `TOWERGATE_TEST_REDIS` names, or one of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<RedisServer> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("TOWERGATE_TEST_REDIS") {
            Ok(url) if !url.is_empty() => Self(Place::There { url }),
            _ => Self::private(),
        })
    }

    /// A server that this test may stop, kill, start again and flush.
    pub fn private() -> Self {
        Self::own(false)
    }

    /// The same, that has each change on disk before it answers.
    pub fn private_keeping_all() -> Self {
        Self::own(true)
    }

    fn own(keeps_all: bool) -> Self {
        let account = Account::instead_of_root();
        let folder = folder(account.as_ref());
        let own = Self(Place::Own { folder, account, keeps_all, server: Mutex::new(None) });
        own.start();
        own
    }

    /// Starts a private server that was stopped or killed, with what it kept on disk if it does.
    pub fn start(&self) {
        let Place::Own { folder, account, keeps_all, server } = &self.0 else {
            panic!("not a private server")
        };
        let socket = self.socket();
        let socket = socket.display().to_string();
        let keeps = if *keeps_all { "yes" } else { "no" };
        let mut args = vec!["--port", "0", "--unixsocket", &socket, "--save", "", "--appendonly", keeps];
        let place = folder.display().to_string();
        if *keeps_all {
            args.extend(["--appendfsync", "always", "--dir", &place]);
        }
        let answers = || succeeds(&mut self.cli(&["PING"]));
        let started = Server::start(&find("redis-server", &[]), &args, folder, account.as_ref(), answers);
        *server.lock().unwrap_or_else(PoisonError::into_inner) = Some(started);
    }

    /// Stops a private server in good order.
    pub fn stop(&self) {
        self.take().stop();
    }

    /// Kills a private server (SIGKILL).
    pub fn kill(&self) {
        self.take().kill();
    }

    /// Lets a private server stand still: it takes connections, and answers nothing.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Forgets everything in a private server.
    pub fn flush(&self) {
        assert!(succeeds(&mut self.cli(&["FLUSHALL"])), "redis-cli flushes");
    }

    /// Its address.
    pub fn url(&self) -> String {
        match &self.0 {
            Place::There { url } => url.clone(),
            Place::Own { .. } => format!("redis+unix://{}", self.socket().display()),
        }
    }

    /// A prefix that no other test of any process uses.
    pub fn prefix(&self) -> String {
        static MADE: AtomicU64 = AtomicU64::new(0);
        format!("tgt:{}:{}:", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
    }

    fn signal(&self, signal: &str) {
        let Place::Own { server, .. } = &self.0 else { panic!("not a private server") };
        server
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .expect("the server runs")
            .signal(signal);
    }

    fn take(&self) -> Server {
        let Place::Own { server, .. } = &self.0 else { panic!("not a private server") };
        server.lock().unwrap_or_else(PoisonError::into_inner).take().expect("the server runs")
    }

    fn socket(&self) -> PathBuf {
        let Place::Own { folder, .. } = &self.0 else { panic!("not a private server") };
        folder.join("redis.sock")
    }

    fn cli(&self, words: &[&str]) -> Command {
        let mut cli = Command::new(find("redis-cli", &[]));
        cli.arg("-e").arg("-s").arg(self.socket()).args(words);
        cli
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Place::Own { folder, server, .. } = &self.0 {
            if let Some(server) = server.lock().unwrap_or_else(PoisonError::into_inner).take() {
                server.kill();
            }
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
