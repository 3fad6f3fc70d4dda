//! What somebody signed in waits for a page while many others sign in: each sign-in fills a memory with hashes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    http::{Connection, get, post},
    peers::{Peer, SAME_SITE, Who},
};
use crate::{
    goals,
    measure::Took,
    row::{Part, Row},
    rows::passwords::{USUAL, ready},
};

/// How many sign in at a time, without a pause.
const STORM: usize = 16;
/// How many read pages, with pauses.
const READERS: usize = 4;

/// The 99th hundredth of what readers wait, quiet and in the storm, in turns.
#[must_use]
pub fn measure(quick: bool) -> Part {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async { tokio::spawn(all(quick)).await.expect("a measurement") })
}

async fn all(quick: bool) -> Part {
    let (rounds, long) = if quick { (1, Duration::from_secs(1)) } else { (5, Duration::from_secs(4)) };
    let peer = Peer::start(Who::Ours, "memory:", None).await.expect("the reference host");
    readers(&peer, long / 2).await;
    let (mut quiet, mut stormy, mut ratios, mut floors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut tried, mut shed) = (0, 0);
    for _ in 0..rounds {
        let before = readers(&peer, long).await;
        let (during, stormed) = tokio::join!(readers(&peer, long), storm(&peer, long));
        let hashing = Hashing::start();
        floors.push(readers(&peer, long).await / before);
        hashing.stop();
        ratios.push(during / before);
        quiet.push(before);
        stormy.push(during);
        tried += stormed.0;
        shed += stormed.1;
    }
    let (quiet, stormy) = (Took::of(quiet), Took::of(stormy));
    let detail = format!(
        "{:.2} ms against {:.2} ms; {STORM} sign in at a time, {:.0} tries a second, {shed} of {tried} shed; client and server \
         share the cores",
        stormy.median * 1e3,
        quiet.median * 1e3,
        f64::from(tried) / (long.as_secs_f64() * rounds as f64)
    );
    let mut part = Part::default();
    let row = Row::new(goals::STORM, "", Took::of(ratios), detail);
    part.rows.push(row.above(
        "nobody signs in, and a program beside the server hashes as many at a time in memory that lies ready, at the lowest \
         priority there is",
        Took::of(floors),
    ));
    part
}

/// Threads that do nothing but hash, as many as the server does at a time, and come after everybody else.
struct Hashing {
    over: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Hashing {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let one = |over: Arc<AtomicBool>| {
            move || {
                rustix::process::nice(19).expect("a lower priority");
                let mut hash = ready(USUAL);
                while !over.load(Ordering::Relaxed) {
                    hash();
                }
            }
        };
        let threads = (0..(cores / 2).clamp(1, 4)).map(|_| thread::spawn(one(Arc::clone(&over)))).collect();
        Self { over, threads }
    }

    fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().expect("hashes"));
    }
}

/// Seconds that one in a hundred pages takes longer than.
async fn readers(peer: &Peer, long: Duration) -> f64 {
    let start = Instant::now();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..READERS {
        let (port, request) = (peer.port(), get("/", &[("cookie", &peer.cookie)]));
        readers.spawn(async move {
            let mut connection = Connection::to(port).await.expect("a connection");
            let mut waits = Vec::new();
            while start.elapsed() < long {
                let asked = Instant::now();
                let answer = connection.send(&request).await.expect("an answer");
                assert_eq!(answer.status, 200, "{}", answer.text());
                waits.push(asked.elapsed().as_secs_f64());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            waits
        });
    }
    let mut waits: Vec<f64> = readers.join_all().await.into_iter().flatten().collect();
    waits.sort_by(f64::total_cmp);
    waits[waits.len() * 99 / 100]
}

/// People nobody knows try to sign in, each once: that costs what it costs those who are known.
async fn storm(peer: &Peer, long: Duration) -> (u32, u32) {
    // Nobody is asked for twice, so that nobody is locked out.
    static NAMES: AtomicU64 = AtomicU64::new(0);
    let start = Instant::now();
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..STORM {
        let port = peer.port();
        people.spawn(async move {
            let mut connection = Connection::to(port).await.expect("a connection");
            let (mut tried, mut shed) = (0, 0);
            while start.elapsed() < long {
                let name = NAMES.fetch_add(1, Ordering::Relaxed);
                let form = format!("email=u{name}%40example.com&password=correct+horse+battery+{name}");
                let request = post("/login", &[SAME_SITE], &form);
                let status = connection.send(&request).await.map(|answer| answer.status).unwrap_or_default();
                tried += 1;
                shed += u32::from(matches!(status, 429 | 503));
            }
            (tried, shed)
        });
    }
    people.join_all().await.into_iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
}
