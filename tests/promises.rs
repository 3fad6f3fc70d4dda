//! The manual's table of promises names tests: each of them is there.

use std::{collections::BTreeSet, fs, path::Path};

const TABLE: &str = include_str!("../src/manual/promises.md");
/// Where tests are.
const ROOMS: [&str; 4] = ["examples", "layers", "src", "tests"];

#[test]
fn each_promise_names_its_test_and_each_test_is_there() {
    let functions = functions();
    let rows: Vec<_> = TABLE.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 20, "{} promises", rows.len());
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        let [promise, tests, _measured] = cells[..] else { panic!("three cells: {row}") };
        let named: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test shows: {promise}");
        for test in named {
            if test.contains('/') {
                assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(test).exists(), "there is no {test}");
                continue;
            }
            assert!(functions.contains(test), "{test} is nowhere, which is to show: {promise}");
        }
    }
}

/// The names of all functions, modules of laws included.
#[cfg(test)]
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut rooms: Vec<_> = ROOMS.iter().map(|room| root.join(room)).collect();
    let mut names = BTreeSet::new();
    while let Some(room) = rooms.pop() {
        for entry in fs::read_dir(room).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rooms.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                names.extend(functions_in(&path));
            }
        }
    }
    names
}

#[cfg(test)]
fn functions_in(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let after = text.split("fn ").skip(1);
    let name =
        |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().map(str::to_owned);
    after.filter_map(name).filter(|name| !name.is_empty()).collect()
}
