//! A disk that fills up under the program, and has room again.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use http::{StatusCode, header};
use tempfile::TempDir;
use tokio::task::block_in_place;

use crate::{
    client::{Browser, Client, EMAIL, PASSWORD, code_in, is_invalid_grant, json, tokens_in},
    recipe::{Program, Recipe, free_port},
    rows,
    wait::until,
};

/// How long mail may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much a small disk holds: the empty database and the log beside it, and a little more.
const SMALL: &str = "size=8m";

/// A place for the database that can be filled.
trait Disk {
    fn place(&self) -> &Path;
    fn fill(&mut self, program: &Program);
    fn free(&mut self, program: &Program);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_is_told_and_all_goes_on_when_there_is_room() {
    match SmallDisk::mounted() {
        Some(disk) => goes_on(disk).await,
        // Only root mounts one.
        None => goes_on(SmallFiles::new()).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_grow_is_told_and_all_goes_on_when_it_may() {
    goes_on(SmallFiles::new()).await;
}

async fn goes_on(mut disk: impl Disk) {
    let beside = tempfile::tempdir().unwrap();
    let (port, database) = (free_port(), disk.place().join("towergate.db"));
    let client = Client { issuer: format!("http://localhost:{port}") };
    let toml = Client::toml(port, &format!("sqlite:{}", database.display())) + "\n[limits]\nlogin = 100000\n";
    let recipe = Recipe::new(&unkillable(beside.path()), beside.path(), port, &toml);
    let program = block_in_place(|| recipe.start());
    let (person, newcomer) = (&mut Browser::default(), &mut Browser::default());
    let code = client.obtain_code(person).await;
    let tokens = tokens_in(&client.redeem(&client.obtain_code(&mut Browser::default()).await).await.unwrap());
    let consent = person.try_open(client.leave().0).await.unwrap();
    let login = newcomer.try_open(client.leave().0).await.unwrap();
    let right = [("email", EMAIL), ("password", PASSWORD)];

    disk.fill(&program);
    // What is still free inside the files is used up.
    let mut told = 0;
    for _ in 0..500 {
        let answer = Browser::default().try_open(client.leave().0).await.unwrap();
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            told += 1;
        } else {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
        if told > 10 {
            break;
        }
    }
    assert!(told > 10, "the disk is full, and nobody says so");
    let events = "SELECT count(*) FROM towergate_audit_events";
    let before = rows::count(&database, events);
    for answer in [
        client.redeem(&code).await.unwrap(),
        client.refresh(&tokens.refresh).await.unwrap(),
        client.revoke(&tokens.refresh).await.unwrap(),
        newcomer.clone().try_submit(&login, &right).await.unwrap(),
        person.clone().try_submit(&consent, &[("decision", "allow")]).await.unwrap(),
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}: {}", answer.url, answer.text);
        assert!(answer.headers.contains_key(header::RETRY_AFTER), "{}", answer.url);
    }
    let person_of_tokens = client.userinfo(&tokens.access).await.unwrap();
    assert_eq!(json(&person_of_tokens)["email"], EMAIL, "reading goes on: {}", person_of_tokens.text);
    assert_eq!(rows::count(&database, events), before, "nothing is half written");

    disk.free(&program);
    tokens_in(&client.redeem(&code).await.unwrap());
    assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()), "spent once it was spent");
    tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
    code_in(&person.try_submit(&consent, &[("decision", "allow")]).await.unwrap());
    assert_eq!(newcomer.try_submit(&login, &right).await.unwrap().status, StatusCode::SEE_OTHER);
    // Its workers go on too: somebody new has their mail.
    let newcomer = &mut Browser::default();
    let page = newcomer.try_open(client.at("/register")).await.unwrap();
    let typed = [("email", "new@example.com"), ("password", "seven purple ladders")];
    let answer = newcomer.try_submit(&page, &typed).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let mails =
        |which: &str| rows::count(&database, &format!("SELECT count(*) FROM towergate_mails {which}"));
    assert!(mails("") > 0);
    until(PATIENCE, async || mails("WHERE finished_at IS NULL") == 0).await;
    rows::check(&database);
    assert!(!recipe.said().contains("panicked"), "{}", recipe.said());
    assert!(program.terminate(), "{}", recipe.said());
}

/// The program, which is told of a file that may not grow and not ended for it.
fn unkillable(folder: &Path) -> PathBuf {
    let script = folder.join("program");
    let program = env!("CARGO_BIN_EXE_towergate-example-axum");
    fs::write(&script, format!("#!/bin/sh\ntrap '' XFSZ\nexec '{program}'\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    script
}

/// A file system of its own, in memory.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mounted() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", SMALL, "tmpfs"]).arg(folder.path());
        mount.output().is_ok_and(|output| output.status.success()).then(|| Self(folder))
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }
}

impl Disk for SmallDisk {
    fn place(&self) -> &Path {
        self.0.path()
    }

    fn fill(&mut self, _: &Program) {
        let mut filler = File::create(self.filler()).unwrap();
        // By less and less, until not one byte more fits.
        for bytes in [65_536, 4096, 1] {
            while filler.write_all(&vec![0; bytes]).is_ok() {}
        }
    }

    fn free(&mut self, _: &Program) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

/// A folder in which the program's files may not grow.
struct SmallFiles(TempDir);

impl SmallFiles {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn limit(program: &Program, most: &str) {
        let mut limit = Command::new("prlimit");
        limit.arg(format!("--pid={}", program.id())).arg(format!("--fsize={most}:"));
        let output = limit.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

impl Disk for SmallFiles {
    fn place(&self) -> &Path {
        self.0.path()
    }

    fn fill(&mut self, program: &Program) {
        let log = self.0.path().join("towergate.db-wal");
        Self::limit(program, &fs::metadata(log).unwrap().len().to_string());
    }

    fn free(&mut self, program: &Program) {
        Self::limit(program, "unlimited");
    }
}
