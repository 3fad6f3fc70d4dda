//! The memory of a program that hashes.

use std::{fs, path::Path, process::Command};

use super::{USUAL, allocating, hasher, password, runtime, yardstick};
use crate::{
    goals,
    row::{Part, Row},
};

/// What memory a program needs at most that hashes, over what the parameters say, by a program of its own.
pub(super) fn measure(part: &mut Part) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let program = std::env::current_exe().expect("this program");
    let peak = |whose: &str, permits: usize| {
        let child = Command::new(&program).args(["child-hash", whose, &permits.to_string()]).output();
        let told = String::from_utf8(child.expect("a child").stdout).expect("a figure");
        told.trim().parse::<f64>().expect("a figure") / (f64::from(USUAL.memory) * permits as f64)
    };
    let (ours, one, theirs) = (peak("ours", cores), peak("ours", 1), peak("theirs", cores));
    let detail = format!(
        "with {cores} permits; with one {one:.2}; the allocating call on {cores} threads {theirs:.2}"
    );
    part.rows.push(Row::exact(goals::ARGON_PEAK, "", ours, detail));
}

/// What a child does: hashes for a while on so many threads, and prints by how many KiB it grew at most.
pub fn child(whose: &str, permits: usize) {
    const EACH: usize = 12;
    let runtime = runtime();
    let before = memory("VmRSS:");
    if whose == "ours" {
        let hasher = hasher(USUAL, permits);
        runtime.block_on(async {
            let mut workers = tokio::task::JoinSet::new();
            for _ in 0..permits {
                let hasher = hasher.clone();
                workers.spawn(async move {
                    for _ in 0..EACH {
                        hasher.hash(password()).await.expect("a hash");
                    }
                });
            }
            workers.join_all().await;
        });
    } else {
        let yardstick = yardstick(USUAL);
        std::thread::scope(|scope| {
            for _ in 0..permits {
                scope.spawn(|| (0..EACH).for_each(|_| allocating(&yardstick)));
            }
        });
    }
    println!("{}", memory("VmHWM:") - before);
}

/// A line of what the system says of this program, in KiB.
fn memory(line: &str) -> u64 {
    let status = fs::read_to_string(Path::new("/proc/self/status")).expect("Linux");
    let found =
        status.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().next()?.parse().ok());
    found.expect("a figure")
}
