//! The audit log of a database, behind the back of whoever writes it.

use std::{path::Path, sync::Arc};

use rusqlite::Connection;
use tempfile::TempDir;
use towergate::{
    audit::Sealer,
    core::{
        Secret, Timestamp,
        audit::{
            AuditLog, Event, Origin, Party,
            chain::{SealSigner, SealStore},
        },
        system::{OsRandom, SystemClock},
    },
    sqlite::SqliteStore,
};

use super::{
    place::{postgres, run},
    told, towergate,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn signer() -> Arc<SealSigner> {
    Arc::new(SealSigner::from_seed(&Secret::new([7; 32])).unwrap())
}

fn origin() -> Origin {
    Origin::detached(NOW, &OsRandom::new()).unwrap()
}

/// Seven events under seals of three, and one that is not sealed.
fn log() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.db");
    write(&SqliteStore::open(&file).unwrap());
    let file = file.to_str().unwrap().to_owned();
    (folder, file)
}

fn write<S: AuditLog + SealStore + Clone>(store: &S) {
    let write = async |n: u32| {
        let event =
            Event::refused(origin(), "login.failed", Party::anonymous(), Party::new("user", n), "password");
        store.append(event.with("agent", format!("=cmd(\"{n}\")"))).await.unwrap();
    };
    run(async {
        for n in 1..=7 {
            write(n).await;
        }
        // What PostgreSQL has seen it seals when it looks again.
        let sealer = Sealer::new(store.clone(), signer(), SystemClock).at_most(3);
        let mut sealed = 0;
        while sealed < 7 {
            sealed += sealer.seal().await.unwrap();
        }
        write(8).await;
    });
}

fn verify(file: &str, more: &[&str]) -> (Option<i32>, String) {
    let key = signer().public_key().to_string();
    // A key may begin with a hyphen.
    let key = format!("--public-key={key}");
    let output = towergate(&[&["audit", "verify", "--database", file, &key], more].concat());
    (output.status.code(), told(&output))
}

fn tamper(file: &str, sql: &str) {
    Connection::open(Path::new(file)).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_log_is_proven_and_what_is_not_sealed_is_counted() {
    let (_folder, file) = log();
    let (code, text) = verify(&file, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("events proven: 7\nevents not sealed yet: 1\nlast seal: 3:"), "{text}");
    let noted = text.trim_end().rsplit(' ').next().unwrap();
    assert_eq!(verify(&file, &["--noted", noted]).0, Some(0));
    tamper(
        &file,
        "DELETE FROM towergate_audit_seals WHERE number = 3; DELETE FROM towergate_audit_events WHERE id > 6",
    );
    assert_eq!(verify(&file, &[]).0, Some(0), "only a note tells");
    assert_eq!(verify(&file, &["--noted", noted]), (Some(1), String::from("broken: seal 3 was cut out\n")));
}

#[test]
fn the_first_place_that_was_touched_is_named() {
    let cases = [
        ("UPDATE towergate_audit_events SET target_id = '9' WHERE id = 5", "event 5 was changed"),
        ("DELETE FROM towergate_audit_events WHERE id = 2", "event 2 was removed"),
        (
            "UPDATE towergate_audit_events SET id = 100 WHERE id = 4; UPDATE towergate_audit_events SET id = 4
             WHERE id = 6; UPDATE towergate_audit_events SET id = 6 WHERE id = 100",
            "event 4 stands where it was not written",
        ),
        (
            "INSERT INTO towergate_audit_events SELECT -1, at, request, 'a.lie', outcome, actor_kind, actor_id,
             target_kind, target_id, reason, details FROM towergate_audit_events WHERE id = 1",
            "event -1 was inserted",
        ),
        ("UPDATE towergate_audit_seals SET sealed_at = 0 WHERE number = 2", "seal 2 is forged"),
        ("DELETE FROM towergate_audit_seals WHERE number = 1", "seal 1 was cut out"),
    ];
    for (sql, told) in cases {
        let (_folder, file) = log();
        tamper(&file, sql);
        let (code, text) = verify(&file, &[]);
        assert!(code == Some(1) && text.starts_with(&format!("broken: {told}")), "{sql}: {text}");
    }
}

#[test]
fn a_key_of_another_log_is_told_apart_from_a_log_that_was_touched() {
    let other = SealSigner::from_seed(&Secret::new([8; 32])).unwrap().public_key();
    let other = format!("--public-key={other}");
    let by_other = |file: &str| {
        let output = towergate(&["audit", "verify", "--database", file, &other]);
        (output.status.code(), told(&output))
    };
    let (_folder, file) = log();
    let (code, text) = by_other(&file);
    assert!(
        code == Some(1) && text.starts_with("the key does not match: seal 1 is signed by none"),
        "{text}"
    );
    // Beside the right one it does no harm.
    assert_eq!(verify(&file, &[&other]).0, Some(0));
    tamper(&file, "UPDATE towergate_audit_seals SET sealed_at = 0 WHERE number = 1");
    assert!(
        by_other(&file).1.starts_with("broken: seal 1 is forged"),
        "what is touched is told, whatever the key"
    );
    let (_folder, file) = log();
    tamper(&file, "UPDATE towergate_audit_seals SET signature = zeroblob(64) WHERE number = 1");
    let (code, text) = verify(&file, &[]);
    assert!(code == Some(1) && text.starts_with("broken: seal 1 is forged"), "{text}");
}

#[test]
fn what_was_forgotten_leaves_a_chain_that_is_proven() {
    let (_folder, file) = log();
    let gone = run(async {
        let store = SqliteStore::open(&file).unwrap();
        store.forget_events(NOW.plus(std::time::Duration::from_secs(1)), origin()).await.unwrap()
    });
    assert_eq!(gone, 7);
    let (code, text) = verify(&file, &[]);
    assert!(code == Some(0) && text.contains("seals whose events were forgotten: 3\n"), "{text}");
    tamper(&file, "DELETE FROM towergate_audit_events WHERE action = 'audit.forgotten'");
    assert!(verify(&file, &[]).1.starts_with("broken: seal 1 was removed"));
}

#[test]
fn a_log_is_exported_line_by_line() {
    let (_folder, file) = log();
    let export = |format, after: &str| {
        let output =
            towergate(&["audit", "export", "--database", &file, "--format", format, "--after", after]);
        assert!(output.status.success(), "{output:?}");
        (told(&output), String::from_utf8(output.stderr).unwrap())
    };
    let (lines, progress) = export("jsonl", "0");
    assert_eq!(progress, "events exported: 8\n");
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(lines.lines().count(), 8);
    assert_eq!(first["target"], serde_json::json!({ "kind": "user", "id": "1" }));
    assert_eq!((&first["id"], &first["at"]), (&1.into(), &"2023-11-14T22:13:20.000Z".into()));
    assert_eq!(first["details"]["agent"], "=cmd(\"1\")");
    let (table, _) = export("csv", "7");
    let rows: Vec<_> = table.split_terminator("\r\n").collect();
    assert!(rows.len() == 2 && rows[0].starts_with("id,at,request,action,"), "{table}");
    assert!(
        rows[1].starts_with("\"8\",\"2023-11-14T22:13:20.000Z\",") && rows[1].contains("\"\"agent\"\""),
        "{table}"
    );
    let missing = towergate(&["audit", "export", "--database", "/nowhere.db", "--format", "csv"]);
    assert!(!missing.status.success() && told(&missing).contains("there is no database"));
}

#[test]
fn what_a_spreadsheet_takes_for_a_formula_is_a_text() {
    let (_folder, file) = log();
    tamper(&file, "UPDATE towergate_audit_events SET target_id = '=1+\"1' WHERE id = 8");
    let output = towergate(&["audit", "export", "--database", &file, "--format", "csv", "--after", "7"]);
    assert!(told(&output).contains(",\"'=1+\"\"1\","), "{output:?}");
}

#[test]
fn a_log_in_postgresql_is_proven_and_exported() {
    let place = postgres();
    write(&place.store);
    let (code, text) = verify(&place.database, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("events proven: 7\nevents not sealed yet: 1\nlast seal: 3:"), "{text}");
    let noted = text.trim_end().rsplit(' ').next().unwrap();
    assert_eq!(verify(&place.database, &["--noted", noted]).0, Some(0));
    let export = |format: &str| {
        let output = towergate(&["audit", "export", "--database", &place.database, "--format", format]);
        assert!(output.status.success(), "{output:?}");
        told(&output)
    };
    let (lines, table) = (export("jsonl"), export("csv"));
    assert_eq!((lines.lines().count(), table.lines().count()), (8, 9));
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["target"]["id"], &last["details"]["agent"]), (&"8".into(), &"=cmd(\"8\")".into()));
    place.ask("UPDATE towergate_audit_events SET target_id = '9' WHERE target_id = '5'");
    let (code, text) = verify(&place.database, &[]);
    assert!(code == Some(1) && text.starts_with("broken: event "), "{text}");
}
