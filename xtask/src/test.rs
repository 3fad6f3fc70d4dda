//! `cargo xtask test`: everything that can fail, then how much of it there was.

use std::{fmt, process::Command};

use crate::{
    browser, interop, needs,
    run::{Failure, cargo, tee},
    stores::Servers,
};

/// How many tests ran.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Count {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs all tests: the workspace's with its doc tests and on private servers, the browser's, and other people's
/// clients.
pub(crate) fn all() -> Result<Count, Failure> {
    needs::of_tests()?;
    browser::forget_pictures()?;
    let rust = workspace()?;
    if rust.failed > 0 {
        return Err(Failure(rust.to_string()));
    }
    Ok(rust.plus(interop::all()?))
}

fn workspace() -> Result<Count, Failure> {
    let arguments = ["test", "--workspace", "--all-features", "--no-fail-fast"];
    let servers = Servers::start();
    counted(servers.named_to(cargo(&arguments).env("TOWERGATE_BROWSER_TESTS", "1")))
}

/// Runs `cargo test` and reads what it says of its tests.
pub(crate) fn counted(command: &mut Command) -> Result<Count, Failure> {
    let (output, succeeded) = tee(command)?;
    let count = output.lines().filter_map(read).fold(Count::default(), Count::plus);
    if count.passed == 0 || (!succeeded && count.failed == 0) {
        return Err(Failure(String::from("the tests did not build or did not run")));
    }
    Ok(count)
}

/// Reads `test result: ok. 9 passed; 0 failed; ...`.
fn read(line: &str) -> Option<Count> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |name: &str| {
        counts.split("; ").find_map(|part| part.trim().strip_suffix(name)?.trim().parse::<u64>().ok())
    };
    Some(Count { passed: number("passed")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_line_is_counted() {
        let line =
            "test result: FAILED. 9 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1s";
        assert_eq!(read(line), Some(Count { passed: 9, failed: 2 }));
        assert_eq!(read("running 9 tests"), None);
    }
}
