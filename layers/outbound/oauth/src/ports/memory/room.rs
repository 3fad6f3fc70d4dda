//! How much room the interactions and pushed requests that wait take up, kept per minute in which they end: to count them
//! would cost more the more there are.

use std::collections::BTreeMap;

use towergate_core::Timestamp;

const MINUTE: i64 = 60_000;

/// Minutes that were over a day ago count by no clock.
const KEPT: i64 = 24 * 60;

#[derive(Default)]
pub(super) struct Room(BTreeMap<i64, usize>);

impl Room {
    /// Whether so many take up room at `now`.
    pub(super) fn is_full(&self, limit: u32, now: Timestamp) -> bool {
        self.taken(now) >= usize::try_from(limit).unwrap_or(usize::MAX)
    }

    /// How many take up room at `now`. One that ends within a minute is counted until the minute is over.
    fn taken(&self, now: Timestamp) -> usize {
        let over = now.unix_millis().div_euclid(MINUTE);
        self.0.range(over.saturating_add(1)..).map(|(_, taken)| taken).sum()
    }

    /// One more takes up room until `end`.
    pub(super) fn take(&mut self, end: Timestamp) {
        let minute = minute(end);
        while self.0.first_key_value().is_some_and(|(first, _)| *first < minute.saturating_sub(KEPT)) {
            self.0.pop_first();
        }
        *self.0.entry(minute).or_default() += 1;
    }

    /// One that would have taken up room until `end` does so no more.
    pub(super) fn give_back(&mut self, end: Timestamp) {
        if let Some(taken) = self.0.get_mut(&minute(end)) {
            *taken = taken.saturating_sub(1);
            if *taken == 0 {
                self.0.remove(&minute(end));
            }
        }
    }
}

/// The first minute at whose beginning `end` is past.
fn minute(end: Timestamp) -> i64 {
    end.unix_millis().saturating_add(MINUTE - 1).div_euclid(MINUTE)
}
