//! A server that ends when the process that started it does, however that ends.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::program::{Account, succeeds};

/// Runs the server until a word comes, or the end of whoever would send one; then nothing is left.
const KEEPER: &str = r#"
folder=$1; shift
"$@" </dev/null >>"$folder/log" 2>&1 &
server=$!
echo $server >"$folder/pid"
read -r stop
kill -INT $server 2>/dev/null
wait $server
[ -n "$stop" ] || rm -rf "$folder"
"#;

/// How long a server may take to answer.
const PATIENCE: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// A folder of the account that runs the server, short enough for the name of a socket.
pub(crate) fn folder(account: Option<&Account>) -> PathBuf {
    let folder = tempfile::Builder::new().prefix("tgt").tempdir().expect("a folder for a test server").keep();
    if let Some(account) = account {
        account.owns(&folder);
    }
    folder
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    keeper: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts `program` with `args`, and waits until `answers`.
    pub(crate) fn start(
        program: &Path,
        args: &[&str],
        folder: &Path,
        account: Option<&Account>,
        answers: impl Fn() -> bool,
    ) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(folder).arg(program).args(args).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // What interrupts the tests must not end the keeper before its server.
        command.process_group(0);
        if let Some(account) = account {
            account.runs(&mut command);
        }
        let mut keeper = command.spawn().expect("a shell keeps the server");
        for _ in 0..PATIENCE {
            if answers() {
                return Self { keeper, folder: folder.to_owned() };
            }
            thread::sleep(PAUSE);
        }
        let _ = keeper.kill().and_then(|()| keeper.wait());
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("{} does not answer: {log}", program.display());
    }

    /// Stops it in good order, and waits until it is gone.
    pub(crate) fn stop(mut self) {
        if let Some(mut keeper) = self.keeper.stdin.take() {
            let _ = keeper.write_all(b"stop\n");
        }
        let _ = self.keeper.wait();
    }

    /// Kills it without a word, and waits until it is gone.
    pub(crate) fn kill(self) {
        self.signal("-KILL");
        self.stop();
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.join("pid")).unwrap_or_default();
        succeeds(Command::new("kill").args([signal, pid.trim()]));
    }
}
