//! How much room the interactions and pushed requests that wait take up, kept per minute in which they end.
//!
//! To count the interactions themselves would cost more the longer a flood lasts, on the one thread that writes. The
//! minutes of all that waits are few, however many wait in them, and a minute that is over counts no more: nothing has
//! to be written when an interaction expires, and a clock that is set back leaves no count behind.

use rusqlite::{Connection, params};
use towergate_core::Timestamp;

use crate::{failure::Failure, query};

pub(crate) const TAKEN: &str =
    "SELECT coalesce(sum(taken), 0) AS taken FROM towergate_interaction_room WHERE minute > ?1";

const TAKE: &str = "INSERT INTO towergate_interaction_room (minute, taken) VALUES (?1, 1)
    ON CONFLICT (minute) DO UPDATE SET taken = taken + 1";

const GIVE_BACK: &str =
    "UPDATE towergate_interaction_room SET taken = taken - 1 WHERE minute = ?1 AND taken > 0";

const MINUTE: i64 = 60_000;

/// How many take up room at `now`.
pub(super) fn taken(connection: &Connection, now: Timestamp) -> Result<u64, Failure> {
    // One that ends within a minute is counted until the minute is over.
    let over = now.unix_millis().div_euclid(MINUTE);
    let taken = query::one(connection, TAKEN, params![over], |fields| fields.get::<i64>("taken"))?;
    Ok(taken.and_then(|taken| u64::try_from(taken).ok()).unwrap_or(0))
}

/// One more takes up room until `end`.
pub(super) fn take(connection: &Connection, end: Timestamp) -> Result<(), Failure> {
    query::change(connection, TAKE, params![minute(end)])?;
    Ok(())
}

/// One that would have taken up room until `end` does so no more.
pub(super) fn give_back(connection: &Connection, end: Timestamp) -> Result<(), Failure> {
    query::change(connection, GIVE_BACK, params![minute(end)])?;
    Ok(())
}

/// The first minute at whose beginning `end` is past.
fn minute(end: Timestamp) -> i64 {
    end.unix_millis().saturating_add(MINUTE - 1).div_euclid(MINUTE)
}

#[cfg(test)]
mod tests {
    use towergate_core::clock::KEPT_PAST_END;

    use super::*;
    use crate::store::SqliteStore;

    #[tokio::test]
    async fn a_minute_is_cleaned_away_when_it_counts_no_more() {
        let store = SqliteStore::in_memory().unwrap();
        store.write(|step| take(step.connection, Timestamp::from_unix_millis(90_000))).await.unwrap();
        for (now, left) in [(119_999, 1), (120_000, 0)] {
            let now = Timestamp::from_unix_millis(now);
            assert_eq!(store.read(|connection| taken(connection, now)).unwrap(), left);
            store.cleanup(now.plus(KEPT_PAST_END)).await.unwrap();
            let minutes = "SELECT minute FROM towergate_interaction_room";
            let rows = store.read(|connection| query::all(connection, minutes, [], |_| Ok(()))).unwrap();
            assert_eq!(rows.len() as u64, left);
        }
    }

    /// As if the clock had stood a year ahead, and did so no more.
    #[tokio::test]
    async fn what_was_taken_under_a_clock_far_ahead_is_given_back() {
        let store = SqliteStore::in_memory().unwrap();
        let (now, far) = (Timestamp::from_unix_millis(90_000), Timestamp::from_unix_seconds(365 * 24 * 3600));
        store.write(move |step| take(step.connection, far)).await.unwrap();
        store.write(move |step| take(step.connection, now)).await.unwrap();
        assert_eq!(store.read(|connection| taken(connection, Timestamp::from_unix_millis(0))).unwrap(), 2);
        store.cleanup(now).await.unwrap();
        assert_eq!(store.read(|connection| taken(connection, Timestamp::from_unix_millis(0))).unwrap(), 1);
    }
}
