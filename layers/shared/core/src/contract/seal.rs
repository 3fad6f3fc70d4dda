//! The laws of a log that is sealed.

use std::sync::Arc;

use super::{AuditTrail, MILLISECOND, NOW, Task, many, origin};
use crate::{
    Secret, Timestamp,
    audit::{
        AuditLog, Event, Party,
        chain::{Proven, SealSigner, SealStore, Walk},
    },
};

/// The laws that a store of seals keeps, as tests. `make` is a function or closure that answers a fresh store.
#[macro_export]
macro_rules! seal_store_contract {
    (make: $make:expr $(,)?) => {
        $crate::seal_store_contract!(make: $make, block_on: $crate::contract::block_on);
    };
    (make: $make:expr, block_on: $block_on:path $(,)?) => {
        $crate::seal_store_contract! {
            @laws $make, $block_on;
            what_is_written_is_sealed_once_in_order,
            an_untouched_log_is_proven,
            whole_seals_are_forgotten_and_it_is_said,
            what_is_young_or_not_sealed_is_kept,
            without_seals_a_log_is_forgotten_by_age,
        }
        #[test]
        fn parallel_sealers_make_one_chain() {
            let store = ($make)();
            $crate::contract::seal::parallel_sealers_make_one_chain(&store, &|task| $block_on(task));
        }
    };
    (@laws $make:expr, $block_on:path; $($law:ident,)*) => {
        $(
            #[test]
            fn $law() {
                let store = ($make)();
                $block_on($crate::contract::seal::$law(&store));
            }
        )*
    };
}

/// A store whose log is sealed.
pub trait Sealed: SealStore + AuditLog + AuditTrail {}

impl<S: SealStore + AuditLog + AuditTrail> Sealed for S {}

fn signer() -> Arc<SealSigner> {
    Arc::new(SealSigner::from_seed(&Secret::new([7; 32])).expect("32 bytes are a seed"))
}

async fn write<S: Sealed>(store: &S, count: u32, at: Timestamp) {
    for n in 0..count {
        let event =
            Event::refused(origin(at), "login.failed", Party::anonymous(), Party::new("user", n), "password");
        store.append(event.with("number", n)).await.expect("an event is written");
    }
}

/// Seals until nothing is left, though others may be at work on the same server.
async fn seal<S: Sealed>(store: &S, most: u32) {
    loop {
        if store.seal_next(most, signer(), NOW).await.expect("a seal is made").is_some() {
            continue;
        }
        let last = store.seals(0, u32::MAX).await.expect("seals are read").last().map(|seal| seal.through);
        if last >= store.newest_event().await.expect("an event is read") {
            return;
        }
    }
}

async fn prove<S: Sealed>(store: &S) -> Proven {
    let mut walk = Walk::new(vec![signer().public_key()], Vec::new());
    for seal in store.seals(0, u32::MAX).await.expect("seals are read") {
        let mut events = store.events_after(walk.through(), u32::MAX).await.expect("events are read");
        events.retain(|event| event.id <= seal.through);
        walk.seal(&seal, &events).expect("the log is what was sealed");
    }
    walk.unsealed(&store.events_after(walk.through(), u32::MAX).await.expect("events are read"));
    walk.finish().expect("nothing is missing")
}

/// Each event is under one seal, and none is passed over.
///
/// # Panics
/// When the law is broken.
pub async fn what_is_written_is_sealed_once_in_order<S: Sealed>(store: &S) {
    assert!(store.seal_next(3, signer(), NOW).await.expect("nothing is sealed").is_none());
    assert!(store.newest_event().await.expect("nothing is there").is_none());
    write(store, 7, NOW).await;
    seal(store, 3).await;
    write(store, 1, NOW).await;
    seal(store, 3).await;
    let seals = store.seals(0, u32::MAX).await.expect("seals are read");
    let told: Vec<_> = seals.iter().map(|seal| (seal.number, seal.count)).collect();
    let sum: u32 = seals.iter().map(|seal| seal.count).sum();
    assert!(sum == 8 && seals.iter().all(|seal| seal.count <= 3 && seal.sealed_at == NOW), "{told:?}");
    assert!(told.iter().map(|(number, _)| *number).eq(1..=u32::try_from(told.len()).expect("a few")));
    let second = store.seals(1, 1).await.expect("a seal is read");
    assert!(second.len() == 1 && second.iter().all(|seal| seal.number == 2));
}

/// What a store reads back is what it sealed.
///
/// # Panics
/// When the law is broken.
pub async fn an_untouched_log_is_proven<S: Sealed>(store: &S) {
    write(store, 5, NOW).await;
    seal(store, 2).await;
    write(store, 2, NOW).await;
    let proven = prove(store).await;
    assert_eq!((proven.events, proven.unsealed, proven.forgotten), (5, 2, 0));
}

/// What is old goes, what is left is still proven, and the log says what went.
///
/// # Panics
/// When the law is broken.
pub async fn whole_seals_are_forgotten_and_it_is_said<S: Sealed>(store: &S) {
    let later = NOW.plus(MILLISECOND);
    write(store, 4, NOW).await;
    seal(store, 2).await;
    write(store, 1, later).await;
    seal(store, 2).await;
    assert_eq!(store.forget_events(later, origin(later)).await.expect("events are forgotten"), 4);
    assert_eq!(store.forget_events(later, origin(later)).await.expect("nothing is left to forget"), 0);
    let events = store.events_after(0, 10).await.expect("events are read");
    let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["login.failed", "audit.forgotten"]);
    let proven = prove(store).await;
    assert_eq!((proven.events, proven.unsealed, proven.forgotten > 0), (1, 1, true));
    // The event that says so may itself be forgotten: then a later one says more.
    seal(store, 2).await;
    let much_later = later.plus(MILLISECOND);
    assert_eq!(store.forget_events(much_later, origin(much_later)).await.expect("events are forgotten"), 2);
    seal(store, 2).await;
    assert_eq!(prove(store).await.events, 1);
}

/// A seal goes as a whole or not at all, and what is not sealed yet stays.
///
/// # Panics
/// When the law is broken.
pub async fn what_is_young_or_not_sealed_is_kept<S: Sealed>(store: &S) {
    let later = NOW.plus(MILLISECOND);
    write(store, 1, NOW).await;
    write(store, 1, later).await;
    while store.seal_next(2, signer(), NOW).await.expect("a seal is made").is_none() {}
    write(store, 1, NOW).await;
    let both_under_one = store.seals(0, 2).await.expect("seals are read").iter().all(|seal| seal.count == 2);
    assert!(both_under_one);
    assert_eq!(store.forget_events(later, origin(later)).await.expect("nothing is old enough"), 0);
    assert_eq!(store.events_after(0, 10).await.expect("events are read").len(), 3);
}

/// A host that seals nothing keeps its log for as long as it wants.
///
/// # Panics
/// When the law is broken.
pub async fn without_seals_a_log_is_forgotten_by_age<S: Sealed>(store: &S) {
    let later = NOW.plus(MILLISECOND);
    write(store, 2, NOW).await;
    write(store, 1, later).await;
    assert_eq!(store.forget_events(later, origin(later)).await.expect("events are forgotten"), 2);
    assert_eq!(store.events_after(0, 10).await.expect("events are read").len(), 1);
}

/// Whoever seals at the same time as others takes nothing twice.
///
/// # Panics
/// When the law is broken.
pub fn parallel_sealers_make_one_chain<S: Sealed + Clone>(store: &S, run: &(impl Fn(Task) + Sync)) {
    many(store, 4, run, |store, _| async move {
        write(&store, 10, NOW).await;
        let _ = store.seal_next(4, signer(), NOW).await.expect("a seal is made or not");
        write(&store, 3, NOW).await;
        seal(&store, 4).await;
    });
    let store = store.clone();
    run(Box::pin(async move {
        seal(&store, 4).await;
        let proven = prove(&store).await;
        assert_eq!((proven.events, proven.unsealed), (52, 0));
    }));
}
