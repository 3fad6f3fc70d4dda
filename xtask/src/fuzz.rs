//! `cargo xtask fuzz`: a short walk of each fuzz target, on stable Rust.
//!
//! The coverage instrumentation is the one that cargo-fuzz asks for; the address sanitizer is left out, since it
//! needs a nightly compiler and the house has one unsafe line for it to watch, which no target reaches.

use std::{fs, path::PathBuf, process::Command};

use crate::run::{Failure, root, show};

const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// The same short walk each time, so that a red one is the change's fault.
pub(crate) fn smoke() -> Result<(), Failure> {
    each(&["-seed=1", "-runs=20000", "-max_total_time=20"])
}

/// A walk of its own of each target, for `seconds`.
pub(crate) fn explore(seconds: &str) -> Result<(), Failure> {
    each(&[&format!("-max_total_time={seconds}")])
}

fn each(how: &[&str]) -> Result<(), Failure> {
    let folder = root().join("tests/fuzz");
    let targets = names(&folder.join("targets"))?;
    if targets.is_empty() {
        return Err(Failure(String::from("tests/fuzz/targets has no target")));
    }
    let target_dir = folder.join("target");
    let triple = host()?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--release", "--bins", "--target", &triple]).current_dir(&folder);
    show(build.env("RUSTFLAGS", COVERAGE).env("CARGO_TARGET_DIR", &target_dir))?;
    for name in targets {
        let corpus = folder.join("corpus").join(&name);
        fs::create_dir_all(&corpus).map_err(|error| Failure(format!("{}: {error}", corpus.display())))?;
        let mut fuzz = Command::new(target_dir.join(&triple).join("release").join(&name));
        fuzz.arg(&corpus).args(how).args(["-max_len=4096", "-timeout=10"]);
        let seeds = folder.join("seeds").join(&name);
        if seeds.is_dir() {
            fuzz.arg(seeds);
        }
        show(fuzz.current_dir(&folder))?;
    }
    Ok(())
}

/// The triple of this machine: naming it keeps the instrumentation out of build scripts.
fn host() -> Result<String, Failure> {
    let unknown = || Failure(String::from("`rustc -vV` does not name the host"));
    let output = Command::new("rustc").arg("-vV").output().map_err(|_| unknown())?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned).ok_or_else(unknown)
}

fn names(folder: &PathBuf) -> Result<Vec<String>, Failure> {
    let unreadable = |error| Failure(format!("{}: {error}", folder.display()));
    let mut names: Vec<String> = fs::read_dir(folder)
        .map_err(unreadable)?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}
