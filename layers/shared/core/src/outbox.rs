//! What every durable queue keeps to: when a message is tried again, when it is given up, how many go to one place at once.
//!
//! A message is written in the step of the change that it tells of, and kept until somebody has it: it is sent at least once.
//! Whoever takes it has it for a lease; whoever dies meanwhile leaves it due again. What was given up is a [`DeadLetter`].

use std::{collections::BTreeMap, time::Duration};

use crate::{Random, Timestamp, random};

/// How long a store keeps a dead letter: 30 days.
pub const DEAD_LETTER_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// When a message that could not be sent is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    first: Duration,
    factor: u32,
    longest: Duration,
    tries: u32,
}

/// No message is put off for longer than half of this: 12 hours. One that is due even later was put off, or leased, under a clock
/// that stood far ahead; cleaning makes it due.
pub const STRAY_AFTER: Duration = Duration::from_secs(12 * 3600);

impl Retry {
    /// Seven tries: it rests 10 seconds at most after the first, and six times as long after each, up to 6 hours.
    pub const STANDARD: Self =
        Self { first: Duration::from_secs(10), factor: 6, longest: Duration::from_secs(6 * 3600), tries: 7 };

    /// How often a message is tried.
    #[must_use]
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    /// The longest rest after so many tries that failed.
    #[must_use]
    pub fn rest(&self, tries: u32) -> Duration {
        let times = self.factor.saturating_pow(tries.saturating_sub(1));
        self.first.saturating_mul(times).min(self.longest)
    }

    /// When it is due again after so many tries that failed, the last at `now`: after between half of its rest and all of it, so
    /// that what failed together does not come back together. `None` when it was tried often enough, or when nobody wants it any
    /// more by then, at `ends`.
    #[must_use]
    pub fn after(
        &self,
        tries: u32,
        now: Timestamp,
        ends: Option<Timestamp>,
        random: &dyn Random,
    ) -> Option<Timestamp> {
        if tries >= self.tries {
            return None;
        }
        let half = self.rest(tries) / 2;
        let at = now.plus(half + half.mul_f64(share(random)));
        ends.is_none_or(|ends| at < ends).then_some(at)
    }
}

/// Between 0 and 1; where there is no randomness, all of it: nothing secret hangs on it.
fn share(random: &dyn Random) -> f64 {
    random::bytes::<4>(random).map_or(1.0, |bytes| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

/// A message that was given up, as an operator may see it: without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter<Id> {
    /// Which.
    pub id: Id,
    /// What it is about, as a stable lower-case word.
    pub kind: &'static str,
    /// The host or the domain that it was for.
    pub destination: String,
    /// Why the last try failed, as a stable lower-case word.
    pub reason: String,
    /// How often it was tried, in all.
    pub attempts: u32,
    /// When what it tells of happened.
    pub queued_at: Timestamp,
    /// When it was given up.
    pub died_at: Timestamp,
    /// When nobody wants it any more.
    pub ends_at: Option<Timestamp>,
}

/// How much there is in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Messages that are due, under way, or to be tried again.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
}

/// What became of a wish to have a dead letter sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaying {
    /// It is due now, with all its tries before it.
    Replayed,
    /// What it says is worth nothing any more; nothing was written.
    TooLate,
    /// There is no such dead letter; nothing was written.
    Missing,
}

/// How many messages are under way, in all and to each destination: one that is slow holds up no other.
#[derive(Debug)]
pub struct Lanes {
    most: usize,
    at_one: usize,
    under_way: BTreeMap<String, usize>,
}

impl Lanes {
    /// At most so many in all, and `at_one` destination.
    #[must_use]
    pub const fn new(most: usize, at_one: usize) -> Self {
        Self { most, at_one, under_way: BTreeMap::new() }
    }

    /// Whether no more may set out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.under_way.values().sum::<usize>() >= self.most
    }

    /// The destinations to which no more may set out.
    #[must_use]
    pub fn busy(&self) -> Vec<String> {
        let full = self.under_way.iter().filter(|(_, count)| **count >= self.at_one);
        full.map(|(destination, _)| destination.clone()).collect()
    }

    /// One sets out.
    pub fn enter(&mut self, destination: &str) {
        *self.under_way.entry(destination.to_owned()).or_default() += 1;
    }

    /// One is back.
    pub fn leave(&mut self, destination: &str) {
        if let Some(count) = self.under_way.get_mut(destination) {
            *count = count.saturating_sub(1);
        }
        self.under_way.retain(|_, count| *count > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RandomUnavailable, random::InsecureSeededRandom};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    #[derive(Debug)]
    struct Always(u8);

    impl Random for Always {
        fn fill(&self, dest: &mut [u8]) -> Result<(), RandomUnavailable> {
            dest.fill(self.0);
            Ok(())
        }
    }

    #[derive(Debug)]
    struct Broken;

    impl Random for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomUnavailable> {
            Err(RandomUnavailable)
        }
    }

    #[test]
    fn each_rest_is_six_times_as_long_up_to_six_hours_and_the_seventh_failure_is_the_last() {
        let retry = Retry::STANDARD;
        for (tries, seconds) in [(1, 10), (2, 60), (3, 360), (4, 2160), (5, 12_960), (6, 21_600)] {
            let rest = Duration::from_secs(seconds);
            assert_eq!(retry.rest(tries), rest);
            assert_eq!(retry.after(tries, NOW, None, &Always(0)), Some(NOW.plus(rest / 2)));
            assert_eq!(retry.after(tries, NOW, None, &Always(0xff)), Some(NOW.plus(rest)));
            assert_eq!(retry.after(tries, NOW, None, &Broken), Some(NOW.plus(rest)));
        }
        for tries in [7, 8, u32::MAX] {
            assert_eq!(retry.after(tries, NOW, None, &Always(0)), None);
        }
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let random = InsecureSeededRandom::new(7);
        let after = || Retry::STANDARD.after(3, NOW, None, &random);
        let mut moments: Vec<_> = (0..100).map(|_| after().unwrap()).collect();
        moments.sort();
        moments.dedup();
        assert!(moments.len() > 90, "{}", moments.len());
    }

    #[test]
    fn what_nobody_wants_any_more_by_then_is_given_up() {
        let after = |ends| Retry::STANDARD.after(1, NOW, Some(NOW.plus(ends)), &Always(0xff));
        assert_eq!(after(Duration::from_millis(10_000)), None);
        assert_eq!(after(Duration::from_millis(10_001)), Some(NOW.plus(Duration::from_secs(10))));
    }

    #[test]
    fn so_many_go_to_one_place_and_so_many_in_all() {
        let mut lanes = Lanes::new(3, 2);
        lanes.enter("slow");
        assert!(lanes.busy().is_empty());
        lanes.enter("slow");
        assert_eq!(lanes.busy(), ["slow"]);
        assert!(!lanes.is_full());
        lanes.enter("quick");
        assert!(lanes.is_full());
        lanes.leave("slow");
        assert!(lanes.busy().is_empty() && !lanes.is_full());
    }
}
