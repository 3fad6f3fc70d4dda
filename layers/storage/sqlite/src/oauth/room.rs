//! How much room the interactions and pushed requests that wait take up, kept per minute in which they end.
//!
//! To count the interactions themselves would cost more the longer a flood lasts, on the one thread that writes. The
//! minutes of all that waits are few, however many wait in them, and a minute that is over counts no more: nothing has
//! to be written when an interaction expires, and a clock that is set back leaves no count behind.

use rusqlite::{Connection, Params, params};
use towergate_core::Timestamp;
use towergate_oauth::rules::{client::ClientId, pushed_request::PushedRequest};

use crate::{failure::Failure, query};

pub(crate) const TAKEN: &str =
    "SELECT coalesce(sum(taken), 0) AS taken FROM towergate_interaction_room WHERE minute > ?1";

const TAKE: &str = "INSERT INTO towergate_interaction_room (minute, taken) VALUES (?1, 1)
    ON CONFLICT (minute) DO UPDATE SET taken = taken + 1";

const GIVE_BACK: &str =
    "UPDATE towergate_interaction_room SET taken = taken - 1 WHERE minute = ?1 AND taken > 0";

/// The same of the requests that one client pushed.
pub(crate) const TAKEN_BY_PUSHES: &str =
    "SELECT coalesce(sum(taken), 0) AS taken FROM towergate_pushed_room WHERE client = ?2 AND minute > ?1";

const TAKE_BY_PUSH: &str = "INSERT INTO towergate_pushed_room (client, minute, taken) VALUES (?2, ?1, 1)
    ON CONFLICT (client, minute) DO UPDATE SET taken = taken + 1";

const GIVE_BACK_BY_PUSH: &str =
    "UPDATE towergate_pushed_room SET taken = taken - 1 WHERE client = ?2 AND minute = ?1 AND taken > 0";

const MINUTE: i64 = 60_000;

/// How many take up room at `now`.
pub(super) fn taken(connection: &Connection, now: Timestamp) -> Result<u64, Failure> {
    sum(connection, TAKEN, params![over(now)])
}

/// How many requests of the client's pushing take up room at `now`.
pub(super) fn taken_by_pushes(
    connection: &Connection,
    client: &ClientId,
    now: Timestamp,
) -> Result<u64, Failure> {
    sum(connection, TAKEN_BY_PUSHES, params![over(now), client.as_str()])
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

/// What the client pushed takes up room.
pub(super) fn take_by_push(connection: &Connection, pushed: &PushedRequest) -> Result<(), Failure> {
    let end = pushed.takes_room_until();
    take(connection, end)?;
    query::change(connection, TAKE_BY_PUSH, params![minute(end), pushed.request.client_id.as_str()])?;
    Ok(())
}

/// What the client pushed takes up no room any more.
pub(super) fn give_back_by_push(connection: &Connection, pushed: &PushedRequest) -> Result<(), Failure> {
    let end = pushed.takes_room_until();
    give_back(connection, end)?;
    query::change(connection, GIVE_BACK_BY_PUSH, params![minute(end), pushed.request.client_id.as_str()])?;
    Ok(())
}

fn sum(connection: &Connection, sql: &str, key: impl Params) -> Result<u64, Failure> {
    let taken = query::one(connection, sql, key, |fields| fields.get::<i64>("taken"))?;
    Ok(taken.and_then(|taken| u64::try_from(taken).ok()).unwrap_or(0))
}

/// The last minute that counts no more. One that ends within a minute is counted until the minute is over.
fn over(now: Timestamp) -> i64 {
    now.unix_millis().div_euclid(MINUTE)
}

/// The first minute at whose beginning `end` is past.
fn minute(end: Timestamp) -> i64 {
    end.unix_millis().saturating_add(MINUTE - 1).div_euclid(MINUTE)
}

#[cfg(test)]
mod tests {
    use towergate_core::{Digest, clock::KEPT_PAST_END, id::Uuid};
    use towergate_oauth::rules::{interaction::AuthorizationRequest, pushed_request::PushedRequestId};

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

    fn pushed(takes_room_until: Timestamp) -> PushedRequest {
        let client = ClientId::parse("shop").unwrap();
        PushedRequest {
            id: PushedRequestId::from_uuid(Uuid::from_u128(1)),
            digest: Digest::of(b"reference"),
            request: AuthorizationRequest::new(client, String::from("https://shop.example/callback")),
            expires_at: takes_room_until.minus(KEPT_PAST_END),
        }
    }

    fn rows_of_shares(store: &SqliteStore) -> usize {
        let rows = "SELECT minute FROM towergate_pushed_room";
        store.read(|connection| query::all(connection, rows, [], |_| Ok(()))).unwrap().len()
    }

    #[tokio::test]
    async fn a_share_is_cleaned_away_when_it_counts_no_more_or_could_not_be() {
        let store = SqliteStore::in_memory().unwrap();
        let (now, far) = (Timestamp::from_unix_millis(90_000), Timestamp::from_unix_seconds(365 * 24 * 3600));
        for end in [now, now, far] {
            store.write(move |step| take_by_push(step.connection, &pushed(end))).await.unwrap();
        }
        assert_eq!(rows_of_shares(&store), 2);
        store.cleanup(now).await.unwrap();
        assert_eq!(rows_of_shares(&store), 1, "the clock stood far ahead, and does so no more");
        let taken = |now| {
            let client = ClientId::parse("shop").unwrap();
            store.read(|connection| taken_by_pushes(connection, &client, now)).unwrap()
        };
        let over = Timestamp::from_unix_millis(120_000);
        assert_eq!((taken(now), taken(over)), (2, 0));
        store.write(move |step| give_back_by_push(step.connection, &pushed(now))).await.unwrap();
        assert_eq!(taken(now), 1);
        store.cleanup(over.plus(KEPT_PAST_END)).await.unwrap();
        assert_eq!(rows_of_shares(&store), 0);
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
