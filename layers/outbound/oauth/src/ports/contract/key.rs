//! Laws of signing keys, and of the audit log.

use towergate_core::{
    StoreError,
    audit::{Event, Party},
};

use super::{
    AuditTrail,
    fixture::{Ear, MILLISECOND, NOW, assert_same, origin, told},
};
use crate::{
    ports::{
        OAuthStore,
        key::{Changing, KeyChange},
    },
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

/// A key reads back as it was written, and its coming is on record.
pub async fn a_key_reads_back_whole<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    let kept = KeyRecord { since: NOW.plus(MILLISECOND), ..key("one", KeyState::Active) };
    assert_eq!(add(store, kept.clone()).await.unwrap(), Changing::Changed);
    ear.heard(&[moved("one", "active")], NOW).await;
    assert_same(&store.keys().await.unwrap(), &[kept]);
}

/// Keys come oldest first, whatever their names and the order they were added in.
pub async fn keys_come_oldest_first<S: OAuthStore + AuditTrail>(store: &S) {
    let younger = KeyRecord { created_at: NOW.plus(MILLISECOND), ..key("a", KeyState::Published) };
    add(store, younger).await.unwrap();
    add(store, key("b", KeyState::Active)).await.unwrap();
    assert_eq!(kids(store).await, ["b", "a"]);
}

/// A change that was decided for another ring does nothing: somebody was quicker.
pub async fn a_change_for_another_ring_does_nothing<S: OAuthStore + AuditTrail>(store: &S) {
    let nothing_there = KeyChange { add: vec![key("late", KeyState::Published)], ..KeyChange::default() };
    add(store, key("one", KeyState::Published)).await.unwrap();
    let one_published = change(store).await;
    move_to(store, "one", KeyState::Active).await.unwrap();
    let mut ear = Ear::on(store).await;
    for mut stale in [nothing_there, one_published] {
        stale.moves = vec![(String::from("one"), KeyState::Retiring)];
        assert_eq!(store.change_keys(stale, origin(NOW)).await.unwrap(), Changing::Overtaken);
    }
    ear.silence().await;
    assert_same(&store.keys().await.unwrap(), &[key("one", KeyState::Active)]);
}

/// A key takes over from another in one step, and both know since when.
pub async fn a_key_takes_over_in_one_step<S: OAuthStore + AuditTrail>(store: &S) {
    add(store, key("old", KeyState::Active)).await.unwrap();
    add(store, key("new", KeyState::Published)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let later = NOW.plus(MILLISECOND);
    let mut change = change(store).await;
    change.moves = vec![(String::from("new"), KeyState::Active), (String::from("old"), KeyState::Retiring)];
    change.add = vec![KeyRecord { since: later, created_at: later, ..key("next", KeyState::Published) }];
    assert_eq!(store.change_keys(change, origin(later)).await.unwrap(), Changing::Changed);
    ear.heard(&[moved("new", "active"), moved("old", "retiring"), moved("next", "published")], later).await;
    let keys = store.keys().await.unwrap();
    let found: Vec<_> = keys.iter().map(|key| (key.kid.as_str(), key.state, key.since)).collect();
    let expected = [
        ("new", KeyState::Active, later),
        ("old", KeyState::Retiring, later),
        ("next", KeyState::Published, later),
    ];
    assert_eq!(found, expected);
}

/// A key moves forward, never back, and not twice to one place.
pub async fn a_key_never_moves_back<S: OAuthStore + AuditTrail>(store: &S) {
    add(store, key("one", KeyState::Published)).await.unwrap();
    let moves = [
        (KeyState::Published, false),
        (KeyState::Active, true),
        (KeyState::Active, false),
        (KeyState::Retiring, true),
        (KeyState::Published, false),
        (KeyState::Active, false),
    ];
    let mut ear = Ear::on(store).await;
    for (to, moves) in moves {
        let moving = move_to(store, "one", to).await;
        if moves {
            assert_eq!(moving.unwrap(), Changing::Changed, "{to:?}");
        } else {
            refused(&moving);
        }
    }
    let mut change = change(store).await;
    change.moves = vec![(String::from("one"), KeyState::Retired), (String::from("one"), KeyState::Active)];
    refused(&store.change_keys(change, origin(NOW)).await);
    ear.heard(&[moved("one", "active"), moved("one", "retiring")], NOW).await;
    assert_eq!(store.keys().await.unwrap().first().unwrap().state, KeyState::Retiring);
}

/// One key of an algorithm signs and one waits to; any number retire.
pub async fn one_key_of_an_algorithm_signs<S: OAuthStore + AuditTrail>(store: &S) {
    for state in [KeyState::Active, KeyState::Published] {
        add(store, key(state.as_str(), state)).await.unwrap();
    }
    let mut ear = Ear::on(store).await;
    for state in [KeyState::Active, KeyState::Published] {
        refused(&add(store, key("twin", state)).await);
    }
    refused(&move_to(store, "published", KeyState::Active).await);
    ear.silence().await;
    let rsa = KeyRecord { algorithm: String::from("RS256"), ..key("rsa", KeyState::Active) };
    assert_eq!(add(store, rsa).await.unwrap(), Changing::Changed);
    for kid in ["active", "published"] {
        assert_eq!(move_to(store, kid, KeyState::Retiring).await.unwrap(), Changing::Changed);
    }
}

/// What is refused in part is refused as a whole.
pub async fn a_refused_change_leaves_the_ring_as_it_was<S: OAuthStore + AuditTrail>(store: &S) {
    add(store, key("one", KeyState::Active)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let mut half_good = change(store).await;
    half_good.moves = vec![(String::from("one"), KeyState::Retiring)];
    half_good.reseal = vec![(String::from("one"), vec![7])];
    half_good.add = vec![key("two", KeyState::Active), key("one", KeyState::Published)];
    refused(&store.change_keys(half_good, origin(NOW)).await);
    let mut unknown = change(store).await;
    unknown.add = vec![key("two", KeyState::Published)];
    unknown.moves = vec![(String::from("three"), KeyState::Active)];
    refused(&store.change_keys(unknown, origin(NOW)).await);
    ear.silence().await;
    assert_same(&store.keys().await.unwrap(), &[key("one", KeyState::Active)]);
}

/// A retired key is listed no more, stays retired, and its identifier is not given again.
pub async fn a_retired_key_is_listed_no_more<S: OAuthStore + AuditTrail>(store: &S) {
    add(store, key("one", KeyState::Active)).await.unwrap();
    move_to(store, "one", KeyState::Retired).await.unwrap();
    assert!(kids(store).await.is_empty());
    refused(&move_to(store, "one", KeyState::Active).await);
    refused(&add(store, key("one", KeyState::Active)).await);
    assert!(kids(store).await.is_empty());
}

/// What signs no more has no private half that anybody could steal.
pub async fn a_private_half_goes_when_its_key_signs_no_more<S: OAuthStore + AuditTrail>(store: &S) {
    add(store, key("one", KeyState::Published)).await.unwrap();
    move_to(store, "one", KeyState::Active).await.unwrap();
    let sealed = key("one", KeyState::Active).sealed_private;
    assert_eq!(store.keys().await.unwrap().first().unwrap().sealed_private, sealed);
    move_to(store, "one", KeyState::Retiring).await.unwrap();
    assert_eq!(store.keys().await.unwrap().first().unwrap().sealed_private, [0; 0]);
}

/// A private half that was sealed anew takes the place of the old one, on record.
pub async fn a_key_is_sealed_anew<S: OAuthStore + AuditTrail>(store: &S) {
    let kept = key("one", KeyState::Active);
    add(store, kept.clone()).await.unwrap();
    let mut ear = Ear::on(store).await;
    let reseal = |kid: &str| vec![(kid.to_owned(), vec![7])];
    let change = KeyChange { reseal: reseal("one"), ..change(store).await };
    assert_eq!(store.change_keys(change, origin(NOW)).await.unwrap(), Changing::Changed);
    ear.heard(&[OAuthFact::KeyResealed { kid: String::from("one") }], NOW).await;
    assert_same(&store.keys().await.unwrap(), &[KeyRecord { sealed_private: vec![7], ..kept }]);
    move_to(store, "one", KeyState::Retiring).await.unwrap();
    for kid in ["one", "two"] {
        let change = KeyChange { reseal: reseal(kid), ..self::change(store).await };
        refused(&store.change_keys(change, origin(NOW)).await);
    }
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

/// A change of the ring as it is now.
pub(super) async fn change<S: OAuthStore>(store: &S) -> KeyChange {
    KeyChange::of(&store.keys().await.unwrap())
}

async fn add<S: OAuthStore>(store: &S, key: KeyRecord) -> Result<Changing, StoreError> {
    let change = KeyChange { add: vec![key], ..change(store).await };
    store.change_keys(change, origin(NOW)).await
}

async fn move_to<S: OAuthStore>(store: &S, kid: &str, to: KeyState) -> Result<Changing, StoreError> {
    let change = KeyChange { moves: vec![(kid.to_owned(), to)], ..change(store).await };
    store.change_keys(change, origin(NOW)).await
}

fn refused(answer: &Result<Changing, StoreError>) {
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
}

pub(super) fn key(kid: &str, state: KeyState) -> KeyRecord {
    KeyRecord {
        kid: kid.to_owned(),
        algorithm: String::from("ES256"),
        sealed_private: vec![0, 1, 255],
        public_jwk: format!("{{\"kid\":\"{kid}\"}}"),
        state,
        created_at: NOW,
        since: NOW,
    }
}

fn moved(kid: &str, state: &'static str) -> OAuthFact {
    OAuthFact::KeyMoved { kid: kid.to_owned(), state }
}

async fn kids<S: OAuthStore>(store: &S) -> Vec<String> {
    store.keys().await.unwrap().into_iter().map(|key| key.kid).collect()
}
