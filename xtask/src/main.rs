//! The commands of this repository. `cargo xtask` alone lists them.

mod bench;
mod browser;
mod check;
mod features;
mod fuzz;
mod interop;
mod needs;
mod run;
mod stores;
mod test;

use std::process::ExitCode;

use run::Failure;

const HELP: &str = "\
cargo xtask test       install what tests need, run everything, end with a count
cargo xtask stores     the stores that are servers, on PostgreSQL and Redis of their own, and hosts on them
                       --soak [S]: two hosts at full load, a fault every ten seconds, for S seconds (3600)
cargo xtask browser    a person in Chromium at every page, with pictures in target/browser-screenshots
cargo xtask interop    other people's OpenID clients against the example, over sockets
cargo xtask bench      measure everything beside its yardsticks and write benches/REPORT.md; `--quick` only tries it,
                       `--growth` fills databases with ten millions of everything and writes benches/GROWTH.md
cargo xtask features   check each crate with each of its features alone
cargo xtask fuzz [S]   walk each fuzz target a little, the same way each time; or anew for S seconds
cargo xtask check      format, lints, documentation, features, dependencies";

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to a person")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => test::all().map(|summary| println!("\n{summary}")),
        ["stores"] => stores::alone().map(|count| println!("\n{count}")),
        ["stores", "--soak"] => stores::soak("3600"),
        ["stores", "--soak", seconds] => stores::soak(seconds),
        ["browser"] => browser::alone().map(|count| println!("\n{count}")),
        ["interop"] => interop::alone().map(|count| println!("\n{count}")),
        ["bench"] => bench::all(false),
        ["bench", "--quick"] => bench::all(true),
        ["bench", "--growth"] => bench::growth(),
        ["features"] => features::each(),
        ["fuzz"] => fuzz::smoke(),
        ["fuzz", seconds] => fuzz::explore(seconds),
        ["check"] => check::all(),
        _ => {
            println!("{HELP}");
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(why)) => {
            eprintln!("\nxtask: {why}");
            ExitCode::FAILURE
        }
    }
}
