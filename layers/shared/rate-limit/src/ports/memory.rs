//! Buckets in memory, for a host that is one process, and for tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex},
};

use towergate_core::{StoreError, Timestamp};

use super::RateStore;
use crate::rules::{
    bucket::{Bucket, RateKey},
    policy::{Taking, take},
};

/// How many buckets are kept unless told: some 30 MB.
const CAPACITY: usize = 100_000;

/// How many empty buckets each step takes away.
const TAKEN_ALONG: usize = 4;

/// A store that lives in memory and dies with the process; a clone is another handle on the same store.
///
/// It keeps so many buckets and no more. Where it is full, the bucket that would be empty first makes room: whoever has asked most is
/// forgotten last.
#[derive(Clone)]
pub struct MemoryStore(Arc<Mutex<Buckets>>);

#[derive(Debug, thiserror::Error)]
#[error("a step panicked while it held the memory store")]
struct Poisoned;

impl MemoryStore {
    /// An empty store for 100 000 buckets.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// An empty store for so many buckets, at least 16.
    #[must_use]
    pub fn with_capacity(buckets: usize) -> Self {
        let capacity = buckets.max(16);
        Self(Arc::new(Mutex::new(Buckets { capacity, kept: BTreeMap::new(), by_end: BTreeSet::new() })))
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl RateStore for MemoryStore {
    async fn take(&self, buckets: Vec<Bucket>, now: Timestamp) -> Result<Taking, StoreError> {
        let mut store = self.0.lock().map_err(|_| StoreError::unavailable(Poisoned))?;
        Ok(store.take(buckets, now))
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// When each bucket is empty, by key and by that time.
struct Buckets {
    capacity: usize,
    kept: BTreeMap<RateKey, Timestamp>,
    by_end: BTreeSet<(Timestamp, RateKey)>,
}

impl Buckets {
    fn take(&mut self, buckets: Vec<Bucket>, now: Timestamp) -> Taking {
        let asked: Vec<_> =
            buckets.iter().map(|bucket| (bucket.policy, self.kept.get(&bucket.key).copied())).collect();
        let (taking, kept) = take(&asked, now);
        for ((bucket, (_, before)), empty_at) in buckets.into_iter().zip(asked).zip(kept) {
            self.keep(bucket.key, before, empty_at, now);
        }
        for _ in 0..TAKEN_ALONG {
            if self.by_end.first().is_none_or(|(empty_at, _)| *empty_at > now) {
                break;
            }
            self.forget_first();
        }
        taking
    }

    fn keep(&mut self, key: RateKey, before: Option<Timestamp>, empty_at: Timestamp, now: Timestamp) {
        match before {
            Some(before) if before == empty_at => return,
            Some(before) => {
                self.by_end.remove(&(before, key.clone()));
            }
            // An empty bucket need not be kept.
            None if empty_at <= now => return,
            None if self.kept.len() >= self.capacity => self.forget_first(),
            None => {}
        }
        self.kept.insert(key.clone(), empty_at);
        self.by_end.insert((empty_at, key));
    }

    fn forget_first(&mut self) {
        if let Some((_, key)) = self.by_end.pop_first() {
            self.kept.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::rules::policy::RatePolicy;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn ask(store: &MemoryStore, account: &str, now: Timestamp) -> bool {
        let policy = RatePolicy::new(2, Duration::from_secs(60));
        let bucket = Bucket { key: RateKey::account("x", account), policy };
        store.0.lock().unwrap().take(vec![bucket], now) == Taking::Granted
    }

    fn size(store: &MemoryStore) -> usize {
        let store = store.0.lock().unwrap();
        assert_eq!(store.kept.len(), store.by_end.len());
        store.kept.len()
    }

    #[test]
    fn a_full_store_forgets_first_whoever_asked_least() {
        let store = MemoryStore::with_capacity(16);
        assert!(ask(&store, "greedy", NOW) && ask(&store, "greedy", NOW));
        for n in 0..1000 {
            assert!(ask(&store, &n.to_string(), NOW));
            assert!(size(&store) <= 16);
        }
        assert!(!ask(&store, "greedy", NOW));
    }

    #[test]
    fn what_is_empty_is_forgotten_by_whoever_comes_next() {
        let store = MemoryStore::new();
        for n in 0..100 {
            ask(&store, &n.to_string(), NOW);
        }
        let later = NOW.plus(Duration::from_secs(3600));
        for n in 0..40 {
            ask(&store, &n.to_string(), later);
        }
        assert_eq!(size(&store), 40);
    }
}
