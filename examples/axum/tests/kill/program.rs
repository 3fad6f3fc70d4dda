//! The program as a process: started, killed, started again.

use std::{
    fs,
    io::{BufRead, BufReader},
    mem,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        atomic::{AtomicU16, Ordering},
        mpsc::Receiver,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A running program.
pub(crate) struct Program {
    config: PathBuf,
    child: Child,
    /// Held open, because a program must not die of a reader that left.
    said: BufReader<ChildStdout>,
}

/// A killed program.
pub(crate) struct Dead(PathBuf);

impl Program {
    pub(crate) fn start(folder: &Path, toml: &str) -> Self {
        Dead::new(folder, toml).start_again()
    }

    /// Kills the program this long after `burnt` tells, in a thread.
    pub(crate) fn kill_after(self, burnt: Receiver<()>, delay: Duration) -> JoinHandle<Dead> {
        thread::spawn(move || {
            // When nobody is left to tell, it is time too.
            let _ = burnt.recv();
            thread::sleep(delay);
            self.kill()
        })
    }

    /// SIGKILL: nothing is finished, flushed or closed.
    pub(crate) fn kill(mut self) -> Dead {
        Dead(mem::take(&mut self.config))
    }

    /// SIGTERM: what is under way is finished.
    pub(crate) fn terminate(mut self) -> Dead {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success(), "{told}");
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}");
        Dead(mem::take(&mut self.config))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Dead {
    /// A program that never ran.
    pub(crate) fn new(folder: &Path, toml: &str) -> Self {
        let config = folder.join("host.toml");
        fs::write(&config, toml).unwrap();
        Self(config)
    }

    /// Starts the program, and reads what it says up to the last line of its welcome.
    pub(crate) fn start_again(self) -> Program {
        let mut program = self.spawn();
        let mut line = String::new();
        while !line.starts_with("Ctrl-C") {
            line.clear();
            assert_ne!(program.said.read_line(&mut line).unwrap(), 0, "the program ended before it answered");
        }
        program
    }

    /// Starts the program, and kills it whether it is ready or not.
    pub(crate) fn start_and_kill(self, delay: Duration) -> Self {
        let program = self.spawn();
        thread::sleep(delay);
        program.kill()
    }

    fn spawn(self) -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_towergate-example-axum"))
            .env("TOWERGATE_CONFIG", &self.0)
            .env("RUST_LOG", "error")
            .current_dir(self.0.parent().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Program { config: self.0, child, said }
    }
}

/// A port that stays free while the program is down: below those that outgoing connections take, asked for by no
/// other test of this process, and hardly by one of another.
pub(crate) fn free_port() -> u16 {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    let of_this_process = 20_000 + 24 * u16::try_from(std::process::id() % 500).unwrap();
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (0..24).map(|_| of_this_process + ASKED.fetch_add(1, Ordering::Relaxed)).find(free).unwrap()
}
