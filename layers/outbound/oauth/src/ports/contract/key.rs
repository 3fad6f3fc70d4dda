//! Laws of signing keys, and of the audit log.

use towergate_core::{
    Timestamp,
    audit::{Event, Party},
};

use super::{
    AuditTrail,
    fixture::{Ear, MILLISECOND, NOW, assert_same, origin, told},
};
use crate::{
    ports::{
        OAuthStore,
        key::{Adding, Moving},
    },
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

/// A key reads back as it was written, and its coming is on record.
pub async fn a_key_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    let kept = key("one", KeyState::Active, NOW);
    assert_eq!(store.add_key(kept.clone(), origin(NOW)).await.unwrap(), Adding::Added);
    ear.heard(&[moved("one", "active")], NOW).await;
    assert_same(&store.keys().await.unwrap(), &[kept]);
}

/// There is one key of each algorithm in each state: whoever comes second finds it there.
pub async fn a_key_is_added_once<S: OAuthStore + AuditTrail>(store: &S) {
    store.add_key(key("one", KeyState::Active, NOW), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let second = store.add_key(key("two", KeyState::Active, NOW), origin(NOW)).await.unwrap();
    assert_eq!(second, Adding::AlreadyThere);
    ear.silence().await;
    assert_eq!(kids(store).await, ["one"]);
    let next = store.add_key(key("three", KeyState::Published, NOW), origin(NOW)).await.unwrap();
    assert_eq!(next, Adding::Added);
    let rsa = KeyRecord { algorithm: String::from("RS256"), ..key("four", KeyState::Active, NOW) };
    assert_eq!(store.add_key(rsa, origin(NOW)).await.unwrap(), Adding::Added);
}

/// Keys come oldest first, whatever their names and the order they were added in.
pub async fn keys_come_oldest_first<S: OAuthStore + AuditTrail>(store: &S) {
    store.add_key(key("a", KeyState::Published, NOW.plus(MILLISECOND)), origin(NOW)).await.unwrap();
    store.add_key(key("b", KeyState::Active, NOW), origin(NOW)).await.unwrap();
    assert_eq!(kids(store).await, ["b", "a"]);
}

/// A key moves forward, never back, and not twice to one place.
pub async fn a_key_never_moves_back<S: OAuthStore + AuditTrail>(store: &S) {
    store.add_key(key("one", KeyState::Published, NOW), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let moves = [
        (KeyState::Published, Moving::Unmoved),
        (KeyState::Active, Moving::Moved),
        (KeyState::Active, Moving::Unmoved),
        (KeyState::Retiring, Moving::Moved),
        (KeyState::Published, Moving::Unmoved),
        (KeyState::Active, Moving::Unmoved),
    ];
    for (to, expected) in moves {
        let moving = store.move_key(String::from("one"), to, origin(NOW)).await.unwrap();
        assert_eq!(moving, expected, "{to:?}");
    }
    ear.heard(&[moved("one", "active"), moved("one", "retiring")], NOW).await;
    assert_eq!(store.keys().await.unwrap().first().unwrap().state, KeyState::Retiring);
}

/// A retired key is listed no more and stays retired.
pub async fn a_retired_key_is_listed_no_more<S: OAuthStore + AuditTrail>(store: &S) {
    store.add_key(key("one", KeyState::Active, NOW), origin(NOW)).await.unwrap();
    store.move_key(String::from("one"), KeyState::Retired, origin(NOW)).await.unwrap();
    assert!(kids(store).await.is_empty());
    let back = store.move_key(String::from("one"), KeyState::Active, origin(NOW)).await.unwrap();
    assert_eq!(back, Moving::Unmoved);
    assert!(kids(store).await.is_empty());
}

/// A key that never was does not move.
pub async fn an_unknown_key_does_not_move<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    let moving = store.move_key(String::from("one"), KeyState::Active, origin(NOW)).await.unwrap();
    assert_eq!(moving, Moving::Unmoved);
    ear.silence().await;
}

/// An event that is appended reads back whole, in its place.
pub async fn an_event_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    let client = Party::new("client", "app");
    let refused = Event::refused(origin(NOW), "first", client, Party::anonymous(), "bad_secret")
        .with("method", "ä \"quoted\"")
        .with("again", 2);
    let succeeded = Event::succeeded(origin(NOW), "second", Party::system(), Party::system());
    store.append(refused.clone()).await.unwrap();
    store.append(succeeded.clone()).await.unwrap();
    let events = store.events().await;
    assert_eq!(events.iter().map(told).collect::<Vec<_>>(), [told(&refused), told(&succeeded)]);
}

fn key(kid: &str, state: KeyState, created_at: Timestamp) -> KeyRecord {
    KeyRecord {
        kid: kid.to_owned(),
        algorithm: String::from("ES256"),
        sealed_private: vec![0, 1, 255],
        public_jwk: format!("{{\"kid\":\"{kid}\"}}"),
        state,
        created_at,
    }
}

fn moved(kid: &str, state: &'static str) -> OAuthFact {
    OAuthFact::KeyMoved { kid: kid.to_owned(), state }
}

async fn kids<S: OAuthStore>(store: &S) -> Vec<String> {
    store.keys().await.unwrap().into_iter().map(|key| key.kid).collect()
}
