//! A private Redis, and a runtime to ask it from.

use std::{
    future::Future,
    io::{BufRead, BufReader},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    thread,
    time::Duration,
};

use redis::{Client, FromRedisValue};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use towergate_redis::{RedisOptions, RedisStore};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// Starts a server, and ends it when the shell's standard input does: also when the test is killed.
const WATCHED: &str = r#"redis-server "$@" >/dev/null & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null"#;

/// A Redis of a test's own, on a socket in a directory of its own; it ends with the test.
pub(crate) struct Server {
    dir: TempDir,
    arguments: Vec<String>,
    shell: Child,
    pid: String,
}

impl Server {
    /// A server that keeps nothing on disk.
    pub(crate) fn start() -> Self {
        Self::with("--save '' --appendonly no")
    }

    pub(crate) fn with(arguments: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut all: Vec<String> = ["--port", "0", "--unixsocket"].map(str::to_owned).into();
        let path = |name| dir.path().join(name).display().to_string();
        all.extend([path("redis.sock"), "--dir".to_owned(), path("")]);
        all.extend(arguments.split_whitespace().map(|word| word.replace("''", "")));
        let (shell, pid) = run(&all);
        let server = Self { dir, arguments: all, shell, pid };
        server.await_answer();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("redis.sock")
    }

    pub(crate) fn store(&self) -> RedisStore {
        self.store_with(RedisStore::options())
    }

    pub(crate) fn store_with(&self, options: RedisOptions) -> RedisStore {
        block_on(options.connect(&self.url())).unwrap()
    }

    /// Says something to it that no store says.
    pub(crate) fn say<T: FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = Client::open(self.url()).unwrap().get_connection().unwrap();
        let (name, arguments) = words.split_first().unwrap();
        redis::cmd(name).arg(arguments).query(&mut connection).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.signal("-KILL");
        // The shell waits for its input, and for nobody else.
        drop(self.shell.stdin.take());
        self.shell.wait().unwrap();
    }

    pub(crate) fn restart(&mut self) {
        let _ = std::fs::remove_file(self.socket());
        (self.shell, self.pid) = run(&self.arguments);
        self.await_answer();
    }

    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.pid]).status().unwrap().success());
    }

    fn await_answer(&self) {
        for _ in 0..2000 {
            if UnixStream::connect(self.socket()).is_ok() {
                let pong = Client::open(self.url()).unwrap().get_connection();
                if pong.is_ok_and(|mut to| redis::cmd("PING").query::<String>(&mut to).is_ok()) {
                    return;
                }
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("redis-server does not answer: is it installed? `cargo xtask stores` installs it");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

fn run(arguments: &[String]) -> (Child, String) {
    let mut shell = Command::new("sh");
    shell.args(["-c", WATCHED, "redis-server"]).args(arguments);
    let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut pid = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut pid).unwrap();
    (shell, pid.trim().to_owned())
}

/// Asks until the answer is right: for what comes by itself, after a pause that nobody knows.
pub(crate) fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..2000 {
        if let Some(answer) = ask() {
            return answer;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not come to pass");
}
