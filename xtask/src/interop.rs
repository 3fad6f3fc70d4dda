//! `cargo xtask interop`: other people's clients drive the example over sockets.

use std::process::Command;

use crate::{
    run::{Failure, cargo, root, show, tee},
    test::Count,
};

/// Builds the example and lets each client walk the whole way through it.
pub(crate) fn all() -> Result<Count, Failure> {
    show(&mut cargo(&[
        "build",
        "--package",
        "towergate-example-axum",
        "--package",
        "towergate-example-warp",
    ]))?;
    let (output, succeeded) = tee(Command::new("node")
        .args(["--test", "--test-reporter=tap", "."])
        .current_dir(root().join("tests/interop")))?;
    let number =
        |name: &str| output.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    let (Some(passed), Some(failed)) = (number("# pass"), number("# fail")) else {
        return Err(Failure(String::from("the clients did not report a count")));
    };
    if !succeeded || failed > 0 || passed == 0 {
        return Err(Failure(format!("interop: {passed} passed, {failed} failed")));
    }
    Ok(Count { passed, failed })
}
