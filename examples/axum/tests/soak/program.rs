//! The program as a process, of which everything that it says is kept.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::Duration,
};

use towergate::core::system::Stopwatch;

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// A program that can be started: its file, its configuration and its folder.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
}

/// A program that runs.
pub(crate) struct Program(Child);

/// What a program takes of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    pub(crate) kib: u64,
    pub(crate) files: usize,
    pub(crate) threads: u64,
}

impl Recipe {
    pub(crate) fn new(program: &Path, folder: &Path, port: u16, toml: &str) -> Self {
        fs::write(folder.join("host.toml"), toml).unwrap();
        Self { program: program.to_owned(), folder: folder.to_owned(), port }
    }

    /// Starts the program, and waits until it says that it is ready.
    pub(crate) fn start(&self) -> Program {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let child = Command::new(&self.program)
            .env("TOWERGATE_CONFIG", self.folder.join("host.toml"))
            .env("RUST_LOG", "error")
            .env("RUST_BACKTRACE", "0")
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut program = Program(child);
        let waited = Stopwatch::started();
        while !self.is_ready() {
            let ended = program.0.try_wait().unwrap();
            assert!(ended.is_none(), "the program ended before it was ready: {}", self.said());
            assert!(waited.elapsed() < PATIENCE, "the program is not ready: {}", self.said());
            thread::sleep(PAUSE);
        }
        program
    }

    /// All that it has said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn is_ready(&self) -> bool {
        let Ok(mut asking) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let mut answer = String::new();
        asking.set_read_timeout(Some(PATIENCE)).unwrap();
        let asked = asking.write_all(b"GET /readyz HTTP/1.0\r\nhost: localhost\r\n\r\n");
        asked.and_then(|()| asking.read_to_string(&mut answer)).is_ok() && answer.contains(" 200 ")
    }
}

impl Program {
    /// SIGKILL: nothing is finished, flushed or closed.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// SIGTERM: what is under way is finished. Answers whether it ended well.
    pub(crate) fn terminate(mut self) -> bool {
        let told = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        told.success() && self.0.wait().unwrap().success()
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn size(&self) -> Size {
        let place = PathBuf::from(format!("/proc/{}", self.id()));
        let status = fs::read_to_string(place.join("status")).unwrap_or_default();
        let number = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let files = fs::read_dir(place.join("fd")).map_or(0, Iterator::count);
        Size { kib: number("VmRSS:").unwrap_or(0), files, threads: number("Threads:").unwrap_or(0) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// A port that stays free while the program is down: below those that outgoing connections take, and asked for by no
/// other test of this process.
pub(crate) fn free_port() -> u16 {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    let of_this_process = 14_000 + 12 * u16::try_from(std::process::id() % 480).unwrap();
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..12).map(|_| of_this_process + ASKED.fetch_add(1, Ordering::Relaxed)).find(free).unwrap()
}
