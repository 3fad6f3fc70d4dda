//! Measures, part by part; each part leaves its figures for the report.

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use towergate_peers::{
    bare,
    growth::{self, Reach},
    instructions, load, report,
    row::{Part, folder},
    rows,
};

const HELP: &str = "\
peers rows [--quick]     what costs CPU inside one process, beside other crates
peers load [--quick]     what requests cost over HTTP, beside other servers; --storm: what a reader waits while many sign in;
                         --store sqlite|postgres: what keeping costs; --memory: what is held, and how soon the first token is there
peers growth [--quick]   how cost grows with what is kept, with `--store postgres` there, with `--huge` to ten millions;
                         fails when a hot path grows worse than a logarithm
peers instructions       what callgrind counts in the hot paths
peers report             write benches/REPORT.md and benches/report.svg from what was measured; with `--growth` benches/GROWTH.md
                         from what was measured with `--huge`";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let quick = words.iter().any(|word| word == "--quick");
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["rows", ..] => drop(leave("rows", || rows::all(quick))),
        ["load", "--storm", ..] => drop(leave("storm", || load::storm(quick))),
        ["load", "--store", "sqlite", ..] => drop(leave("store-sqlite", || load::sqlite(quick))),
        ["load", "--store", "postgres", ..] => drop(leave("store-postgres", || load::postgres(quick))),
        ["load", "--memory", ..] => drop(leave("memory", || load::memory(quick))),
        ["load", ..] => drop(leave("load", || load::measure(quick))),
        ["growth", ..] => {
            let reach = Reach { quick, huge: words.iter().any(|word| word == "--huge") };
            let part = match (words.iter().any(|word| word == "postgres"), reach.huge) {
                (true, false) => leave("growth-postgres", || growth::postgres(reach)),
                (false, false) => leave("growth-sqlite", || growth::sqlite(reach)),
                (true, true) => leave("growth-huge-postgres", || growth::postgres(reach)),
                (false, true) => leave("growth-huge-sqlite", || growth::sqlite(reach)),
            };
            if !growth::holds(&part) {
                eprintln!("a hot path grows worse than a logarithm");
                return ExitCode::FAILURE;
            }
        }
        ["serve", what, port] => load::serve(what, port.parse().unwrap_or_default()),
        ["instructions"] => drop(leave("instructions", instructions::measure)),
        ["walk"] => instructions::walk(None),
        ["walk", only] => instructions::walk(Some(only)),
        ["child-sessions", count] => load::child_sessions(count.parse().unwrap_or(1)),
        ["child-bare-sessions", count] => bare::sessions(count.parse().unwrap_or(1)),
        ["child-first-token", database, client, secret] => bare::first_token(database, client, secret),
        ["report"] => report::write(&benches()),
        ["report", "--growth"] => report::write_growth(&benches()),
        ["child-hash", whose, permits] => rows::child(whose, permits.parse().unwrap_or(1)),
        _ => {
            println!("{HELP}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn benches() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Measures a part, shows it, and leaves it for the report.
fn leave(name: &str, measure: impl FnOnce() -> Part) -> Part {
    let start = Instant::now();
    load::tidy();
    let mut part = measure();
    load::tidy();
    part.command = format!("peers {}", env::args().skip(1).collect::<Vec<_>>().join(" "));
    part.seconds = start.elapsed().as_secs_f64();
    for row in &part.rows {
        println!(
            "{:<24} {:<28} min {:>8.3}  median {:>8.3}  {}",
            row.goal, row.what, row.min, row.median, row.detail
        );
    }
    part.leave(&folder(), name);
    part
}
