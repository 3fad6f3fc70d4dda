//! The program as a whole: what it refuses at start, and what a second start finds.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use towergate_test_servers::postgres::PostgresServer;

const PROGRAM: &str = env!("CARGO_BIN_EXE_towergate-example-axum");

fn refused(config: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.toml");
    fs::write(&path, config).unwrap();
    let output = Command::new(PROGRAM).env("TOWERGATE_CONFIG", path).current_dir(&folder).output().unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing was made beside the configuration");
    output
}

/// Starts the program on ports that the system chooses, and reads what it says up to the last line of its welcome.
fn start(folder: &Path) -> (Child, String) {
    let config = "addr = \"127.0.0.1:0\"\nissuer = \"http://localhost:3000\"\n\
                  database = \"sqlite:towergate.db\"\n[[users]]\nemail = \"alice@example.com\"\n";
    start_as(folder, config)
}

fn start_as(folder: &Path, config: &str) -> (Child, String) {
    let path = folder.join("host.toml");
    fs::write(&path, config).unwrap();
    let mut child = Command::new(PROGRAM)
        .env("TOWERGATE_CONFIG", path)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines.by_ref().map(Result::unwrap) {
        said.push_str(&line);
        said.push('\n');
        if line.starts_with("Ctrl-C") {
            break;
        }
    }
    (child, said)
}

#[test]
fn a_bad_configuration_ends_the_program_with_everything_that_is_wrong() {
    let output = refused("addr = 1\nissuer = \"http://example.com\"\ndatabase = \"postgres://x\"\nadr = 2\n");
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    for word in [
        "4 problems",
        "line 1: `addr`",
        "line 2: `issuer`",
        "line 3: `database`",
        "line 4: unknown key `adr`",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(output.stdout.is_empty());
}

const HOST: &str = "addr = \"127.0.0.1:0\"\nissuer = \"http://localhost:3000\"\n";

#[test]
fn a_host_that_does_not_start_leaves_no_seal_key_behind() {
    let keys = "[keys]\nseal_key_file = \"new.key\"\n";
    let pepper = "[[passwords.peppers]]\nname = \"p1\"\nfile = \"nowhere\"\n";
    let postgres = "database = \"postgres://nobody@127.0.0.1:1/none\"\n";
    for (rest, told) in [
        (format!("database = \"memory:\"\n{keys}{pepper}"), "nowhere"),
        (format!("{postgres}{keys}"), "postgres://"),
        (format!("database = \"sqlite:nowhere/host.db\"\n{keys}"), "nowhere/host.db"),
    ] {
        let output = refused(&format!("{HOST}{rest}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(told), "{said}");
    }
}

#[test]
fn a_mistyped_seal_key_is_not_made_where_a_database_holds_what_another_sealed() {
    let (folder, database) = (tempfile::tempdir().unwrap(), PostgresServer::shared().database());
    let config = |key: &str| {
        let database = database.url();
        format!("{HOST}database = \"{database}\"\n[keys]\nseal_key_file = \"{key}\"\n")
    };
    let (mut first, _) = start_as(folder.path(), &config("gate.key"));
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(folder.path().join("gate.key").exists());
    let output = refused(&config("gaet.key"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("gaet.key is not there"), "{said}");
}

#[test]
fn a_password_is_shown_once_and_the_next_start_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (mut first, said) = start(folder.path());
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(said.contains("alice@example.com") && said.contains("(shown this once)"), "{said}");
    let (mut second, said) = start(folder.path());
    second.kill().unwrap();
    second.wait().unwrap();
    assert!(said.contains("shown at the first start") && said.contains("delete towergate.db*"), "{said}");
}

#[test]
fn an_address_that_is_taken_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let output =
        refused(&format!("addr = \"{addr}\"\nissuer = \"http://localhost:3000\"\ndatabase = \"memory:\"\n"));
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("cannot listen on {addr}")), "{said}");
    assert!(said.contains("choose another `addr`"), "{said}");
}

#[test]
fn a_start_throws_away_what_has_expired() {
    let folder = tempfile::tempdir().unwrap();
    let stop = |mut child: Child| {
        child.kill().unwrap();
        child.wait().unwrap();
    };
    stop(start(folder.path()).0);
    let database = rusqlite::Connection::open(folder.path().join("towergate.db")).unwrap();
    let expired = "INSERT INTO towergate_interactions (id, browser, request, created_at, expires_at, state)
        VALUES (zeroblob(16), zeroblob(32), '{}', 1, 2, 'open')";
    database.execute(expired, []).unwrap();
    drop(database);
    let (child, _) = start(folder.path());
    let database = rusqlite::Connection::open(folder.path().join("towergate.db")).unwrap();
    let count = "SELECT count(*) FROM towergate_interactions";
    let left = || database.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap();
    // Whoever comes first is answered first.
    let gone = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(20));
        left() == 0
    });
    stop(child);
    assert!(gone);
}

fn keys(folder: &Path, words: &[&str]) -> Output {
    let config = folder.join("host.toml");
    let mut command = Command::new(PROGRAM);
    command.env("TOWERGATE_CONFIG", config).current_dir(folder).arg("keys").args(words).output().unwrap()
}

/// State and identifier of the ES256 keys that a command told of.
fn es256(output: &Output) -> Vec<(String, String)> {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("ES256"));
    let word = |line: &str, n| line.split_whitespace().nth(n).unwrap().to_owned();
    lines.map(|line| (word(line, 1), line.split_whitespace().last().unwrap().to_owned())).collect()
}

#[test]
fn keys_are_listed_rotated_and_revoked_while_the_host_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (mut host, _) = start(folder.path());
    let first = es256(&keys(folder.path(), &["list"]));
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].0, "active");
    let rotated = es256(&keys(folder.path(), &["rotate"]));
    assert_eq!(rotated.len(), 2);
    let published = rotated.iter().find(|(state, _)| state == "published").unwrap();
    assert_eq!(es256(&keys(folder.path(), &["rotate"])), rotated, "one successor is enough");
    let revoked = es256(&keys(folder.path(), &["revoke", &first[0].1]));
    assert_eq!(revoked, [(String::from("active"), published.1.clone())]);
    host.kill().unwrap();
    host.wait().unwrap();
}

#[test]
fn a_command_that_is_none_is_told_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("host.toml"),
        "addr = \"127.0.0.1:0\"\nissuer = \"http://localhost:3000\"\n\
        database = \"sqlite:towergate.db\"\n",
    )
    .unwrap();
    for (words, told) in [
        (&["turn"][..], "keys rotate"),
        (&[], "keys rotate"),
        (&["list"], "there is no database towergate.db yet"),
        (&["rotate"], "there is no database towergate.db yet"),
    ] {
        let output = keys(folder.path(), words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(told), "{words:?}: {said}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing was made");
    let (mut host, _) = start(folder.path());
    let unknown = keys(folder.path(), &["revoke", "nobody"]);
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("there is no key nobody"));
    host.kill().unwrap();
    host.wait().unwrap();
}

#[test]
fn a_rotation_that_is_killed_leaves_a_whole_ring() {
    let folder = tempfile::tempdir().unwrap();
    let (mut host, _) = start(folder.path());
    host.kill().unwrap();
    host.wait().unwrap();
    let path = folder.path().join("host.toml");
    // So fast that some of the killed commands also hand over.
    let pace = "[keys]\nalgorithms = []\nrotate_every = \"3s\"\ncache_for = \"0s\"\npublish_for = \"1s\"\n";
    fs::write(&path, fs::read_to_string(&path).unwrap() + pace).unwrap();
    for kill in 0..40 {
        let mut command = Command::new(PROGRAM);
        command.env("TOWERGATE_CONFIG", &path).current_dir(&folder).args(["keys", "rotate"]);
        let mut command = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(kill * 7 % 80));
        command.kill().unwrap();
        command.wait().unwrap();
        let left = es256(&keys(folder.path(), &["list"]));
        let count = |state| left.iter().filter(|(found, _)| found == state).count();
        assert!(count("active") == 1 && count("published") <= 1, "{left:?}");
    }
}
