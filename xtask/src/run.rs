//! Running a program, shown as it runs, and what it printed.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Why a command of this repository ended badly.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Cargo, at the root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    // Build scripts that look at these would run anew, here and in the shell in turns.
    let of_this_crate = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_this_crate)) {
        command.env_remove(name);
    }
    command
}

/// Runs `command`; its output goes where ours goes.
pub(crate) fn show(command: &mut Command) -> Result<(), Failure> {
    announce(command);
    let status = command.status().map_err(|error| Failure(format!("{command:?} did not start: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure(format!("{command:?} ended with {status}"))) }
}

/// Runs `command`, shows what it prints, and gives its standard output back, with whether it succeeded.
#[expect(clippy::print_stdout, reason = "the output is passed on while it comes")]
pub(crate) fn tee(command: &mut Command) -> Result<(String, bool), Failure> {
    announce(command);
    let failed = |error: std::io::Error| Failure(format!("a command did not run: {error}"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut kept = String::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.map_err(failed)?;
            println!("{line}");
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    Ok((kept, child.wait().map_err(failed)?.success()))
}

/// Whether `program` can be started.
pub(crate) fn is_here(program: &str) -> bool {
    succeeds(Command::new(program).arg("--version"))
}

/// Whether `command`, run unseen, ends well.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[expect(clippy::print_stderr, reason = "a person wants to see what runs")]
fn announce(command: &Command) {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    eprintln!("\n$ {}", words.join(" "));
}
