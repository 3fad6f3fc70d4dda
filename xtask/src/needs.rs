//! What tests need beyond Rust: installed when we are root on Debian, named exactly when we are not.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::run::{Failure, is_here, root, show, succeeds};

/// A program and the Debian package that brings it.
const FOR_BROWSER: &[(&str, &str)] =
    &[("chromium", "chromium"), ("chromedriver", "chromium-driver"), ("npm", "npm")];
const FOR_STORES: &[(&str, &str)] =
    &[("psql", "postgresql"), ("redis-server", "redis-server"), ("redis-cli", "redis-tools")];
const FOR_INTEROP: &[(&str, &str)] = &[("node", "nodejs"), ("npm", "npm"), ("python3", "python3")];
/// Debian leaves out of Python what installs other people's packages.
const MODULES_FOR_INTEROP: &str = "python3-venv";

/// Makes sure that `cargo xtask test` has a browser, a Node.js, and servers for the stores.
pub(crate) fn of_tests() -> Result<(), Failure> {
    of_browser()?;
    of_interop()?;
    of_stores()
}

/// Makes sure that there are PostgreSQL and Redis to be started.
pub(crate) fn of_stores() -> Result<(), Failure> {
    programs(FOR_STORES)?;
    // Who has the client alone has `psql` too.
    if has_postgres() { Ok(()) } else { packages(&["postgresql"]) }
}

/// Makes sure that there is a browser, and what looks at its pages.
pub(crate) fn of_browser() -> Result<(), Failure> {
    programs(FOR_BROWSER)?;
    from_npm(&root().join("tests/browser"))
}

/// Makes sure that other people's clients are installed.
pub(crate) fn of_interop() -> Result<(), Failure> {
    programs(FOR_INTEROP)?;
    let interop = root().join("tests/interop");
    from_npm(&interop)?;
    python_packages(&interop.join("python/requirements.txt"))
}

/// The Python that has the packages of the interop tests.
pub(crate) fn python() -> PathBuf {
    target().join("interop-python/bin/python")
}

/// Where Cargo builds.
pub(crate) fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Installs what the lock file of `folder` says.
fn from_npm(folder: &Path) -> Result<(), Failure> {
    show(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

fn python_packages(wanted: &Path) -> Result<(), Failure> {
    let python = python();
    // A folder that was made for another Python, or not to its end, is made anew.
    if !succeeds(Command::new(&python).args(["-m", "pip", "--version"])) {
        if !succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
            packages(&[MODULES_FOR_INTEROP])?;
        }
        show(Command::new("python3").args(["-m", "venv", "--clear"]).arg(target().join("interop-python")))?;
    }
    show(
        Command::new(python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(wanted),
    )
}

/// Debian keeps the server's programs by version, off the path.
pub(crate) fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    is_here("initdb") || versions.into_iter().any(|version| version.path().join("bin/initdb").exists())
}

fn programs(wanted: &[(&str, &str)]) -> Result<(), Failure> {
    let missing: Vec<&str> =
        wanted.iter().filter(|(program, _)| !is_here(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() { Ok(()) } else { packages(&missing) }
}

fn packages(missing: &[&str]) -> Result<(), Failure> {
    let install = format!("apt-get install -y {}", missing.join(" "));
    if !Path::new("/etc/debian_version").exists() || !is_root() {
        return Err(Failure(format!("missing packages; on Debian run, as root: {install}")));
    }
    show(Command::new("apt-get").arg("update"))?;
    show(
        Command::new("apt-get")
            .args(["install", "-y", "--no-install-recommends"])
            .args(missing)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}
