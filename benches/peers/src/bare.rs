//! Programs that do only what cannot be left out, each as a child of its own.

use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::exit,
    time::Instant,
};

use rusqlite::{Connection as Database, params};
use sha2::{Digest, Sha256};

/// Keeps of so many sessions what no session is without, and prints what each took.
pub fn sessions(count: usize) {
    struct Kept {
        _user: [u8; 16],
        _methods: u64,
        _authenticated_at: u64,
        _created_at: u64,
        _last_seen_at: u64,
        _idle_expires_at: u64,
        _absolute_expires_at: u64,
    }
    let before = held();
    let mut sessions = HashMap::new();
    for place in 0..count as u64 {
        let mut digest = [7_u8; 32];
        digest[..8].copy_from_slice(&place.to_be_bytes());
        let kept = Kept {
            _user: [1; 16],
            _methods: place,
            _authenticated_at: place,
            _created_at: place,
            _last_seen_at: place,
            _idle_expires_at: place,
            _absolute_expires_at: place,
        };
        sessions.insert(digest, kept);
    }
    let all = held().saturating_sub(before);
    black_box(sessions);
    println!("{}", all * 1024 / count as u64);
}

/// Does what no host is without that answers with a token it keeps, and prints the seconds that it took, from the beginning of its
/// program on. It reads no configuration, has no keys and no threads, judges nothing, and does not even read what it is asked.
pub fn first_token(database: &str, client: &str, secret: &str) {
    let begun = Instant::now();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let mut caller = listener.local_addr().and_then(TcpStream::connect).expect("a connection");
    caller.write_all(&[b'x'; 300]).expect("a request");
    let database = Database::open(database).expect("a database");
    database
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS token (id BLOB PRIMARY KEY, digest BLOB, client TEXT, scope TEXT, ends INTEGER);
             CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, at INTEGER, action TEXT, actor TEXT, target TEXT);",
        )
        .expect("tables");
    let (mut server, _) = listener.accept().expect("the caller");
    let read = server.read(&mut [0; 1024]).expect("the request");
    assert_eq!(read, 300);
    let known: Vec<u8> = database
        .query_row("SELECT secret FROM towergate_clients WHERE id = ?", [client], |row| row.get(0))
        .expect("the client's row");
    assert_eq!(known, Sha256::digest(secret).as_slice());
    let digest = Sha256::digest(known);
    database.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
    database
        .execute(
            "INSERT INTO token VALUES (randomblob(16), ?, ?, 'read', 1800000600)",
            params![digest.as_slice(), client],
        )
        .and_then(|_| {
            database.execute(
                "INSERT INTO event (at, action, actor, target) VALUES (1800000000, 'token.issued', ?, ?)",
                params![client, format!("{:036}", 7)],
            )
        })
        .expect("rows");
    database.execute_batch("COMMIT").expect("a commit");
    server.write_all(&[b'x'; 400]).expect("an answer");
    caller.read_exact(&mut [0; 400]).expect("the answer");
    println!("{}", begun.elapsed().as_secs_f64());
    // As the servers do that are killed: nothing is folded into the file, and the next to come finds the log as they do.
    exit(0);
}

/// What this program holds beside its own file, in KiB.
#[must_use]
pub fn held() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("a figure");
    line.split_whitespace().next().and_then(|figure| figure.parse().ok()).expect("a figure")
}
