//! `cargo xtask bench`: every figure of `benches/REPORT.md` in one run, and the report from them.

use std::{path::PathBuf, process::Command};

use crate::{
    needs,
    run::{Failure, cargo, is_here, root, show},
};

/// Measures everything, thoroughly or just enough to see that it runs, and writes the report.
pub(crate) fn all(quick: bool) -> Result<(), Failure> {
    build()?;
    bring_node();
    let results = crate_folder().join("target/results");
    // Figures of an earlier run are of another run.
    let _ = std::fs::remove_dir_all(results);
    show(&mut program("allocations"))?;
    let mut parts: Vec<&[&str]> = vec![
        &["rows"],
        &["load"],
        &["load", "--storm"],
        &["load", "--store", "sqlite"],
        &["load", "--memory"],
        &["growth"],
    ];
    if needs::has_postgres() {
        parts.extend([&["load", "--store", "postgres"] as &[&str], &["growth", "--store", "postgres"]]);
    }
    if is_here("valgrind") {
        parts.push(&["instructions"]);
    } else {
        tell("without valgrind, the instructions of the hot paths are not counted");
    }
    let mut failed = Vec::new();
    for part in parts {
        let mut command = program("peers");
        command.args(part).args(quick.then_some("--quick"));
        // A part that fails is a row that is not measured; the others are worth having all the same.
        if let Err(Failure(why)) = show(&mut command) {
            failed.push(why);
        }
    }
    show(program("peers").arg("report"))?;
    if failed.is_empty() { Ok(()) } else { Err(Failure(failed.join("\n"))) }
}

/// Measures how cost grows to ten millions of everything, and writes `benches/GROWTH.md`.
pub(crate) fn growth() -> Result<(), Failure> {
    build()?;
    show(program("peers").args(["growth", "--huge"]))?;
    if needs::has_postgres() {
        show(program("peers").args(["growth", "--huge", "--store", "postgres"]))?;
    }
    show(program("peers").args(["report", "--growth"]))
}

/// The reference host, and the programs that measure.
fn build() -> Result<(), Failure> {
    show(&mut cargo(&["build", "--release", "--locked", "--package", "towergate-example-axum"]))?;
    let mut peers = cargo(&["build", "--release", "--locked"]);
    show(peers.current_dir(crate_folder()).env_remove("CARGO_TARGET_DIR"))
}

/// Brings the peer from npm, with a Node.js that it takes; without it its rows are not measured.
fn bring_node() {
    let folder = crate_folder().join("node");
    if !is_here("npm")
        || show(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder)).is_err()
    {
        tell("without npm, rows beside oidc-provider are not measured");
    }
}

fn program(name: &str) -> Command {
    let mut command = Command::new(crate_folder().join("target/release").join(name));
    command.env("TOWERGATE_BENCH_HOST", needs::target().join("release/towergate-example-axum"));
    command.env_remove("CARGO_TARGET_DIR").current_dir(root());
    command
}

fn crate_folder() -> PathBuf {
    root().join("benches/peers")
}

#[expect(clippy::print_stderr, reason = "a command line talks to a person")]
fn tell(text: &str) {
    eprintln!("\n{text}");
}
