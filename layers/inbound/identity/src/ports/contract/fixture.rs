//! The people and sessions of the laws, and an ear for the audit log.

use std::time::Duration;

pub(super) use towergate_core::contract::{Ear, MILLISECOND, NOW, assert_same, origin, told};
use towergate_core::{Digest, Secret, Timestamp, id::Uuid};

use crate::{
    ports::{
        IdentityStore,
        session::{Established, Establishment},
        user::AddingUser,
        visit::Visit,
    },
    rules::{
        email::EmailAddress,
        fact::{IdentityFact, SessionEnd},
        login_proof::Method,
        session::{SessionId, SessionLifetime, SessionRecord, SessionStage, SignInId},
        user::{User, UserId, UserState},
    },
};

pub(super) const LIFETIME: SessionLifetime = SessionLifetime {
    idle: Duration::from_secs(1800),
    absolute: Duration::from_secs(24 * 3600),
    activity_every: Duration::from_secs(300),
};

pub(super) fn sign_in_id(n: u128) -> SignInId {
    SignInId::from_uuid(Uuid::from_u128(0x3000 + n))
}

pub(super) const fn user_id(n: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(0x1000 + n))
}

pub(super) fn email(n: u128) -> EmailAddress {
    EmailAddress::parse(&format!("person-{n}@example.com")).unwrap()
}

pub(super) fn user(n: u128) -> User {
    User {
        id: user_id(n),
        email: email(n),
        password: Some(Secret::from("$argon2id$old")),
        state: UserState::Active,
        created_at: NOW,
        confirmed_at: Some(NOW),
    }
}

pub(super) fn session_id(n: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(0x2000 + n))
}

/// The `n`th session, of the first person; every session is of a sign-in of its own.
pub(super) fn session(n: u128) -> SessionRecord {
    SessionRecord {
        id: session_id(n),
        digest: Digest::of(b"cookie"),
        sign_in: sign_in_id(n),
        user: user_id(1),
        stage: SessionStage::Complete,
        methods: [Method::Password, Method::Otp].into(),
        passkey: None,
        authenticated_at: NOW.minus(MILLISECOND),
        created_at: NOW,
        last_seen_at: NOW,
        idle_expires_at: NOW.plus(LIFETIME.idle),
        absolute_expires_at: NOW.plus(LIFETIME.absolute),
    }
}

/// The first person signs in, to the `n`th session.
pub(super) fn login(n: u128) -> Establishment {
    Establishment {
        session: session(n),
        replaces: None,
        is_login: true,
        rests_on_replaced: false,
        visit: Visit::default(),
    }
}

pub(super) fn succeeded(n: u128) -> IdentityFact {
    let SessionRecord { user, methods, .. } = session(n);
    IdentityFact::LoginSucceeded { user, methods }
}

pub(super) fn created(n: u128) -> IdentityFact {
    let SessionRecord { id, sign_in, user, .. } = session(n);
    IdentityFact::SessionCreated { session: id, sign_in, user }
}

pub(super) fn revoked(n: u128, reason: SessionEnd) -> IdentityFact {
    let SessionRecord { id, sign_in, user, .. } = session(n);
    IdentityFact::SessionRevoked { session: id, sign_in, user, reason }
}

/// The `n`th session begins in the sign-in of the first.
pub(super) fn gone_on(n: u128) -> IdentityFact {
    let SessionRecord { id, user, .. } = session(n);
    IdentityFact::SessionCreated { session: id, sign_in: sign_in_id(1), user }
}

/// The first session changes its identifier, to that of the `n`th.
pub(super) fn renewal(n: u128) -> Establishment {
    Establishment {
        session: session(n),
        replaces: Some(session_id(1)),
        is_login: false,
        rests_on_replaced: false,
        visit: Visit::default(),
    }
}

/// Keeps two people.
pub(super) async fn with_people<S: IdentityStore>(store: &S) {
    for n in [1, 2] {
        assert_eq!(store.add_user(user(n), origin(NOW)).await.unwrap(), AddingUser::Added);
    }
}

/// Keeps two people; the first has the first session.
pub(super) async fn with_session<S: IdentityStore>(store: &S) {
    with_people(store).await;
    establish(store, login(1)).await;
}

/// Establishes a session that nothing stands in the way of; answers its sign-in, and the one that ended.
pub(super) async fn establish<S: IdentityStore>(
    store: &S,
    establishment: Establishment,
) -> (SignInId, Option<SignInId>) {
    kept(store.establish_session(establishment, origin(NOW)).await.unwrap()).unwrap()
}

/// The sign-in of a session that is kept, and the one that ended.
pub(super) const fn kept(established: Established) -> Option<(SignInId, Option<SignInId>)> {
    match established {
        Established::Established { sign_in, ended, .. } => Some((sign_in, ended)),
        Established::Full | Established::UserRefused | Established::Superseded => None,
    }
}

pub(super) async fn is_alive<S: IdentityStore>(store: &S, n: u128, at: Timestamp) -> bool {
    store.load_session(session_id(n), at).await.unwrap().is_some()
}
