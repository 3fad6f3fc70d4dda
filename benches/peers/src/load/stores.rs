//! What keeping costs: tokens that survive a fall of the machine, and sessions that are read from a database.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use towergate::{
    core::{
        Clock,
        audit::Origin,
        system::{OsRandom, SystemClock},
    },
    oauth::{ports::OAuthStore, rules::client::AccessTokenFormat},
    postgres::PostgresStore,
    sqlite::SqliteStore,
};
use towergate_test_servers::postgres::PostgresServer;

use super::{
    client,
    drive::{Work, window},
    http::get,
    peers::{Peer, Who},
};
use crate::{
    goals,
    house::{self, CLIENT_SECRET},
    measure::Took,
    row::{Part, Row, scratch},
};

/// How many ask for a token at a time.
const IN_FLIGHT: usize = 64;

/// SQLite, as it is set up by the house: each step is on the disk before it is answered.
#[must_use]
pub fn sqlite(quick: bool) -> Part {
    let mut part = Part::default();
    let folder = scratch();
    let store = SqliteStore::open(folder.path().join("issue.db")).expect("a database");
    let (one, many) = issue(quick, store);
    let (bare_one, bare_many) = bare_pairs(folder.path(), quick);
    let detail = format!(
        "{:.0} tokens a second with {IN_FLIGHT} in flight, {:.0} one after the other; bare pairs of rows {:.0} and {:.0}",
        many.median, one.median, bare_many.median, bare_one.median
    );
    let row = Row::new(goals::DURABLE, "", many.over(one), detail);
    let least = "pairs of an event's row and a token's, which is found by its end and its client too, so many to a commit, and nothing \
                 else";
    part.rows.push(row.above(least, bare_many.over(bare_one)));
    part.rows.push(loads(quick));
    part
}

/// PostgreSQL, where there is one or one can be started.
#[must_use]
pub fn postgres(quick: bool) -> Part {
    let mut part = Part::default();
    let runtime = runtime();
    let server = PostgresServer::private();
    let url = server.url("postgres");
    let store = runtime.block_on(async { PostgresStore::connect(&url).await.expect("a database") });
    let (one, many) = issue(quick, store);
    let detail = format!(
        "{:.0} tokens a second with {IN_FLIGHT} in flight, {:.0} one after the other",
        many.median, one.median
    );
    part.rows.push(Row::new(goals::DURABLE_POSTGRES, "", many.over(one), detail));
    part
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime")
}

/// Tokens a second, one after the other and many at a time, through the token endpoint in process.
fn issue<S: OAuthStore>(quick: bool, store: S) -> (Took, Took) {
    let (rounds, long) =
        if quick { (1, Duration::from_millis(300)) } else { (5, Duration::from_millis(1500)) };
    let runtime = runtime();
    // A clock that goes: identifiers are in the order of time, and so are the rows that are written together.
    let (random, clock) = (Arc::new(OsRandom::new()), Arc::new(SystemClock));
    let server = runtime.block_on(async {
        let origin = Origin::detached(clock.now(), &*random).expect("an origin");
        store.put_client(house::robot("robot", AccessTokenFormat::Opaque), origin).await.expect("a client");
        house::server(&store, clock, random).await
    });
    let rate = |in_flight: usize| {
        let nothing = service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let service = server.protocol().layer(nothing);
        runtime.block_on(async {
            let (start, done) = (Instant::now(), Arc::new(AtomicU32::new(0)));
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..in_flight {
                let (service, done) = (service.clone(), done.clone());
                tasks.spawn(async move {
                    while start.elapsed() < long {
                        let answer = service.clone().oneshot(request()).await.expect("an answer");
                        assert_eq!(answer.status(), StatusCode::OK);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            tasks.join_all().await;
            f64::from(done.load(Ordering::Relaxed)) / start.elapsed().as_secs_f64()
        })
    };
    rate(IN_FLIGHT);
    let (mut ones, mut many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ones.push(rate(1));
        many.push(rate(IN_FLIGHT));
    }
    (Took::of(ones), Took::of(many))
}

fn request() -> Request<Full<Bytes>> {
    let form =
        format!("grant_type=client_credentials&scope=read&client_id=robot&client_secret={CLIENT_SECRET}");
    Request::post("/oauth/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .expect("a request")
}

/// What sharing a commit brings in SQLite alone: pairs of a token's row and its event's, a second, one to a commit and as many as are
/// in flight to a commit. A token is found by when it ends, for whoever cleans, and by its client, for whoever disables that one.
/// Identifiers are in the order of time, and nothing else is done.
fn bare_pairs(folder: &std::path::Path, quick: bool) -> (Took, Took) {
    let connection = rusqlite::Connection::open(folder.join("pairs.db")).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE token (id BLOB PRIMARY KEY, digest BLOB, client TEXT, scope TEXT, audience TEXT, ends INTEGER) WITHOUT ROWID;
             CREATE INDEX token_by_end ON token (ends);
             CREATE INDEX token_by_client ON token (client);
             CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER, action TEXT, actor TEXT, target TEXT, details TEXT);",
        )
        .expect("tables");
    let (rounds, long) =
        if quick { (1, Duration::from_millis(200)) } else { (5, Duration::from_millis(500)) };
    let mut last = 0_u128;
    let mut pair = || {
        last += 1;
        let (id, digest) = (last.to_be_bytes(), [7_u8; 32]);
        let ends = 1_800_000_600 + i64::try_from(last / 10_000).expect("a time");
        let token = rusqlite::params![id, digest, "robot", "read", "[\"https://mail.example\"]", ends];
        let event = rusqlite::params![
            1_800_000_000,
            "token.issued",
            "robot",
            format!("{last:036}"),
            "{\"grant_type\":\"client_credentials\"}"
        ];
        for (insert, row) in [
            ("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?)", token),
            ("INSERT INTO event (at, action, actor, target, details) VALUES (?, ?, ?, ?, ?)", event),
        ] {
            connection.prepare_cached(insert).and_then(|mut insert| insert.execute(row)).expect("a row");
        }
    };
    let mut rate = |to_a_commit: usize| {
        let (start, mut done) = (Instant::now(), 0_usize);
        while start.elapsed() < long {
            connection.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
            (0..to_a_commit).for_each(|_| pair());
            connection.execute_batch("COMMIT").expect("a commit");
            done += to_a_commit;
        }
        done as f64 / start.elapsed().as_secs_f64()
    };
    let (mut ones, mut many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ones.push(rate(1));
        many.push(rate(IN_FLIGHT));
    }
    (Took::of(ones), Took::of(many))
}

/// A page of somebody signed in, whose session is read from SQLite, beside one whose session is in memory.
fn loads(quick: bool) -> Row {
    let (rounds, long) = if quick { (1, 300) } else { (7, 1000) };
    let long = Duration::from_millis(long);
    let took = client().block_on(async move {
        tokio::spawn(async move {
            let core: &[usize] = &[0];
            let memory = Peer::start(Who::Ours, "memory:", Some(core)).await.expect("the reference host");
            let sqlite =
                Peer::start(Who::Ours, "sqlite:sessions.db", Some(core)).await.expect("the reference host");
            let bare = Peer::start(Who::Bare, "", Some(core)).await.expect("bare axum");
            let page = |peer: &Peer| Work::same(get("/", &[("cookie", &peer.cookie)]));
            let (mut from_memory, mut from_sqlite, mut least) = (Vec::new(), Vec::new(), Vec::new());
            for round in 0..=rounds {
                let one = window(&memory.server, &page(&memory), long).await;
                let other = window(&sqlite.server, &page(&sqlite), long).await;
                let hello = window(&bare.server, &Work::same(get("/hello", &[])), long).await;
                let reads = window(&bare.server, &Work::same(get("/least/reads", &[])), long).await;
                // The first is for warming up.
                if round > 0 {
                    from_memory.push(one.cpu);
                    from_sqlite.push(other.cpu);
                    least.push(one.cpu + reads.cpu - hello.cpu);
                }
            }
            [from_memory, from_sqlite, least].map(Took::of)
        })
        .await
        .expect("a measurement")
    });
    let [memory, sqlite, least] = took;
    let detail = format!(
        "the front page of the example for somebody signed in, {:.1} µs against {:.1} µs",
        sqlite.median, memory.median
    );
    let row = Row::new(goals::SQLITE_SESSION, "", sqlite.over(memory), detail);
    row.above(
        "the page from memory, and what two bare reads of a row by its key add to bare axum's hello",
        least.over(memory),
    )
}

/// Removes what servers left.
pub fn tidy() {
    let _ = fs::remove_dir_all(super::peers::servers());
}
