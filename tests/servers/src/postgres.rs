//! A PostgreSQL server of the tests' own, and fresh databases in it.

use std::{
    collections::HashSet,
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
pub struct PostgresServer {
    place: Place,
    templates: Mutex<HashSet<String>>,
}

#[derive(Debug)]
enum Place {
    There { url: String },
    Own { folder: PathBuf, account: Option<Account>, connections: u16, server: Mutex<Option<Server>> },
}

/// A database that is dropped with this.
#[derive(Debug)]
pub struct Database<'s> {
    server: &'s PostgresServer,
    name: String,
}

impl PostgresServer {
    /// The one server of this test process: the one that `TOWERGATE_TEST_POSTGRES` names, or one of its own.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PostgresServer> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("TOWERGATE_TEST_POSTGRES") {
            Ok(url) if !url.is_empty() => Self::at(Place::There { url }),
            _ => Self::private(),
        })
    }

    /// A server that this test may stop, kill and start again.
    pub fn private() -> Self {
        Self::private_for(300)
    }

    /// The same, that takes so many connections at once and no more.
    pub fn private_for(connections: u16) -> Self {
        let account = Account::instead_of_root();
        let folder = folder(account.as_ref());
        let data = folder.join("data");
        let mut initdb = Command::new(program("initdb"));
        initdb.args([
            "--username=tester",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ]);
        initdb.arg(&data).current_dir(&folder);
        if let Some(account) = account {
            account.runs(&mut initdb);
        }
        let made = initdb.output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let own = Self::at(Place::Own { folder, account, connections, server: Mutex::new(None) });
        own.start();
        own
    }

    /// Starts a private server that was stopped or killed.
    pub fn start(&self) {
        let Place::Own { folder, account, connections, server } = &self.place else {
            panic!("not a private server")
        };
        let most = format!("max_connections={connections}");
        let (data, socket) = (folder.join("data"), folder.display().to_string());
        let data = data.display().to_string();
        let args = [
            "-D",
            &data,
            "-k",
            &socket,
            "-c",
            "listen_addresses=",
            "-c",
            &most,
            "-c",
            "shared_buffers=64MB",
            "-c",
            "max_wal_size=256MB",
        ];
        let answers = || succeeds(&mut self.psql("postgres", "SELECT 1"));
        let started = Server::start(&program("postgres"), &args, folder, account.as_ref(), answers);
        *lock(server) = Some(started);
    }

    /// Stops a private server in good order; whoever is connected is cut off.
    pub fn stop(&self) {
        self.take().stop();
    }

    /// Stops a private server at once, without a last word to the disk: it recovers when it starts again.
    pub fn stop_at_once(&self) {
        let server = self.take();
        server.signal("-QUIT");
        server.stop();
    }

    /// Where a private server takes connections.
    pub fn socket(&self) -> PathBuf {
        let Place::Own { folder, .. } = &self.place else { panic!("not a private server") };
        folder.join(".s.PGSQL.5432")
    }

    /// Kills a private server (SIGKILL), as a lost power supply does but for the disk.
    pub fn kill(&self) {
        self.take().kill();
    }

    /// An empty database.
    pub fn database(&self) -> Database<'_> {
        let name = fresh_name();
        self.must(&format!("CREATE DATABASE {name}"));
        Database { server: self, name }
    }

    /// A database like the one that `prepare` makes of an empty one, which it is given the address of, and leaves. It is asked
    /// once for each `kind`.
    pub fn database_like(&self, kind: &str, prepare: impl FnOnce(&str)) -> Database<'_> {
        let template = format!("tgt_{}_{kind}", std::process::id());
        {
            let mut templates = lock(&self.templates);
            if !templates.contains(kind) {
                self.must(&format!("CREATE DATABASE {template}"));
                prepare(&self.url(&template));
                templates.insert(kind.to_owned());
            }
        }
        let name = fresh_name();
        self.must(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Database { server: self, name }
    }

    /// Runs `sql` in `database`, and answers what `psql` prints.
    pub fn ask(&self, database: &str, sql: &str) -> String {
        let answer = self.psql(database, sql).output().expect("psql runs");
        assert!(answer.status.success(), "{sql}: {}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8_lossy(&answer.stdout).trim().to_owned()
    }

    fn at(place: Place) -> Self {
        Self { place, templates: Mutex::default() }
    }

    fn take(&self) -> Server {
        let Place::Own { server, .. } = &self.place else { panic!("not a private server") };
        lock(server).take().expect("the server runs")
    }

    fn must(&self, sql: &str) {
        self.ask("postgres", sql);
    }

    fn psql(&self, database: &str, sql: &str) -> Command {
        let mut psql = Command::new(program("psql"));
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--command",
            sql,
        ]);
        psql.arg(self.url(database));
        psql
    }

    /// The address of a database in it.
    pub fn url(&self, database: &str) -> String {
        match &self.place {
            Place::Own { folder, .. } => {
                format!("postgres://tester@localhost/{database}?host={}", folder.display())
            }
            Place::There { url } => {
                let (place, query) = url.split_once('?').map_or((url.as_str(), None), |(p, q)| (p, Some(q)));
                // What follows the server's name is the name of a database.
                let rest = place.split_once("://").map_or(place, |(_, rest)| rest);
                let server = rest.split('/').next().unwrap_or(rest);
                let query = query.map(|query| format!("?{query}")).unwrap_or_default();
                format!("postgres://{server}/{database}{query}")
            }
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Place::Own { folder, server, .. } = &self.place {
            if let Some(server) = lock(server).take() {
                server.kill();
            }
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl Database<'_> {
    /// Its address.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Runs `sql` in it, and answers what `psql` prints.
    pub fn ask(&self, sql: &str) -> String {
        self.server.ask(&self.name, sql)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let gone = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        succeeds(&mut self.server.psql("postgres", &gone));
    }
}

fn fresh_name() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    format!("tgt_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

/// Debian keeps the server's programs by version, off the path; the newest is taken.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    find(name, &folders)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
