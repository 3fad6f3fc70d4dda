//! `cargo xtask interop`: other people's clients drive the examples over sockets.

use std::process::Command;

use crate::{
    needs,
    run::{Failure, cargo, root, show, tee},
    test::{Count, counted},
};

/// Every client of other people: those from npm and PyPI, and those of the workspace's own tests.
pub(crate) fn alone() -> Result<Count, Failure> {
    needs::of_interop()?;
    let crates = counted(&mut cargo(&[
        "test",
        "--package",
        "towergate-example-axum",
        "--all-features",
        "--test",
        "interop",
    ]))?;
    if crates.failed > 0 {
        return Err(Failure(format!("interop: {crates}")));
    }
    Ok(crates.plus(all()?))
}

/// Builds the examples and lets each client from npm and PyPI walk the whole way through them.
pub(crate) fn all() -> Result<Count, Failure> {
    show(&mut cargo(&[
        "build",
        "--package",
        "towergate-example-axum",
        "--package",
        "towergate-example-warp",
    ]))?;
    let interop = root().join("tests/interop");
    let mut npm = Command::new("node");
    // Without a path, `node` looks for tests below the folder, and passes `node_modules` by.
    npm.args(["--test", "--test-reporter=tap"]).current_dir(&interop);
    let mut pypi = Command::new(needs::python());
    pypi.args(["-B", "-W", "ignore", "run.py"]).current_dir(interop.join("python"));
    Ok(reported("npm", &mut npm)?.plus(reported("PyPI", &mut pypi)?))
}

/// Runs clients that end with `# pass 9` and `# fail 0`.
fn reported(whose: &str, command: &mut Command) -> Result<Count, Failure> {
    let (output, succeeded) = tee(command)?;
    let number =
        |name: &str| output.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    let (Some(passed), Some(failed)) = (number("# pass "), number("# fail ")) else {
        return Err(Failure(format!("the clients from {whose} did not report a count")));
    };
    let count = Count { passed, failed };
    if !succeeded || failed > 0 || passed == 0 {
        return Err(Failure(format!("interop with the clients from {whose}: {count}")));
    }
    Ok(count)
}
