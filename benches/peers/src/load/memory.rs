//! What memory is held, by a host that nobody asks anything and by each session.

mod first_token;

use std::{process::Command, sync::Arc, time::Duration};

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

use self::first_token::started;
use super::peers::{Peer, Who};
use crate::{
    bare::held,
    goals,
    measure::Took,
    row::{Part, Row},
    visit::Visit,
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// All of it, and how soon the first token is there after a start.
#[must_use]
pub fn measure(quick: bool) -> Part {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let mut part = Part::default();
    runtime.expect("a runtime").block_on(async {
        idle(&mut part).await;
        first_token::measure(if quick { 2 } else { 9 }, &mut part).await;
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

/// What a session takes in memory, by a program of its own.
fn sessions(count: usize, part: &mut Part) {
    let [each, log] = told_by("child-sessions", count);
    let [least] = told_by("child-bare-sessions", count);
    let detail = format!(
        "resident, over {count} sessions of as many people; the log in memory keeps {log:.0} B more of each sign-in"
    );
    let row = Row::exact(goals::SESSION_MEMORY, "", each, detail);
    let least = Took { min: least, median: least };
    part.rows.push(row.above(
        "a table of the standard library, with as many digests, and of each its person, methods and five times, and nothing else",
        least,
    ));
}

/// The figures that a child prints.
fn told_by<const N: usize>(child: &str, count: usize) -> [f64; N] {
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program).args([child, &count.to_string()]).output().expect("a child");
    let told = String::from_utf8(child.stdout).expect("figures");
    let figures: Vec<f64> = told.split_whitespace().map(|word| word.parse().expect("a figure")).collect();
    figures.try_into().expect("as many figures")
}

/// What a child does: signs so many people in, and prints what each took, and what of it the log keeps.
pub fn child(count: usize) {
    // Before them others, who fill the gaps that were left until then: what comes into a gap would be missing.
    let others = count / 10;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (store, random) = (MemoryStore::new(), OsRandom::new());
    let typed = Password::parse(&Secret::from("correct horse battery staple")).expect("a password");
    let params = HashParams::insecure_new(8, 1, 1).expect("parameters");
    let phc = hash(&typed, params, &random).expect("a hash");
    let dummy = DummyHash::new(params, &random).expect("a hash");
    let origin = || Origin::detached(NOW, &random).expect("an origin");
    let layer = SessionLayer::new(store.clone()).clock(Arc::new(ManualClock::at(NOW)));
    let each = runtime.block_on(async {
        let mut proofs = Vec::with_capacity(others + count);
        for place in 0..others + count {
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
        // What held them is kept until all is measured: what was freed of it would be missing from what the sessions hold.
        let mut proofs = proofs.into_iter();
        let known = store.events().len();
        for proof in proofs.by_ref().take(others) {
            Visit::to(&layer).await.session.establish(proof).await.expect("a session");
        }
        let before = held();
        for proof in proofs.by_ref() {
            Visit::to(&layer).await.session.establish(proof).await.expect("a session");
        }
        let all = held().saturating_sub(before);
        let mut events = store.events();
        let of_each = (events.len() - known) / (others + count);
        let written = events.split_off(known + of_each * others);
        // The copy is made as the log was, one event after the other, and nothing is freed in between: it takes new memory.
        let mut copy = Vec::new();
        events.iter().for_each(|event| copy.push(Arc::new(event.clone())));
        let before = held();
        written.iter().for_each(|event| copy.push(Arc::new(event.clone())));
        let log = held().saturating_sub(before);
        drop((events, written, copy, proofs));
        [all.saturating_sub(log), log].map(|kib| kib * 1024 / count as u64)
    });
    println!("{} {}", each[0], each[1]);
}
