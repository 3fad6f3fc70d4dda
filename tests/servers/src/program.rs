//! Programs of the servers, and who runs them.

use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Where `name` is: on the path, or in one of `more`.
pub(crate) fn find(name: &str, more: &[PathBuf]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path);
    // Debian keeps the programs of a PostgreSQL server by version, off the path.
    let found =
        more.iter().cloned().chain(on_path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "this test needs `{name}`: install it (`cargo xtask test` does so on Debian as root: \
             apt-get install postgresql redis-server), or name servers by TOWERGATE_TEST_POSTGRES and TOWERGATE_TEST_REDIS"
        )
    })
}

/// Whether `command` ends well; what it says is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Somebody who is not root: PostgreSQL does not run for root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Whoever runs servers when root runs the tests; nobody else is needed otherwise.
    pub(crate) fn instead_of_root() -> Option<Self> {
        // A process owns what is written about it.
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        if !is_root {
            return None;
        }
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = ["postgres", "nobody"].iter().find_map(|name| named(&accounts, name));
        Some(account.expect("an account that is not root, to run PostgreSQL"))
    }

    pub(crate) fn runs(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).env("HOME", "/");
    }

    pub(crate) fn owns(self, folder: &Path) {
        std::os::unix::fs::chown(folder, Some(self.uid), Some(self.gid)).expect("root gives a folder away");
    }
}

fn named(accounts: &str, name: &str) -> Option<Account> {
    let fields = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let account = fields.into_iter().find(|fields| fields.first() == Some(&name))?;
    Some(Account { uid: account.get(2)?.parse().ok()?, gid: account.get(3)?.parse().ok()? })
}
