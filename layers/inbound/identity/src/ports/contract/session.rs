//! Laws of a session's life: how it begins, how long it lasts, how activity prolongs it.

use std::time::Duration;

use towergate_core::StoreError;

use super::{
    AuditTrail,
    fixture::{
        Ear, LIFETIME, MILLISECOND, NOW, assert_same, created, establish, gone_on, is_alive, login, origin,
        renewal, revoked, session, session_id, sign_in_id, succeeded, user_id, with_people, with_session,
    },
};
use crate::{
    ports::{
        IdentityStore,
        session::{Established, Establishment},
    },
    rules::{
        fact::SessionEnd,
        login_proof::Method,
        session::{SessionRecord, SessionStage},
    },
};

/// A session reads back as it was written, and the sign-in and the session are on record.
pub async fn a_session_reads_back_whole<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    establish(store, login(1)).await;
    ear.heard(&[succeeded(1), created(1)], NOW).await;
    let found = store.load_session(session_id(1), NOW).await.unwrap().unwrap();
    assert_same(&found, &session(1));
    assert!(found.digest.matches(&session(1).digest));
    assert!(!is_alive(store, 2, NOW).await);
}

/// A half signed-in session reads back as one.
pub async fn a_half_session_stays_half<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for (n, stage) in [(1, SessionStage::AwaitsSecondFactor), (2, SessionStage::AwaitsEnrolment)] {
        let half = SessionRecord { stage, methods: [Method::Password].into(), ..session(n) };
        establish(store, Establishment { session: half, ..login(n) }).await;
        let found = store.load_session(session_id(n), NOW).await.unwrap().unwrap();
        assert_eq!(found.stage, stage);
    }
}

/// A session that is no login is no sign-in on record.
pub async fn a_new_identifier_is_no_sign_in<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(establish(store, renewal(2)).await, (sign_in_id(1), None));
    ear.heard(&[gone_on(2), revoked(1, SessionEnd::Replaced)], NOW).await;
    assert!(!is_alive(store, 1, NOW).await);
    assert!(is_alive(store, 2, NOW).await);
}

/// A sign-in takes the place of the session before it.
pub async fn a_sign_in_ends_the_session_before_it<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let mut ear = Ear::on(store).await;
    establish(store, Establishment { replaces: Some(session_id(1)), ..login(2) }).await;
    ear.heard(&[succeeded(2), gone_on(2), revoked(1, SessionEnd::Replaced)], NOW).await;
    assert!(!is_alive(store, 1, NOW).await);
    assert!(is_alive(store, 2, NOW).await);
}

/// A sign-in does not mind that the session before it is gone, and says nothing of it.
pub async fn a_sign_in_needs_no_session_before_it<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let mut ear = Ear::on(store).await;
    let expired = session(1).idle_expires_at;
    let next = SessionRecord { idle_expires_at: expired.plus(LIFETIME.idle), ..session(2) };
    let login = Establishment {
        session: next,
        replaces: Some(session_id(1)),
        is_login: true,
        rests_on_replaced: false,
        visit: Default::default(),
    };
    let established = store.establish_session(login, origin(expired)).await.unwrap();
    assert_eq!(
        established,
        Established::Established {
            sign_in: sign_in_id(2),
            stage: SessionStage::Complete,
            ended: None,
            marks: Default::default()
        }
    );
    ear.heard(&[succeeded(2), created(2)], expired).await;
}

/// A session that was ended cannot be renewed: a slower request does not undo a logout.
pub async fn an_ended_session_is_not_renewed<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let established = store.establish_session(renewal(2), origin(NOW)).await.unwrap();
    assert_eq!(established, Established::Superseded);
    ear.silence().await;
    assert!(!is_alive(store, 2, NOW).await);
}

/// A second factor makes nothing of a first one whose session was ended: a slower request does not undo a revocation.
pub async fn what_rests_on_an_ended_session_is_not_established<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let completed = |n| Establishment { replaces: Some(session_id(1)), rests_on_replaced: true, ..login(n) };
    let reason = SessionEnd::PasswordChanged;
    store.end_sessions_of(user_id(1), None, reason, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let established = store.establish_session(completed(2), origin(NOW)).await.unwrap();
    assert_eq!(established, Established::Superseded);
    ear.silence().await;
    assert!(!is_alive(store, 2, NOW).await);
    establish(store, login(1)).await;
    establish(store, completed(3)).await;
    assert!(is_alive(store, 3, NOW).await);
}

/// A session that has expired cannot be renewed.
pub async fn an_expired_session_is_not_renewed<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let expired = session(1).idle_expires_at;
    let established = store.establish_session(renewal(2), origin(expired)).await.unwrap();
    assert_eq!(established, Established::Superseded);
    assert!(!is_alive(store, 2, NOW).await);
}

/// Nobody who is shut out, or not there, gets a session, and the session before it stays.
pub async fn whoever_is_shut_out_gets_no_session<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    store.disable_user(user_id(2), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    for n in [2, 9] {
        let theirs = SessionRecord { user: user_id(n), ..session(2) };
        let login = Establishment {
            session: theirs,
            replaces: Some(session_id(1)),
            is_login: true,
            rests_on_replaced: false,
            visit: Default::default(),
        };
        let established = store.establish_session(login, origin(NOW)).await.unwrap();
        assert_eq!(established, Established::UserRefused, "person {n}");
    }
    ear.silence().await;
    assert!(!is_alive(store, 2, NOW).await);
    assert!(is_alive(store, 1, NOW).await);
}

/// A second session under one identifier is refused, and nothing is half-written.
pub async fn a_session_is_established_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    establish(store, login(2)).await;
    let mut ear = Ear::on(store).await;
    let clash = Establishment { replaces: Some(session_id(2)), ..login(1) };
    let refused = store.establish_session(clash, origin(NOW)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    ear.silence().await;
    assert!(is_alive(store, 2, NOW).await);
}

/// An unused session lives to the millisecond before its idle end.
pub async fn an_idle_session_ends_on_time<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let end = session(1).idle_expires_at;
    assert!(is_alive(store, 1, end.minus(MILLISECOND)).await);
    assert!(!is_alive(store, 1, end).await);
}

/// However much it is used, a session lives to the millisecond before its absolute end.
pub async fn an_old_session_ends_on_time<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let (idle_end, end) = (NOW.plus(Duration::from_secs(300)), NOW.plus(Duration::from_secs(600)));
    let short = SessionRecord { idle_expires_at: idle_end, absolute_expires_at: end, ..session(1) };
    establish(store, Establishment { session: short, ..login(1) }).await;
    assert!(store.touch_session(session_id(1), idle_end.minus(MILLISECOND), LIFETIME).await.unwrap());
    assert!(store.touch_session(session_id(1), end.minus(MILLISECOND), LIFETIME).await.unwrap());
    assert!(is_alive(store, 1, end.minus(MILLISECOND)).await);
    assert!(!is_alive(store, 1, end).await);
    assert!(!store.touch_session(session_id(1), end, LIFETIME).await.unwrap());
}

/// Activity moves the idle end, and is on no record.
pub async fn activity_prolongs_a_session<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let mut ear = Ear::on(store).await;
    let later = session(1).idle_expires_at.minus(MILLISECOND);
    assert!(store.touch_session(session_id(1), later, LIFETIME).await.unwrap());
    let found = store.load_session(session_id(1), later).await.unwrap().unwrap();
    assert_eq!((found.last_seen_at, found.idle_expires_at), (later, later.plus(LIFETIME.idle)));
    assert_eq!(found.absolute_expires_at, session(1).absolute_expires_at);
    assert!(is_alive(store, 1, session(1).idle_expires_at).await);
    ear.silence().await;
}

/// The idle end never goes beyond the absolute end.
pub async fn activity_stops_at_the_absolute_end<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let endless = crate::rules::session::SessionLifetime { idle: Duration::MAX, ..LIFETIME };
    assert!(store.touch_session(session_id(1), NOW, endless).await.unwrap());
    let found = store.load_session(session_id(1), NOW).await.unwrap().unwrap();
    assert_eq!(found.idle_expires_at, session(1).absolute_expires_at);
}

/// A note of activity that comes late does not take back a newer one.
pub async fn activity_never_goes_backwards<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let later = NOW.plus(Duration::from_secs(900));
    store.touch_session(session_id(1), later, LIFETIME).await.unwrap();
    assert!(store.touch_session(session_id(1), NOW, LIFETIME).await.unwrap());
    let found = store.load_session(session_id(1), NOW).await.unwrap().unwrap();
    assert_eq!((found.last_seen_at, found.idle_expires_at), (later, later.plus(LIFETIME.idle)));
}

/// Activity never revives a session that has expired, was ended, or never was.
pub async fn activity_never_revives<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    establish(store, login(2)).await;
    store.end_session(session_id(2), SessionEnd::Logout, origin(NOW)).await.unwrap();
    let end = session(1).idle_expires_at;
    for (n, at) in [(1, end), (2, NOW), (3, NOW)] {
        assert!(!store.touch_session(session_id(n), at, LIFETIME).await.unwrap(), "session {n}");
        assert!(!is_alive(store, n, at).await, "session {n}");
    }
}
