//! The command line, as it is run.

#![expect(clippy::unwrap_used, reason = "a test")]

#[cfg(test)]
#[path = "command_line/audit.rs"]
mod audit;
#[cfg(test)]
#[path = "command_line/clients.rs"]
mod clients;
#[cfg(test)]
#[path = "command_line/grants.rs"]
mod grants;
#[cfg(test)]
#[path = "command_line/outbox.rs"]
mod outbox;
#[cfg(test)]
#[path = "command_line/place.rs"]
mod place;
#[cfg(test)]
#[path = "command_line/sessions.rs"]
mod sessions;

use std::process::{Command, Output};

use serde_json::Value;

const PAGE: &str = include_str!("../src/manual/assurance.md");

fn towergate(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_towergate")).args(words).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_profile_is_printed_row_by_row_within_80_columns() {
    let output = towergate(&["verify", "--assurance", "asvs-l1"]);
    let text = told(&output);
    assert!(output.stderr.is_empty());
    let row = text.lines().find(|line| line.contains(" 6.2.1 ")).unwrap();
    assert!(row.starts_with("met          6.2.1    L1    A password has 8 characters"), "{row}");
    assert!(text.contains("\n    layers/inbound/identity/src/rules/password/policy.rs\n"));
    assert!(text.contains("\n      a_password_that_stands_alone_has_15_characters\n"));
    assert!(text.contains("\nhost's duty  3.4.1    L1    "));
    assert!(!text.contains(" 6.2.9 "), "which level 2 asks for");
    assert!(!text.contains(" N2.1a "), "which NIST asks for");
    for line in text.lines() {
        let single = line.split_whitespace().count() == 1;
        assert!(line.chars().count() <= 80 || single, "{line}");
    }
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("asvs-l1: ") && last.contains(" met, ") && last.contains(" the host's duty, "));
}

#[test]
fn json_says_the_same_and_the_exit_code_tells_whether_it_holds() {
    let output = towergate(&["verify", "--assurance", "aal2,asvs-l2", "--format", "json"]);
    let whole: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(whole["profiles"], serde_json::json!(["aal2", "asvs-l2"]));
    let rows = whole["requirements"].as_array().unwrap();
    let of = |status: &str, weight: &str| {
        rows.iter().filter(|row| row["status"] == status && row["weight"] == weight).count()
    };
    assert_eq!(whole["count"]["met"], of("met", "must") + of("met", "should"));
    assert_eq!(whole["count"]["not_met"], of("not_met", "must"));
    assert_eq!(whole["count"]["advice_not_met"], of("not_met", "should"));
    assert_eq!(whole["holds"], of("not_met", "must") == 0);
    assert_eq!(output.status.code(), Some(i32::from(of("not_met", "must") > 0)));
    for row in rows {
        let shown = row["shown_by"].as_array().unwrap();
        assert_eq!(row["status"] == "met", !shown.is_empty(), "{row}");
        assert_eq!(row["status"] == "met", row["note"].is_null(), "{row}");
    }
}

#[test]
fn the_page_of_the_manual_is_what_is_printed() {
    let printed = told(&towergate(&["verify", "--assurance", "all", "--format", "markdown"]));
    assert!(
        printed == PAGE,
        "src/manual/assurance.md is not what the table says; print it anew by the command that it names"
    );
}

#[test]
fn what_is_no_profile_is_refused_with_those_that_there_are() {
    for words in [&["verify"][..], &["verify", "--assurance", "aal9"], &["verify", "--assurance", ""], &[]] {
        let output = towergate(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(output.stdout.is_empty());
    }
    let refused = towergate(&["verify", "--assurance", "aal9"]);
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.contains("asvs-l3") && text.contains("aal2"), "{text}");
    let help = told(&towergate(&["verify", "--help"]));
    assert!(help.contains("--assurance") && help.contains("--format"));
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
}
