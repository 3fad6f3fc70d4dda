//! Turns to ask other people's hosts: so many at a time, and so many of them at one host, so that a host that is slow to
//! answer takes no more than its own from the others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use towergate_oauth::rules::client::destination::host_of;

/// Turns to ask hosts. To clone it is to point at the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    most: usize,
    most_at_one: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_host: HashMap<String, usize>,
}

/// One turn; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    host: String,
    taken: Arc<Mutex<Taken>>,
}

impl Turns {
    /// At most `most` at a time, and `most_at_one` of them at one host.
    pub(crate) fn new(most: usize, most_at_one: usize) -> Self {
        Self { most, most_at_one, taken: Arc::default() }
    }

    /// A turn to ask the host of `address`, if there is one now.
    pub(crate) fn take(&self, address: &str) -> Option<Turn> {
        let host = host_of(address);
        let mut taken = lock(&self.taken);
        if taken.all >= self.most {
            return None;
        }
        let here = taken.by_host.entry(host.clone()).or_default();
        if *here >= self.most_at_one {
            return None;
        }
        *here += 1;
        taken.all += 1;
        Some(Turn { host, taken: Arc::clone(&self.taken) })
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        taken.all = taken.all.saturating_sub(1);
        if let Some(here) = taken.by_host.get_mut(&self.host) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                taken.by_host.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_leaves_turns_to_the_others_and_all_come_back() {
        let turns = Turns::new(3, 2);
        let first = turns.take("https://slow.example/a").unwrap();
        let second = turns.take("https://SLOW.example./b").unwrap();
        assert!(turns.take("https://slow.example/c").is_none());
        let third = turns.take("https://quick.example/").unwrap();
        assert!(turns.take("https://another.example/").is_none());
        drop(second);
        let fourth = turns.take("https://slow.example/c").unwrap();
        drop((first, third, fourth));
        assert!(lock(&turns.taken).by_host.is_empty() && lock(&turns.taken).all == 0);
    }
}
