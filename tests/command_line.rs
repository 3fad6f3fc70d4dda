//! The command line, as it is run.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "command_line/audit.rs"]
mod audit;

use std::{
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;
use towergate::{
    core::{
        Clock,
        audit::Origin,
        system::{OsRandom, SystemClock},
        token::{OpaqueToken, Prefix},
    },
    identity::{
        ports::{MailOutbox, SessionStore, UserStore, session::Establishment, visit::Visit},
        rules::{
            email::EmailAddress,
            login_proof::Method,
            mail::{MailDelivery, MailId, MailKind, MailLimit, OutboxMail},
            session::{SessionId, SessionRecord, SessionStage, SignInId},
            user::{User, UserId},
        },
    },
    sqlite::SqliteStore,
};

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

/// ASVS 7.4.5.
#[test]
fn an_operator_ends_sessions_of_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.db");
    let database = file.to_str().unwrap();
    let missing = towergate(&["sessions", "end", "--all", "--database", database]);
    assert!(!missing.status.success() && told(&missing).contains("there is no database"), "{missing:?}");

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = SqliteStore::open(&file).unwrap();
    let (random, now) = (OsRandom::new(), SystemClock.now());
    let origin = || Origin::detached(now, &random).unwrap();
    let mut people = Vec::new();
    for email in ["alice@example.com", "bob@example.com"] {
        let email = EmailAddress::parse(email).unwrap();
        let user = User::fresh(email, "no hash".into(), now, &random).unwrap();
        people.push(user.id);
        runtime.block_on(store.add_user(user, origin())).unwrap();
    }
    for user in people.iter().chain(&people) {
        let token = OpaqueToken::mint(Prefix::new("tgs"), now, &random).unwrap();
        let later = now.plus(Duration::from_secs(3600));
        let session = SessionRecord {
            id: SessionId::from_uuid(token.id()),
            digest: token.digest(),
            sign_in: SignInId::fresh(now, &random).unwrap(),
            user: *user,
            stage: SessionStage::Complete,
            methods: vec![Method::Password],
            passkey: None,
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: later,
            absolute_expires_at: later,
        };
        let visit = Visit::default();
        let begun =
            Establishment { session, replaces: None, is_login: true, rests_on_replaced: false, visit };
        runtime.block_on(store.establish_session(begun, origin())).unwrap();
    }
    let living = |user: &UserId| runtime.block_on(store.sessions_of(*user, now)).unwrap().len();
    assert_eq!((living(&people[0]), living(&people[1])), (2, 2));

    let nobody = towergate(&["sessions", "end", "--user", "carol@example.com", "--database", database]);
    assert!(!nobody.status.success() && told(&nobody).contains("nobody has the address"), "{nobody:?}");
    let one = towergate(&["sessions", "end", "--user", "Bob@example.com", "--database", database]);
    assert_eq!((told(&one).trim(), living(&people[0])), ("sessions ended: 2, of people: 1", 2));
    assert_eq!(living(&people[1]), 0);
    let all = towergate(&["sessions", "end", "--all", "--database", database]);
    assert_eq!((told(&all).trim(), living(&people[0])), ("sessions ended: 2, of people: 1", 0));
    let reasons: Vec<_> =
        store.events(0, 100).unwrap().into_iter().filter_map(|event| event.reason).collect();
    assert_eq!(reasons, ["revoked_by_operator"; 4]);
    for wrong in [&["sessions", "end", "--database", database][..], &["sessions", "end", "--all"]] {
        assert!(!towergate(wrong).status.success());
    }
}

#[test]
fn an_operator_sees_what_was_given_up_and_has_it_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mail.db");
    let database = file.to_str().unwrap();
    let missing = towergate(&["outbox", "list", "--database", database]);
    assert!(!missing.status.success() && told(&missing).contains("there is no database"), "{missing:?}");
    let store = SqliteStore::open(&file).unwrap();
    let list = || told(&towergate(&["outbox", "list", "--database", database]));
    assert_eq!(list(), "nothing was given up\n");

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (random, now) = (OsRandom::new(), SystemClock.now());
    let origin = || Origin::detached(now, &random).unwrap();
    let mut ids = Vec::new();
    for lifetime in [3600, 3600, 0] {
        let id = MailId::fresh(now, &random).unwrap();
        ids.push(id.to_string());
        let mail = OutboxMail {
            id,
            user: UserId::fresh(now, &random).unwrap(),
            kind: MailKind::ResetPassword,
            domain: String::from("example.com"),
            sealed: b"hush".to_vec(),
            created_at: now,
            expires_at: now.plus(Duration::from_secs(lifetime)),
            attempt: 0,
            forgiven: 0,
        };
        runtime.block_on(store.queue_mail(mail, MailLimit::default(), origin())).unwrap();
        let lease = Duration::from_secs(60);
        runtime.block_on(store.take_due_mails(now, lease, 1, Vec::new())).unwrap();
        let delivery = MailDelivery::GivenUp { reason: "refused" };
        runtime.block_on(store.finish_mail(id, 1, delivery, origin())).unwrap();
    }
    let listed = list();
    assert!(listed.contains("reset_password to \"example.com\": refused, tries: 1"), "{listed}");
    assert!(ids.iter().all(|id| listed.contains(id)) && !listed.contains("hush"), "{listed}");
    let replay = |words: &[&str]| {
        let output = towergate(&[&["outbox", "replay", "--database", database], words].concat());
        (told(&output), output.status.success())
    };
    assert_eq!(replay(&["--mail", &ids[0]]), ("sent again: 1\n".into(), true));
    assert_eq!(replay(&["--mail", &ids[0]]), ("nothing like that was given up\n".into(), false));
    assert!(!replay(&["--mail", &ids[2]]).1, "too late");
    assert!(!replay(&["--sign-in", "sid", "--client", "shop"]).1, "no such notice");
    assert_eq!(replay(&["--all"]), ("sent again: 1, too late: 1\n".into(), true));
    assert_eq!(
        runtime
            .block_on(store.take_due_mails(SystemClock.now(), Duration::ZERO, 9, Vec::new()))
            .unwrap()
            .len(),
        2
    );
    assert!(!replay(&[]).1 && !replay(&["--sign-in", "sid"]).1);
}
