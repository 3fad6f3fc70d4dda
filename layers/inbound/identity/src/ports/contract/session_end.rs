//! Laws of a session's end, and of the values that end with it.

use std::time::Duration;

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, establish, is_alive, login, origin, renewal, revoked, session, session_id,
        user_id, with_session,
    },
};
use crate::{
    ports::{IdentityStore, session::Establishment},
    rules::{fact::SessionEnd, session::SessionRecord},
};

/// A session is ended once.
pub async fn a_session_is_ended_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let mut ear = Ear::on(store).await;
    assert!(store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap());
    ear.heard(&[revoked(1, SessionEnd::Logout)], NOW).await;
    assert!(!is_alive(store, 1, NOW).await);
    for n in [1, 9] {
        assert!(!store.end_session(session_id(n), SessionEnd::Logout, origin(NOW)).await.unwrap());
    }
    ear.silence().await;
}

/// A session that has expired is not ended before its time.
pub async fn an_expired_session_is_not_ended_again<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let mut ear = Ear::on(store).await;
    let expired = origin(session(1).idle_expires_at);
    assert!(!store.end_session(session_id(1), SessionEnd::Logout, expired).await.unwrap());
    let ended = store.end_sessions_of(user_id(1), None, SessionEnd::RevokedByUser, expired).await.unwrap();
    assert_eq!(ended, 0);
    ear.silence().await;
}

/// A person's sessions end all but one, and nobody else's do.
pub async fn all_sessions_of_a_person_end_but_one<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    let mut ear = Ear::on(store).await;
    let reason = SessionEnd::RevokedByUser;
    let ended = store.end_sessions_of(user_id(1), Some(session_id(2)), reason, origin(NOW)).await.unwrap();
    assert_eq!(ended, 2);
    ear.heard(&[revoked(1, reason), revoked(3, reason)], NOW).await;
    for (n, alive) in [(1, false), (2, true), (3, false), (4, true)] {
        assert_eq!(is_alive(store, n, NOW).await, alive, "session {n}");
    }
}

/// A person's sessions all end where none is excepted.
pub async fn all_sessions_of_a_person_end<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    let ended =
        store.end_sessions_of(user_id(1), None, SessionEnd::RevokedByUser, origin(NOW)).await.unwrap();
    assert_eq!(ended, 3);
    assert!(store.sessions_of(user_id(1), NOW).await.unwrap().is_empty());
    assert_eq!(store.sessions_of(user_id(2), NOW).await.unwrap().len(), 1);
}

/// Whoever is signed in is told once, a part at a time, in the order of the identifiers; whose sessions have ended or expired is not.
pub async fn who_is_signed_in_is_told_part_by_part<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    let people = async |after, limit, at| store.people_signed_in(after, limit, at).await.unwrap();
    let (one, two) = (user_id(1), user_id(2));
    assert_eq!(people(None, 10, NOW).await, [one, two]);
    assert_eq!(people(None, 1, NOW).await, [one]);
    assert_eq!(people(Some(one), 1, NOW).await, [two]);
    assert!(people(Some(two), 10, NOW).await.is_empty());
    assert!(people(None, 10, session(1).absolute_expires_at.plus(Duration::from_secs(60))).await.is_empty());
    let mut ear = Ear::on(store).await;
    let reason = SessionEnd::RevokedByOperator;
    store.end_sessions_of(one, None, reason, origin(NOW)).await.unwrap();
    ear.heard(&[revoked(1, reason), revoked(2, reason), revoked(3, reason)], NOW).await;
    assert_eq!(people(None, 10, NOW).await, [two]);
}

/// A person's living sessions are listed newest first.
pub async fn sessions_are_listed_newest_first<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    let list = |at| async move {
        let rows = store.sessions_of(user_id(1), at).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(list(NOW).await, [session_id(2), session_id(1), session_id(3)]);
    store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
    assert_eq!(list(NOW).await, [session_id(2), session_id(3)]);
    assert!(list(session(1).idle_expires_at).await.is_empty());
}

/// A value is kept, replaced and removed by itself.
pub async fn a_value_is_kept_until_it_is_removed<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(value(store, 1, "a").await, None);
    for (name, text) in [("a", "one"), ("b", "zwei ü"), ("a", "three")] {
        assert!(set(store, 1, name, Some(text)).await);
    }
    assert_eq!(value(store, 1, "a").await.as_deref(), Some("three"));
    assert_eq!(value(store, 1, "b").await.as_deref(), Some("zwei ü"));
    assert_eq!(value(store, 2, "a").await, None);
    assert!(set(store, 1, "a", None).await);
    assert!(set(store, 1, "a", None).await);
    assert_eq!(value(store, 1, "a").await, None);
    assert_eq!(value(store, 1, "b").await.as_deref(), Some("zwei ü"));
    ear.silence().await;
}

/// A value ends with its session, and none is written after it.
pub async fn a_value_ends_with_its_session<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    assert!(set(store, 1, "a", Some("one")).await);
    let end = session(1).idle_expires_at;
    let id = session_id(1);
    assert!(store.session_value(id, "a", end.minus(MILLISECOND)).await.unwrap().is_some());
    assert_eq!(store.session_value(id, "a", end).await.unwrap(), None);
    assert!(!store.set_session_value(id, String::from("a"), None, end).await.unwrap());
    assert!(!set(store, 9, "a", Some("one")).await);

    store.end_session(id, SessionEnd::Logout, origin(NOW)).await.unwrap();
    assert_eq!(value(store, 1, "a").await, None);
    assert!(!set(store, 1, "a", Some("two")).await);
    assert_eq!(value(store, 1, "a").await, None);
}

/// The values stay as long as the sign-in goes on: at a new identifier, and when its person proves themself again.
pub async fn values_follow_a_sign_in<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    for (n, name, text) in [(1, "a", "one"), (1, "b", "two"), (2, "a", "theirs")] {
        assert!(set(store, n, name, Some(text)).await);
    }
    establish(store, renewal(5)).await;
    establish(store, Establishment { replaces: Some(session_id(5)), ..login(6) }).await;
    assert_eq!(value(store, 6, "a").await.as_deref(), Some("one"));
    assert_eq!(value(store, 6, "b").await.as_deref(), Some("two"));
    assert_eq!(value(store, 2, "a").await.as_deref(), Some("theirs"));
    for ended in [1, 5] {
        assert_eq!(value(store, ended, "a").await, None);
    }
}

/// Whoever signs in begins without the values of another person, or of a session that had ended.
pub async fn no_value_outlives_a_sign_in<S: IdentityStore + AuditTrail>(store: &S) {
    with_sessions(store).await;
    for n in [1, 4] {
        assert!(set(store, n, "a", Some("one")).await);
    }
    establish(store, Establishment { replaces: Some(session_id(4)), ..login(5) }).await;
    store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
    establish(store, Establishment { replaces: Some(session_id(1)), ..login(6) }).await;
    for n in [1, 4, 5, 6] {
        assert_eq!(value(store, n, "a").await, None, "session {n}");
    }
}

/// Gives the first person three sessions, the second the newest of them, and the second person one.
async fn with_sessions<S: IdentityStore>(store: &S) {
    with_session(store).await;
    let minute = Duration::from_secs(60);
    let newest = SessionRecord { created_at: NOW.plus(minute), ..session(2) };
    let oldest = SessionRecord { created_at: NOW.minus(minute), ..session(3) };
    let other = SessionRecord { user: user_id(2), ..session(4) };
    for session in [newest, oldest, other] {
        establish(store, Establishment { session, ..login(2) }).await;
    }
}

async fn value<S: IdentityStore>(store: &S, n: u128, name: &str) -> Option<String> {
    store.session_value(session_id(n), name, NOW).await.unwrap()
}

async fn set<S: IdentityStore>(store: &S, n: u128, name: &str, value: Option<&str>) -> bool {
    let (name, value) = (name.to_owned(), value.map(String::from));
    store.set_session_value(session_id(n), name, value, NOW).await.unwrap()
}
