//! How much room one thing of each kind takes in a file: the manual's page on capacity tells the truth.

#![expect(clippy::unwrap_used, reason = "a test")]

use rusqlite::{Connection, params};
use towergate_core::{
    Random, Timestamp,
    audit::{AuditLog, Event, Origin, Party, RequestId},
    id::Uuid,
    random::InsecureSeededRandom,
};
use towergate_sqlite::SqliteStore;

const PAGE: &str = include_str!("../../../../src/manual/capacity.md");

/// Enough that pages which are not full count for little.
const ROWS: u32 = 5_000;

/// When the `n`th thing was made, in milliseconds.
fn at(n: u32) -> i64 {
    1_700_000_000_000 + i64::from(n)
}

/// What the page says of a kind, in bytes.
fn told(kind: &str) -> i64 {
    let row = PAGE.lines().find_map(|line| line.strip_prefix("| ")?.strip_prefix(kind)?.strip_prefix(" | "));
    let row = row.unwrap_or_else(|| unreachable!("the page has no row {kind:?}"));
    row.split(" |").next().unwrap().trim().parse().unwrap()
}

/// Within a tenth: names and texts are longer here, and shorter there.
fn assert_told(kind: &str, measured: i64) {
    let told = told(kind);
    assert!(
        (measured * 10 - told * 10).abs() <= told,
        "{kind}: the page says {told} bytes, there are {measured}"
    );
}

/// Bytes of the file's pages, the log folded in.
fn bytes(connection: &Connection) -> i64 {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let ask = |what: &str| connection.query_row(what, [], |row| row.get::<_, i64>(0)).unwrap();
    ask("PRAGMA page_count") * ask("PRAGMA page_size")
}

/// Identifiers in the order of their making, as the house draws them.
fn id(random: &InsecureSeededRandom, n: u32) -> [u8; 16] {
    let mut id = [0; 16];
    random.fill(&mut id).unwrap();
    id[..6].copy_from_slice(&at(n).to_be_bytes()[2..]);
    id
}

fn filled(connection: &mut Connection, kind: &str, mut row: impl FnMut(&Connection, u32)) {
    let before = bytes(connection);
    let all = connection.transaction().unwrap();
    (0..ROWS).for_each(|n| row(&all, n));
    all.commit().unwrap();
    assert_told(kind, (bytes(connection) - before) / i64::from(ROWS));
}

#[test]
fn the_manual_tells_how_much_room_each_kind_takes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("towergate.db");
    drop(SqliteStore::open(&path).unwrap());
    let mut connection = Connection::open(&path).unwrap();
    let random = InsecureSeededRandom::new(1);
    let draw = |n| id(&random, n);
    let digest = || {
        let mut digest = [0_u8; 32];
        random.fill(&mut digest).unwrap();
        digest
    };
    let uuid = |id: &[u8; 16]| Uuid::from_bytes(*id).to_string();
    let (mut users, mut grants) = (Vec::new(), Vec::new());
    assert_told("an empty file", bytes(&connection));
    filled(&mut connection, "user with a password", |connection, n| {
        let phc = format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", "c".repeat(22), "h".repeat(43));
        let user = draw(n);
        let row = params![user, format!("person.{n:06}@example.com"), phc, at(n)];
        let write = "INSERT INTO towergate_users (id, email, password, state, created_at, confirmed_at) VALUES (?1, ?2, ?3, 'active', ?4, ?4)";
        connection.execute(write, row).unwrap();
        users.push(user);
    });
    filled(&mut connection, "session", |connection, n| {
        let row = params![draw(n), digest(), draw(n), users[n as usize], at(n)];
        let write = "INSERT INTO towergate_sessions (id, digest, sign_in, user_id, stage, methods, authenticated_at, created_at,
            last_seen_at, idle_expires_at, absolute_expires_at, agent, network) VALUES (?1, ?2, ?3, ?4, 'complete', '[\"pwd\",\"otp\"]',
            ?5, ?5, ?5, ?5, ?5, 'Firefox on Linux', '192.0.2.0/24')";
        connection.execute(write, row).unwrap();
    });
    filled(&mut connection, "grant to a client", |connection, n| {
        let grant = draw(n);
        let row = params![grant, uuid(&users[n as usize]), at(n), uuid(&draw(n))];
        let write = "INSERT INTO towergate_grants (id, client, subject, scope, audience, auth_time, amr, sid, created_at, offline)
            VALUES (?1, 'a-client-of-ours', ?2, 'openid profile email', '[]', ?3, '[\"pwd\",\"otp\"]', ?4, ?3, 0)";
        connection.execute(write, row).unwrap();
        grants.push(grant);
    });
    filled(&mut connection, "access token", |connection, n| {
        let row = params![draw(n), digest(), grants[n as usize], uuid(&users[n as usize]), at(n)];
        let write = "INSERT INTO towergate_access_tokens (id, digest, grant_id, client, subject, scope, audience, issued_at, expires_at)
            VALUES (?1, ?2, ?3, 'a-client-of-ours', ?4, 'openid profile email', '[]', ?5, ?5)";
        connection.execute(write, row).unwrap();
    });
    filled(&mut connection, "refresh token", |connection, n| {
        let row = params![draw(n), digest(), grants[n as usize], at(n)];
        let write = "INSERT INTO towergate_refresh_tokens (id, digest, grant_id, generation, issued_at, expires_at, absolute_expires_at)
            VALUES (?1, ?2, ?3, 1, ?4, ?4, ?4)";
        connection.execute(write, row).unwrap();
    });
    filled(&mut connection, "one that was traded for the next", |connection, n| {
        let row = params![draw(n), digest(), grants[n as usize], at(n), draw(n)];
        let write = "INSERT INTO towergate_refresh_tokens (id, digest, grant_id, generation, issued_at, expires_at, absolute_expires_at,
            rotated_at, successor, sealed_answer) VALUES (?1, ?2, ?3, 1, ?4, ?4, ?4, ?4, ?5, x'')";
        connection.execute(write, row).unwrap();
    });
    filled(&mut connection, "mark of an assertion", |connection, n| {
        let row = params![digest(), at(n)];
        let write =
            "INSERT INTO towergate_single_use (kind, digest, until) VALUES ('client_assertion', ?1, ?2)";
        connection.execute(write, row).unwrap();
    });
    filled(&mut connection, "pushed request", |connection, n| {
        let request = r#"{"client_id":"a-client-of-ours","redirect_uri":"https://app.example/callback","redirect_uri_was_sent":true,
            "response_mode":"query","scope":"openid profile email","state":"4f0c8f1e0b1d4a6c","nonce":null,
            "code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","prompt":[],"max_age":null,"login_hint":null,
            "required_sub":null,"acr_values":[],"claims":{},"resource":[],"ui_locales":[]}"#;
        let row = params![draw(n), digest(), request.replace("\n            ", ""), at(n)];
        let write =
            "INSERT INTO towergate_pushed_requests (id, digest, request, expires_at) VALUES (?1, ?2, ?3, ?4)";
        connection.execute(write, row).unwrap();
    });
    let before = bytes(&connection);
    let store = SqliteStore::open(&path).unwrap();
    let events = 1_000;
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let written = (0..events).map(|n| {
        let (store, request) = (store.clone(), RequestId::from_uuid(Uuid::from_bytes(draw(n))));
        let origin = Origin { request, at: Timestamp::from_unix_millis(at(n)) };
        let user = Party::new("user", uuid(&users[n as usize]));
        let event = Event::succeeded(origin, "login.succeeded", user.clone(), user).with("amr", "pwd otp");
        runtime.spawn(async move { store.append(event).await })
    });
    let written: Vec<_> = written.collect();
    runtime.block_on(async {
        for written in written {
            written.await.unwrap().unwrap();
        }
    });
    drop(store);
    assert_told("audit event", (bytes(&connection) - before) / i64::from(events));
}
