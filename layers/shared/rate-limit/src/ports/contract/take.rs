//! Laws of asking.

use std::{net::IpAddr, time::Duration};

use towergate_core::{
    Timestamp,
    contract::{MILLISECOND, NOW},
};

use crate::{
    ports::RateStore,
    rules::{
        bucket::{Bucket, RateKey},
        policy::{LONGEST, RatePolicy, Taking},
    },
};

const SECOND: Duration = Duration::from_secs(1);

/// At most five within fifty seconds.
pub(super) fn five() -> RatePolicy {
    RatePolicy::new(5, 50 * SECOND)
}

/// A bucket of an account.
pub(super) fn bucket(account: &str, policy: RatePolicy) -> Bucket {
    Bucket { key: RateKey::account("law", account), policy }
}

/// So many at once, to the millisecond, and then one by one.
pub async fn a_bucket_gives_so_many_and_then_one_by_one<S: RateStore>(store: &S) {
    assert_eq!(granted(store, &bucket("a", five()), NOW).await, 5);
    let until = NOW.plus(10 * SECOND);
    for at in [NOW, until.minus(MILLISECOND)] {
        assert_eq!(ask(store, &bucket("a", five()), at).await, Taking::Wait { until, bucket: 0 });
    }
    assert_eq!(granted(store, &bucket("a", five()), until).await, 1);
    assert_eq!(granted(store, &bucket("a", five()), NOW.plus(100 * SECOND)).await, 5);
}

/// Each name, each scope, each account, address and network is counted by itself.
pub async fn each_bucket_is_counted_by_itself<S: RateStore>(store: &S) {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let keys = [
        RateKey::account("law", "a"),
        RateKey::account("law", "b"),
        RateKey::account("other law", "a"),
        RateKey::address("law", ip("192.0.2.0")),
        RateKey::address("law", ip("192.0.2.1")),
        RateKey::network("law", ip("192.0.2.1")),
        RateKey::network("law", ip("192.0.3.1")),
        RateKey::address("law", ip("2001:db8::1")),
        RateKey::network("law", ip("2001:db8::1")),
        RateKey::unknown("law"),
        RateKey::unknown("other law"),
    ];
    for key in keys {
        assert_eq!(granted(store, &Bucket { key: key.clone(), policy: five() }, NOW).await, 5, "{key:?}");
    }
}

/// Where one of several is full, nothing is counted in the others.
pub async fn a_full_bucket_leaves_the_others_as_they_are<S: RateStore>(store: &S) {
    let (full, other) = (bucket("full", five()), bucket("other", five()));
    assert_eq!(granted(store, &full, NOW).await, 5);
    for both in [[full.clone(), other.clone()], [other.clone(), full.clone()]] {
        for _ in 0..5 {
            assert!(matches!(store.take(both.to_vec(), NOW).await.unwrap(), Taking::Wait { .. }));
        }
    }
    assert_eq!(granted(store, &other, NOW).await, 5);
}

/// The answer names the bucket that is full, and the longest wait.
pub async fn a_refusal_is_told_of_the_bucket_that_is_full<S: RateStore>(store: &S) {
    let (long, short) = (bucket("long", five()), bucket("short", RatePolicy::new(1, 2 * SECOND)));
    let buckets = vec![short.clone(), bucket("empty", five()), long.clone()];
    assert_eq!(granted(store, &short, NOW).await, 1);
    let wait = Taking::Wait { until: NOW.plus(2 * SECOND), bucket: 0 };
    assert_eq!(store.take(buckets.clone(), NOW).await.unwrap(), wait);
    assert_eq!(granted(store, &long, NOW).await, 5);
    let wait = Taking::Wait { until: NOW.plus(10 * SECOND), bucket: 2 };
    assert_eq!(store.take(buckets, NOW).await.unwrap(), wait);
}

/// A clock that was far ahead and is set back leaves nobody waiting longer than a full bucket does.
pub async fn a_clock_set_back_recovers<S: RateStore>(store: &S) {
    let far = NOW.plus(1000 * LONGEST);
    assert_eq!(granted(store, &bucket("a", five()), far).await, 5);
    let wait = Taking::Wait { until: NOW.plus(10 * SECOND), bucket: 0 };
    assert_eq!(ask(store, &bucket("a", five()), NOW).await, wait);
    assert_eq!(granted(store, &bucket("a", five()), NOW.plus(10 * SECOND)).await, 1);
    assert_eq!(granted(store, &bucket("a", five()), NOW.plus(100 * SECOND)).await, 5);
}

/// A clock that jumps ahead empties the buckets, and no more than that.
pub async fn a_clock_set_ahead_lets_nobody_wait_after_it<S: RateStore>(store: &S) {
    assert_eq!(granted(store, &bucket("a", five()), NOW).await, 5);
    assert_eq!(granted(store, &bucket("a", five()), NOW.plus(1000 * LONGEST)).await, 5);
}

/// What was counted under a looser policy counts under a stricter one.
pub async fn a_stricter_policy_counts_at_once<S: RateStore>(store: &S) {
    assert_eq!(granted(store, &bucket("a", RatePolicy::new(100, LONGEST)), NOW).await, 100);
    assert_eq!(granted(store, &bucket("a", five()), NOW).await, 0);
    assert_eq!(granted(store, &bucket("a", five()), NOW.plus(10 * SECOND)).await, 1);
}

async fn ask<S: RateStore>(store: &S, bucket: &Bucket, at: Timestamp) -> Taking {
    store.take(vec![bucket.clone()], at).await.unwrap()
}

/// Asks until it is refused, and once more than it should be granted; answers how often it was granted.
async fn granted<S: RateStore>(store: &S, bucket: &Bucket, at: Timestamp) -> u32 {
    let mut granted = 0;
    for _ in 0..=bucket.policy.most() {
        granted += u32::from(ask(store, bucket, at).await == Taking::Granted);
    }
    granted
}
