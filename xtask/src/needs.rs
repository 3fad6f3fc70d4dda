//! What tests need beyond Rust: installed when we are root on Debian, named exactly when we are not.

use std::{path::Path, process::Command};

use crate::run::{Failure, is_here, root, show};

/// A program and the Debian package that brings it.
const FOR_TESTS: &[(&str, &str)] = &[("chromium", "chromium"), ("chromedriver", "chromium-driver")];
const FOR_INTEROP: &[(&str, &str)] = &[("node", "nodejs"), ("npm", "npm")];

/// Makes sure that `cargo xtask test` has a browser and a Node.js.
pub(crate) fn of_tests() -> Result<(), Failure> {
    programs(FOR_TESTS)?;
    of_interop()
}

/// Makes sure that other people's clients are installed.
pub(crate) fn of_interop() -> Result<(), Failure> {
    programs(FOR_INTEROP)?;
    show(
        Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(root().join("tests/interop")),
    )
}

fn programs(wanted: &[(&str, &str)]) -> Result<(), Failure> {
    let missing: Vec<&str> =
        wanted.iter().filter(|(program, _)| !is_here(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!("apt-get install -y {}", missing.join(" "));
    if !Path::new("/etc/debian_version").exists() || !is_root() {
        return Err(Failure(format!("missing programs; on Debian run, as root: {install}")));
    }
    show(Command::new("apt-get").arg("update"))?;
    show(
        Command::new("apt-get")
            .args(["install", "-y", "--no-install-recommends"])
            .args(&missing)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
