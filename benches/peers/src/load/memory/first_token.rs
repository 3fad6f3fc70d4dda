//! How soon the first token is there after a start.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::super::{
    http::{Connection, post},
    peers::{CLIENT, SECRET, Who, basic, command, configuration, form, program, start},
    server::{Server, free_port},
};
use crate::{
    goals,
    measure::Took,
    row::{Part, Row},
};

const FLOOR: &str = "the same program, until it says that it does not know a word, and what a bare one takes to open the same \
                     database, look a client up, commit a row of a token and one of an event, and answer over a socket";

/// From the start of a program to its first token.
pub(super) async fn measure(rounds: usize, part: &mut Part) {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut ours, mut node, mut least) = (Vec::new(), Vec::new(), Vec::new());
    // A host that was set up: its keys are made and its people known.
    let _ = started(Who::Ours, folder.path()).await;
    let database = folder.path().join("least.db");
    for ending in ["", "-wal"] {
        let copied = folder.path().join(format!("first.db{ending}"));
        fs::copy(copied, format!("{}{ending}", database.display())).expect("a copy of the database");
    }
    bare_start(&database);
    for _ in 0..rounds {
        least.push(starting_at_all() + bare_start(&database));
        ours.extend(started(Who::Ours, folder.path()).await.map(|(took, _)| took));
        node.extend(started(Who::Node, folder.path()).await.map(|(took, _)| took));
    }
    let (ours, least) = (Took::of(ours), Took::of(least));
    let detail = "with a SQLite database that was there, and keys in it";
    let row = Row::new(goals::FIRST_TOKEN, "", ours.times(1e3), detail);
    part.rows.push(row.above(FLOOR, least.times(1e3)));
    if !node.is_empty() {
        let node = Took::of(node);
        let detail = format!("{:.1} ms against {:.0} ms", ours.median * 1e3, node.median * 1e3);
        let row = Row::new(goals::FIRST_TOKEN_PEER, "", node.over(ours), detail);
        part.rows.push(row.above(FLOOR, node.over(least)));
    }
}

/// Seconds from the start to the first token, and the server.
pub(super) async fn started(who: Who, folder: &Path) -> Option<(f64, Server)> {
    let port = free_port();
    let command = match who {
        Who::Ours => {
            let config = folder.join("towergate.toml");
            fs::write(&config, configuration(port, "sqlite:first.db")).expect("a configuration");
            let mut command = Command::new(program());
            command.env("TOWERGATE_CONFIG", config).env("RUST_LOG", "error").current_dir(folder);
            command
        }
        _ => command(who, port, "")?,
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
        // Nobody else needs this thread, and the runtime's own sleep counts in whole milliseconds.
        thread::sleep(Duration::from_micros(100));
    }
}

/// Seconds for what any start costs, up to the first thing that is said. How it ends takes time too, and is not counted.
fn starting_at_all() -> f64 {
    let begun = Instant::now();
    let mut host = Command::new(program()).arg("nothing").stderr(Stdio::piped()).spawn().expect("the host");
    let mut said = [0];
    host.stderr.take().expect("what it says").read_exact(&mut said).expect("a complaint");
    let took = begun.elapsed().as_secs_f64();
    assert!(!host.wait().expect("an end").success(), "a word that means nothing is refused");
    took
}

/// Seconds for what a bare program does once it runs.
fn bare_start(database: &Path) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program)
        .arg("child-first-token")
        .arg(database)
        .args([CLIENT, SECRET])
        .output()
        .expect("a child");
    let told = String::from_utf8(child.stdout).expect("a figure");
    told.trim().parse().expect("a figure")
}
