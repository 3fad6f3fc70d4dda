//! Instructions of the hot paths, counted by callgrind: what two lengths of the same walk differ by.

use std::{env, hint::black_box, process::Command};

use crate::{
    row::Part,
    rows::bearer::{Api, asks},
    stacks,
};

/// What is walked.
const WALKS: [&str; 9] = [
    stacks::BARE,
    stacks::SESSION,
    stacks::FULL,
    stacks::TOWER_SESSIONS,
    stacks::AXUM_LOGIN,
    "client_credentials, opaque",
    "client_credentials, JWT",
    "API call, opaque token",
    "API call, JWT",
];

/// Counts all of them.
#[must_use]
pub fn measure() -> Part {
    const SHORT: u64 = 100;
    const LONG: u64 = 600;
    let mut text = String::from(
        "## Instructions\n\nOf one request, as callgrind counts them. Its processor has no instructions for hashes, so those are counted as the programs \
         that stand in for them.\n\n| path | instructions |\n|---|---|\n",
    );
    for walk in WALKS {
        let each = (counted(walk, LONG) - counted(walk, SHORT)) / (LONG - SHORT);
        eprintln!("  {walk}: {each}");
        text.push_str(&format!("| {walk} | {each} |\n"));
    }
    Part { text, ..Part::default() }
}

/// The instructions of a program that walks so often.
fn counted(walk: &str, times: u64) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().expect("this program"));
    let output = valgrind.args(["walk", walk, &times.to_string()]).output().expect("valgrind");
    let told = String::from_utf8_lossy(&output.stderr);
    let count = told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.unwrap_or_else(|| panic!("callgrind counted nothing: {told}"))
}

/// What a child does.
pub fn walk(name: &str, times: u64) {
    if let Some(mut page) = stacks::all().into_iter().find(|page| page.name == name) {
        for _ in 0..times {
            let request = page.request(true);
            black_box((page.call)(request));
        }
        return;
    }
    let api = Api::new();
    let client = if name.ends_with("JWT") { "jwt" } else { "opaque" };
    let token = api.issue(client);
    for _ in 0..times {
        if name.starts_with("API") {
            black_box(api.check(asks(&token)));
        } else {
            black_box(api.issue(client));
        }
    }
}
