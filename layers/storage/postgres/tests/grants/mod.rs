//! Clients and grants for the tests, and a store in a database of its own.

#![expect(unreachable_pub, reason = "each test file uses its own part")]
#![expect(clippy::unwrap_used, reason = "what cannot be built fails the test")]

use std::time::Duration;

use towergate_core::{
    Digest, Timestamp,
    audit::{Origin, RequestId},
    id::Uuid,
};
use towergate_oauth::{
    ports::grant::{Redemption, Rotation},
    rules::{
        access_token::AccessToken,
        client::{Client, ClientId, ClientMetadata},
        code::Code,
        grant::{Grant, GrantId, SignIn, Subject},
        refresh_token::RefreshToken,
    },
};
use towergate_oauth_types::{Scope, pkce::CodeChallenge};
use towergate_postgres::PostgresStore;
use towergate_test_servers::postgres::{Database, PostgresServer};

pub const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// A store in a database that is gone at the end.
pub struct Place {
    pub store: PostgresStore,
    _database: Database<'static>,
}

impl Place {
    pub async fn new() -> Self {
        let database = PostgresServer::shared().database();
        Self { store: PostgresStore::connect(&database.url()).await.unwrap(), _database: database }
    }
}

pub fn origin(at: Timestamp) -> Origin {
    Origin { request: RequestId::from_uuid(id(1)), at }
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn grant(number: u128, now: Timestamp) -> Grant {
    Grant {
        id: GrantId::from_uuid(id(number)),
        client: ClientId::parse("app").unwrap(),
        subject: Subject::parse("alice").unwrap(),
        scope: Scope::parse("openid").unwrap(),
        audience: vec![String::from("https://api.example")],
        claims: Default::default(),
        sign_in: SignIn { auth_time: now, acr: None, amr: vec![String::from("pwd")], sid: None },
        created_at: now,
    }
}

/// The code of the grant with the same number; it lives for a minute.
pub fn code(number: u128, now: Timestamp) -> Code {
    Code {
        id: id(number),
        digest: Digest::of(b"code"),
        grant: GrantId::from_uuid(id(number)),
        redirect_uri: String::from("https://app.example/cb"),
        redirect_uri_was_sent: true,
        code_challenge: Some(CodeChallenge::from_stored([7; 32])),
        nonce: None,
        expires_at: now.plus(MINUTE),
    }
}

/// The exchange of a code for an access token of ten minutes and a refresh token of a day.
pub fn redemption(number: u128, now: Timestamp) -> Redemption {
    let client = ClientId::parse("app").unwrap();
    Redemption {
        code: id(number),
        client,
        access: access_token(number, number, now),
        refresh: Some(refresh_token(number, number, now, now.plus(DAY))),
    }
}

/// The exchange of a refresh token for the next.
pub fn rotation(grant: u128, presented: u128, next: u128, now: Timestamp, end: Timestamp) -> Rotation {
    Rotation {
        presented: id(presented),
        client: ClientId::parse("app").unwrap(),
        access: access_token(next, grant, now),
        refresh: refresh_token(next, grant, now, end),
        sealed_answer: vec![1, 2, 3],
        repeat_window: Duration::ZERO,
    }
}

fn access_token(number: u128, grant: u128, now: Timestamp) -> AccessToken {
    AccessToken {
        id: id(number),
        digest: None,
        grant: Some(GrantId::from_uuid(id(grant))),
        client: ClientId::parse("app").unwrap(),
        subject: Some(Subject::parse("alice").unwrap()),
        scope: Scope::parse("openid").unwrap(),
        audience: vec![String::from("https://api.example")],
        issued_at: now,
        expires_at: now.plus(10 * MINUTE),
    }
}

fn refresh_token(number: u128, grant: u128, now: Timestamp, end: Timestamp) -> RefreshToken {
    RefreshToken {
        id: id(number),
        digest: Digest::of(b"refresh"),
        grant: GrantId::from_uuid(id(grant)),
        generation: 0,
        issued_at: now,
        expires_at: end,
        absolute_expires_at: end,
    }
}

pub fn client() -> Client {
    Client::unchecked(grant(1, NOW).client, None, ClientMetadata::default())
}
