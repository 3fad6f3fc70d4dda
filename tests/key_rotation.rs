//! Signing keys take turns while tokens are signed and verified: no token is ever refused, and of instances that turn at
//! once one does.

#[cfg(test)]
#[path = "key_rotation/instance.rs"]
mod instance;
#[cfg(test)]
#[path = "key_rotation/load.rs"]
mod load;
#[cfg(test)]
#[path = "key_rotation/relying_party.rs"]
mod relying_party;
#[cfg(test)]
#[path = "key_rotation/threads.rs"]
mod threads;

use std::sync::Arc;

use instance::{START, sealing};
use load::{rotate_under_load, tight};
use threads::{block_on, in_many_threads};
use tokio::task::yield_now;
use towergate::{
    core::{clock::ManualClock, system::OsRandom},
    oauth::{
        ports::{KeyStore, memory::MemoryStore},
        rules::key::{KeyRecord, KeyState},
    },
    oauth_server::key_ring::KeyRing,
    sqlite::SqliteStore,
};

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_under_load_without_one_failed_verification_in_memory() {
    rotate_under_load(MemoryStore::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_under_load_without_one_failed_verification_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    rotate_under_load(SqliteStore::open(folder.path().join("towergate.db")).unwrap()).await;
}

#[test]
fn instances_that_turn_at_once_agree_on_one_ring() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("towergate.db");
    let clock = ManualClock::at(START);
    let mut policy = tight();
    // RSA keys are slow to make, and race no better than others.
    policy.algorithms.clear();
    let store = SqliteStore::open(&path).unwrap();
    let open = |store: &SqliteStore| {
        block_on(KeyRing::with_policy(store, &sealing(), policy.clone(), &clock, &OsRandom::new())).unwrap()
    };
    let ring = || block_on(store.keys()).unwrap();

    let opened = in_many_threads(&path, |store| open(&store));
    assert!(opened.iter().all(|ring| ring.jwks() == opened[0].jwks()));
    let first = ring();
    assert_eq!(of_state(&first, KeyState::Active).len(), 2);

    in_many_threads(&path, |store| {
        let ring = open(&store);
        block_on(ring.rotate(&store, &clock, &OsRandom::new())).unwrap();
        ring
    });
    let rotated = ring();
    assert_eq!(of_state(&rotated, KeyState::Published).len(), 2, "one successor each");

    clock.advance(policy.publish_for);
    let turned = in_many_threads(&path, |store| open(&store));
    let turned_to = ring();
    assert!(turned.iter().all(|ring| ring.jwks() == turned[0].jwks()));
    assert_eq!(of_state(&turned_to, KeyState::Active), of_state(&rotated, KeyState::Published));
    assert_eq!(of_state(&turned_to, KeyState::Retiring), of_state(&first, KeyState::Active));
    let moved = store.events(0, u32::MAX).unwrap();
    let moved = moved.iter().filter(|event| event.action == "key.moved").count();
    assert_eq!(moved, 1 + 2 + 2 + 4, "each move is on record once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_breaks_off_midway_leaves_a_whole_ring() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("towergate.db")).unwrap();
    let clock = Arc::new(ManualClock::at(START));
    let mut policy = tight();
    policy.algorithms.clear();
    let ring =
        KeyRing::with_policy(&store, &sealing(), policy.clone(), &*clock, &OsRandom::new()).await.unwrap();
    for yields in 0..60 {
        let (turning, other) = (ring.clone(), store.clone());
        let under = clock.clone();
        let turn =
            tokio::spawn(async move { turning.rotate(&other, &*under, &OsRandom::new()).await.map(drop) });
        for _ in 0..yields * yields {
            yield_now().await;
        }
        turn.abort();
        let _ = turn.await;
        let records = store.keys().await.unwrap();
        assert_eq!(of_state(&records, KeyState::Active).len(), 2);
        assert!([0, 2].contains(&of_state(&records, KeyState::Published).len()));
        clock.advance(policy.publish_for);
    }
    ring.turn(&store, &*clock, &OsRandom::new()).await.unwrap();
    let again = KeyRing::with_policy(&store, &sealing(), policy, &*clock, &OsRandom::new()).await.unwrap();
    assert_eq!(ring.jwks(), again.jwks());
}

fn of_state(records: &[KeyRecord], state: KeyState) -> Vec<&str> {
    let of = |record: &&KeyRecord| record.state == state && record.algorithm != "pairwise";
    records.iter().filter(of).map(|record| record.kid.as_str()).collect()
}
