//! The house on SQLite with everything in it that a wrong request could touch: codes, tokens, questions, registrations.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity::{ports::UserStore, rules::password::HashParams},
    login::PasswordHasher,
    oauth::rules::client::ClientId,
    oauth_server::{
        ServerConfig,
        config::ResourceServer,
        registration::{Registration, RegistrationMode},
    },
    sqlite::SqliteStore,
};

use crate::{
    house::{
        CLIENT, CLIENT_SECRET, FILES, House, MAIL, PASSWORD, RIVAL_SECRET,
        browser::{Browser, token_request, token_request_as, with_token},
        clients::{self, OFFICE, ROBOT},
        person,
        steps::{
            AUTHORIZE, VERIFIER, encode, exchange, login_form, refresh, signed_in, to_code_for, to_consent,
        },
    },
    keys,
    refusal::Refusal,
    request::Sent,
};

pub(crate) struct Stage {
    pub(crate) house: House,
    /// What no answer may tell.
    pub(crate) secrets: Vec<String>,
    /// Alice's, signed in.
    pub(crate) alice: Browser,
    /// An interaction whose question is before her.
    pub(crate) asked: String,
    /// A code of the shop.
    pub(crate) code: String,
    /// What the shop got for another.
    pub(crate) tokens: Value,
    /// An access token of a client that acts for itself.
    pub(crate) own: String,
    /// An access token for another API alone.
    pub(crate) for_mail: String,
    pub(crate) store: SqliteStore,
    contents: Contents,
    seen: usize,
    /// Whether what was there before need not count any more.
    pub(crate) is_late: bool,
    _folder: TempDir,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::under(|_| ()).await
    }

    /// The same under other rules.
    pub(crate) async fn under(rules: impl FnOnce(&mut ServerConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("towergate.db");
        let store = SqliteStore::open(&file).unwrap();
        let house = House::with_config(store.clone(), store.clone(), |config| {
            config.registration = Registration::new(RegistrationMode::Open);
            let guarded = ResourceServer::new(FILES).unwrap().guarded_by(ClientId::parse(OFFICE).unwrap());
            config.resource_servers.retain(|server| server.resource() == MAIL);
            config.resource_servers.push(guarded);
            rules(config);
        });
        let house = house.await;
        clients::settle(&house, &store, &keys::set(&[keys::P256])).await;

        let mut alice = signed_in(&house).await;
        let asked = to_consent(&mut alice).await;
        let code = to_code_for(&mut alice, AUTHORIZE).await;
        let other = to_code_for(&mut alice, &format!("{AUTHORIZE}&resource={}", encode(MAIL))).await;
        let for_mail = token_request(&house.app, &exchange(&other, VERIFIER)).await.json();
        let for_mail = for_mail["access_token"].as_str().unwrap().to_owned();
        let other = to_code_for(&mut alice, AUTHORIZE).await;
        let tokens = token_request(&house.app, &exchange(&other, VERIFIER)).await.json();
        let own = token_request_as(&house.app, ROBOT, CLIENT_SECRET, "grant_type=client_credentials").await;
        let own = own.json()["access_token"].as_str().unwrap().to_owned();

        let told = [CLIENT_SECRET, RIVAL_SECRET, VERIFIER, PASSWORD, &code, &own, &for_mail];
        let mut secrets: Vec<_> = told.map(str::to_owned).into();
        secrets.extend(alice.cookies.values().cloned());
        secrets.extend(["access_token", "refresh_token", "id_token"].map(|name| text(&tokens, name)));
        let contents = Contents::of(&file);
        Self {
            house,
            secrets,
            alice,
            asked,
            code,
            tokens,
            own,
            for_mail,
            store,
            contents,
            seen: 0,
            is_late: false,
            _folder: folder,
        }
    }

    pub(crate) fn token(&self, name: &str) -> String {
        text(&self.tokens, name)
    }

    /// What else the shop gets in the same way.
    pub(crate) async fn more_tokens(&mut self, request: &str) -> Value {
        let code = to_code_for(&mut self.alice, request).await;
        token_request(&self.house.app, &exchange(&code, VERIFIER)).await.json()
    }

    /// Sends what leaves things as a row needs them.
    pub(crate) async fn send(&self, request: Sent) -> Response<Full<Bytes>> {
        self.house.app.clone().oneshot(request).await.unwrap()
    }

    /// The session cookie of somebody else.
    pub(crate) async fn session_of(&mut self, email: &str) -> String {
        let hasher = PasswordHasher::new(HashParams::default(), Arc::new(OsRandom::new())).unwrap();
        let now = self.house.clock.now();
        let somebody = person(email, &hasher, now).await;
        self.store.add_user(somebody, Origin::detached(now, &OsRandom::new()).unwrap()).await.unwrap();
        let mut browser = Browser::new(self.house.app.clone());
        let form = login_form().replace("alice%40example.com", &encode(email));
        assert_eq!(browser.post("/login", &form).await.status, 303);
        let session = browser.cookies["__Host-tgs"].clone();
        self.secrets.push(session.clone());
        session
    }

    pub(crate) fn later(&mut self, seconds: u64) {
        self.house.later(seconds);
        self.is_late = true;
    }

    /// Insists that each row is refused as it says, and that everything that was there before still counts.
    pub(crate) async fn holds(mut self, rows: Vec<Refusal>) {
        let mut faults = Vec::new();
        let mut laws: Vec<_> = rows.iter().map(|row| row.law.clone()).collect();
        laws.sort_unstable();
        faults.extend(
            laws.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("twice: {}", pair[0])),
        );
        for row in rows {
            faults.extend(row.faults(&mut self).await);
        }
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
        if !self.is_late {
            self.honest_requests_succeed().await;
        }
    }

    async fn honest_requests_succeed(&mut self) {
        let app = &self.house.app;
        let first = token_request(app, &exchange(&self.code, VERIFIER)).await;
        assert_eq!(first.status, 200, "the code: {}", first.text);
        let next = token_request(app, &refresh(&self.token("refresh_token"))).await;
        assert_eq!(next.status, 200, "the refresh token: {}", next.text);
        for path in ["/oauth/userinfo", "/api"] {
            let answer = with_token(app, path, &self.token("access_token")).await;
            assert_eq!(answer.status, 200, "the access token at {path}: {}", answer.text);
        }
        let decided = self.alice.post(&self.asked, "decision=allow").await;
        assert_eq!(decided.status, 303, "the question of {CLIENT}: {}", decided.text);
    }

    pub(crate) fn look(&mut self) {
        self.news();
    }

    /// What was logged since the last look, each with its reason, and which tables changed.
    pub(crate) fn news(&mut self) -> (Vec<String>, Vec<String>) {
        let events = self.store.events(0, u32::MAX).unwrap();
        let events: Vec<_> = events
            .iter()
            .map(|event| {
                let reason = event.reason.as_deref().unwrap_or(event.outcome.as_str());
                format!("{} {reason}", event.action)
            })
            .collect();
        let mut news = events[self.seen..].to_vec();
        // Within one step the order is the store's own.
        news.sort();
        self.seen = events.len();
        (news, self.contents.changes())
    }
}

/// Every row of every table but the log, each as text.
struct Contents {
    connection: Connection,
    seen: BTreeMap<String, Vec<String>>,
}

impl Contents {
    fn of(file: &Path) -> Self {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        Self { connection, seen: BTreeMap::new() }
    }

    /// The tables that are not as they were at the last look.
    fn changes(&mut self) -> Vec<String> {
        let now: BTreeMap<_, _> =
            self.tables().into_iter().map(|table| (table.clone(), self.rows(&table))).collect();
        let before = std::mem::replace(&mut self.seen, now);
        let changed = self.seen.iter().filter(|(table, rows)| before.get(*table) != Some(rows));
        changed.map(|(table, _)| table.clone()).collect()
    }

    fn tables(&self) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_schema
            WHERE type = 'table' AND name LIKE 'towergate%' AND name <> 'towergate_audit_events'";
        let mut tables = self.connection.prepare(sql).unwrap();
        tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn rows(&self, table: &str) -> Vec<String> {
        let mut all = self.connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let width = all.column_count();
        let rows = all.query_map([], |row| {
            let cells = (0..width).map(|column| row.get_ref(column).map(|cell| format!("{cell:?}")));
            Ok(cells.collect::<Result<Vec<_>, _>>()?.join("|"))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }
}

pub(crate) fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}
