//! People, clients and grants for the tests, and a place for a file.

#![expect(dead_code, unreachable_pub, reason = "each test file uses its own part")]
#![expect(clippy::unwrap_used, reason = "what cannot be built fails the test")]

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use towergate_core::{
    Digest, Timestamp,
    audit::{Origin, RequestId},
    id::Uuid,
};
use towergate_identity::{
    ports::session::Establishment,
    rules::{
        email::EmailAddress,
        login_proof::Method,
        session::{SessionId, SessionRecord, SessionStage, SignInId},
        user::{User, UserId, UserState},
    },
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

pub const NOW: Timestamp = Timestamp::from_unix_millis(1_700_000_000_000);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

/// A file that is gone at the end.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn file(&self) -> PathBuf {
        self.dir.path().join("towergate.db")
    }
}

pub fn origin(at: Timestamp) -> Origin {
    Origin { request: RequestId::from_uuid(id(1)), at }
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn user(number: u128) -> User {
    User {
        id: UserId::from_uuid(id(number)),
        email: EmailAddress::parse(&format!("user-{number}@example.com")).unwrap(),
        password: None,
        state: UserState::Active,
        created_at: NOW,
        confirmed_at: None,
    }
}

/// A login of user 1 that is idle after a minute.
pub fn login(session: u128, now: Timestamp) -> Establishment {
    let session = SessionRecord {
        id: SessionId::from_uuid(id(session)),
        digest: Digest::of(b"session"),
        sign_in: SignInId::from_uuid(id(session)),
        user: user(1).id,
        stage: SessionStage::Complete,
        methods: [Method::Password].into(),
        passkey: None,
        authenticated_at: now,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: now.plus(MINUTE),
        absolute_expires_at: now.plus(DAY),
    };
    Establishment {
        session,
        replaces: None,
        is_login: true,
        rests_on_replaced: false,
        visit: Default::default(),
    }
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
