//! Laws that hold when many ask at once.

use towergate_core::contract::{NOW, Task, many};

use super::take::{bucket, five};
use crate::{
    ports::RateStore,
    rules::policy::{RatePolicy, Taking},
};

/// However many ask at once, no more are granted than the policy says.
pub fn parallel_takes_are_no_more_than_the_limit<S: RateStore + Clone>(store: &S, run: impl Fn(Task) + Sync) {
    let takings =
        many(
            store,
            64,
            &run,
            |store, _| async move { store.take(vec![bucket("a", five())], NOW).await.unwrap() },
        );
    assert_eq!(takings.iter().filter(|taking| **taking == Taking::Granted).count(), 5);
}

/// Where each asks for one of its own and one of all, the one of all is exact, and who was refused has its own still.
pub fn parallel_takes_of_two_buckets_are_whole<S: RateStore + Clone>(store: &S, run: impl Fn(Task) + Sync) {
    let once = RatePolicy::new(1, five().within());
    let takings = many(store, 64, &run, |store, n| async move {
        let own = bucket(&n.to_string(), once);
        let first = store.take(vec![own.clone(), bucket("all", five())], NOW).await.unwrap();
        (first, store.take(vec![own], NOW).await.unwrap())
    });
    let first = takings.iter().filter(|(first, _)| *first == Taking::Granted);
    assert_eq!(first.count(), 5);
    assert!(takings.iter().all(|(first, own)| (*first == Taking::Granted) != (*own == Taking::Granted)));
}
