//! SIGKILL anywhere: what was copied stays, nothing is doubled, and a source that changed in between is found.

use std::{
    process::{Child, Command},
    thread,
    time::Duration,
};

use super::{filling::Filler, place::Place};

/// Enough for many batches.
const ROWS: usize = 40_000;

fn large() -> Place {
    let place = Place::new();
    let source = place.source();
    let mut filler = Filler::of(&source);
    filler.fill_all(10);
    filler.fill("towergate_users", ROWS / 2);
    filler.fill("towergate_single_use", ROWS / 2);
    drop(source);
    place
}

/// How many rows are copied, by the copy's own book.
fn copied(place: &Place) -> u64 {
    let there = place.ask("SELECT to_regclass('towergate_copied') IS NOT NULL");
    if there != "t" {
        return 0;
    }
    place.ask("SELECT coalesce(sum(copied), 0) FROM towergate_copied").parse().unwrap()
}

/// Runs the program until so many rows more are there, and kills it; answers whether it was killed before its end.
fn killed_after(place: &Place, rows: u64) -> bool {
    let before = copied(place);
    let mut program = place.program(&[]).spawn().unwrap();
    loop {
        if copied(place) >= before + rows {
            program.kill().unwrap();
        }
        if let Some(status) = program.try_wait().unwrap() {
            return status.code().is_none();
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn signal(program: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &program.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_copy_that_is_killed_goes_on_where_it_was_and_doubles_nothing() {
    let place = large();
    let mut times = 0;
    while times < 6 && killed_after(&place, 1000) {
        times += 1;
        // What its book says is there, and nothing else.
        let sum = "SELECT (SELECT sum(copied) FROM towergate_copied WHERE name IN ('towergate_users', 'towergate_single_use'))
            = (SELECT count(*) FROM towergate_users) + (SELECT count(*) FROM towergate_single_use)";
        assert_eq!(place.ask(sum), "t");
    }
    assert!(times >= 3, "killed {times} times in the middle");
    let told = place.copied();
    assert!(told.contains("the same on both sides"), "{told}");
    assert_eq!(place.ask("SELECT count(*) FROM towergate_users"), (ROWS / 2 + 10).to_string());
}

#[test]
fn a_source_that_changed_meanwhile_is_found_and_the_copy_can_start_over() {
    for change in [
        "UPDATE towergate_users SET state = CASE state WHEN 'active' THEN 'disabled' ELSE 'active' END
            WHERE id = (SELECT min(id) FROM towergate_users)",
        "DELETE FROM towergate_passkey_factors; DELETE FROM towergate_ended_sign_ins;
            DELETE FROM towergate_browsers WHERE id = (SELECT min(id) FROM towergate_browsers)",
        "INSERT INTO towergate_users VALUES (x'00000000000000000000000000000000', 'new@example.com', NULL, 'active', 1, NULL, NULL, NULL)",
    ] {
        let place = Place::new();
        Filler::of(&place.source()).fill_all(10);
        place.change("INSERT INTO towergate_session_values SELECT id, 'a' || char(0), '' FROM towergate_sessions LIMIT 1");
        assert!(place.refused().contains("U+0000"));
        place.change("DELETE FROM towergate_session_values WHERE instr(CAST(name AS BLOB), x'00')");
        place.change(change);
        let told = place.refused();
        assert!(told.contains("the source has changed since its rows were copied, in towergate_"), "{told}");
        assert!(told.contains("begin again with --start-over"), "{told}");
        let (told, done) = place.copy(&["--start-over"]);
        assert!(done, "{told}");
    }
}

#[test]
fn two_copies_at_once_do_not_meet() {
    let place = large();
    let mut one = place.program(&[]).spawn().unwrap();
    while copied(&place) == 0 && one.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    // It has the source locked, however long the second takes to ask.
    signal(&one, "-STOP");
    let told = place.refused();
    signal(&one, "-CONT");
    assert!(told.contains("is in use"), "{told}");
    assert!(one.wait().unwrap().success());
}
