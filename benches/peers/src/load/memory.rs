//! What memory is held, and how soon the first token is there after a start.

use std::{
    fs,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use towergate::{
    core::{Secret, Timestamp, audit::Origin, clock::ManualClock, system::OsRandom},
    identity::{
        ports::{UserStore, memory::MemoryStore},
        rules::{
            email::EmailAddress,
            password::{Decision, DummyHash, HashParams, Password, decide, hash},
            user::{User, UserId, UserState},
        },
    },
    session::SessionLayer,
};

use super::{
    http::{Connection, post},
    peers::{CLIENT, Peer, Who, basic, configuration, form, program, start},
    server::{Server, free_port},
};
use crate::{
    goals,
    measure::Took,
    row::{Part, Row},
    visit::Visit,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// All of it.
#[must_use]
pub fn measure(quick: bool) -> Part {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let mut part = Part::default();
    runtime.expect("a runtime").block_on(async {
        idle(&mut part).await;
        first_token(if quick { 2 } else { 9 }, &mut part).await;
    });
    sessions(if quick { 5_000 } else { 20_000 }, &mut part);
    part
}

/// What the servers hold when they have answered for the first time and nobody asks them anything.
async fn idle(part: &mut Part) {
    let folder = tempfile::tempdir().expect("a folder");
    let settle = || tokio::time::sleep(Duration::from_millis(500));
    // At its first start it hashes the passwords of its configuration.
    let _ = started(Who::Ours, folder.path()).await;
    let (_, server) = started(Who::Ours, folder.path()).await.expect("the reference host");
    settle().await;
    let idle = server.memory() as f64 / 1024.0;
    let program = server.program() as f64 / 1024.0;
    drop(server);
    let peer = Peer::start(Who::Ours, "memory:", None).await.expect("the reference host");
    settle().await;
    let signed_in = peer.server.memory() as f64 / 1024.0;
    drop(peer);
    let node = match started(Who::Node, folder.path()).await {
        Some((_, server)) => {
            settle().await;
            format!("; oidc-provider {:.0} MB", server.memory() as f64 / 1024.0)
        }
        None => String::new(),
    };
    let detail = format!(
        "resident, with SQLite, one token given; just after a sign-in, whose memory is kept for some seconds, {signed_in:.1} MB{node}"
    );
    let row = Row::exact(goals::IDLE_MEMORY, "", idle, detail);
    let least = Took { min: program, median: program };
    part.rows.push(row.above("pages of the program itself, with three stores, that were looked at", least));
}

/// From the start of a program to its first token.
async fn first_token(rounds: usize, part: &mut Part) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut ours = Vec::new();
    let mut node = Vec::new();
    // A host that was set up: its keys are made and its people known.
    let _ = started(Who::Ours, folder.path()).await;
    let mut nothing = Vec::new();
    for _ in 0..rounds {
        nothing.push(starting_at_all());
        ours.extend(started(Who::Ours, folder.path()).await.map(|(took, _)| took));
        node.extend(started(Who::Node, folder.path()).await.map(|(took, _)| took));
    }
    let (ours, nothing) = (Took::of(ours), Took::of(nothing));
    let detail = "with a SQLite database that was there, and keys in it";
    let row = Row::new(goals::FIRST_TOKEN, "", ours.times(1e3), detail);
    part.rows.push(row.above(STARTING, nothing.times(1e3)));
    if !node.is_empty() {
        let node = Took::of(node);
        let detail = format!("{:.1} ms against {:.0} ms", ours.median * 1e3, node.median * 1e3);
        let row = Row::new(goals::FIRST_TOKEN_PEER, "", node.over(ours), detail);
        part.rows.push(row.above(STARTING, node.over(nothing)));
    }
}

const STARTING: &str = "the same program, which starts, is told a word that it does not know, and ends";

/// Seconds for what any start costs.
fn starting_at_all() -> f64 {
    let begun = Instant::now();
    let ended = Command::new(program()).arg("nothing").stderr(Stdio::null()).status().expect("the host");
    assert!(!ended.success(), "a word that means nothing is refused");
    begun.elapsed().as_secs_f64()
}

/// Seconds from the start to the first token, and the server.
async fn started(who: Who, folder: &std::path::Path) -> Option<(f64, Server)> {
    let port = free_port();
    let command = match who {
        Who::Ours => {
            let config = folder.join("towergate.toml");
            fs::write(&config, configuration(port, "sqlite:first.db")).expect("a configuration");
            let mut command = Command::new(program());
            command.env("TOWERGATE_CONFIG", config).env("RUST_LOG", "error").current_dir(folder);
            command
        }
        _ => super::peers::command(who, port, "")?,
    };
    let path = if who == Who::Ours { "/oauth/token" } else { "/token" };
    let fields = form(&[("grant_type", "client_credentials"), ("scope", "read")]);
    let request = post(path, &[("authorization", &basic(CLIENT))], &fields);
    let begun = Instant::now();
    let server = start(command, port);
    loop {
        if let Ok(mut connection) = Connection::to(port).await {
            let answer = connection.send(&request).await.expect("an answer");
            assert_eq!(answer.status, 200, "{}", answer.text());
            return Some((begun.elapsed().as_secs_f64(), server));
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "a server does not start");
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// What a session takes in memory, by a program of its own.
fn sessions(count: usize, part: &mut Part) {
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program).args(["child-sessions", &count.to_string()]).output().expect("a child");
    let told = String::from_utf8(child.stdout).expect("figures");
    let (each, log) = told.trim().split_once(' ').expect("two figures");
    let (each, log): (f64, f64) = (each.parse().expect("a figure"), log.parse().expect("a figure"));
    let detail = format!(
        "resident, over {count} sessions of as many people; the log in memory keeps {log:.0} B more of each sign-in"
    );
    part.rows.push(Row::exact(goals::SESSION_MEMORY, "", each, detail));
}

/// What a child does: signs so many people in, and prints what each took, and what of it the log keeps.
pub fn child(count: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (store, random) = (MemoryStore::new(), OsRandom::new());
    let typed = Password::parse(&Secret::from("correct horse battery staple")).expect("a password");
    let params = HashParams::insecure_new(8, 1, 1).expect("parameters");
    let phc = hash(&typed, params, &random).expect("a hash");
    let dummy = DummyHash::new(params, &random).expect("a hash");
    let origin = || Origin::detached(NOW, &random).expect("an origin");
    let layer = SessionLayer::new(store.clone()).clock(Arc::new(ManualClock::at(NOW)));
    let each = runtime.block_on(async {
        let mut proofs = Vec::with_capacity(count);
        for place in 0..count {
            let user = User {
                id: UserId::fresh(NOW, &random).expect("an identifier"),
                email: EmailAddress::parse(&format!("u{place}@example.com")).expect("an address"),
                password: Some(phc.clone()),
                state: UserState::Active,
                created_at: NOW,
                confirmed_at: Some(NOW),
            };
            store.add_user(user.clone(), origin()).await.expect("a person");
            let Decision::Proven { proof, .. } = decide(Some(&user), &typed, NOW, &dummy) else {
                unreachable!("the password is right")
            };
            proofs.push(proof);
        }
        let known = store.events().len();
        let before = held();
        // What held them is kept until all is measured: what was freed of it would be missing from what the sessions hold.
        let mut proofs = proofs.into_iter();
        for proof in proofs.by_ref() {
            Visit::to(&layer).await.session.establish(proof).await.expect("a session");
        }
        let all = held().saturating_sub(before);
        let mut events = store.events();
        let written = events.split_off(known);
        // Nothing is freed in between, so that the copy takes new memory.
        let before = held();
        let again = written.clone();
        let log = held().saturating_sub(before);
        drop((events, written, again, proofs));
        [all.saturating_sub(log), log].map(|kib| kib * 1024 / count as u64)
    });
    println!("{} {}", each[0], each[1]);
}

/// What this program holds beside its own file, in KiB.
fn held() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a figure");
    line.split_whitespace().next().and_then(|figure| figure.parse().ok()).expect("a figure")
}
