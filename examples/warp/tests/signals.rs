//! The program around warp ends as it should when it is told to.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../../axum/tests/shutdown/mod.rs"]
mod shutdown;

const PROGRAM: &str = env!("CARGO_BIN_EXE_towergate-example-warp");

#[test]
fn a_request_under_way_is_answered_and_the_next_is_refused() {
    shutdown::a_request_under_way_is_answered_and_the_next_is_refused(PROGRAM);
}

#[test]
fn a_request_that_never_ends_is_cut_off() {
    shutdown::a_request_that_never_ends_is_cut_off(PROGRAM);
}

#[test]
fn everybody_is_told_before_the_end() {
    shutdown::everybody_is_told_before_the_end(PROGRAM);
}
