//! How much room the interactions and pushed requests that wait take up, kept per minute in which they end.
//!
//! To count the interactions themselves would cost more the longer a flood lasts. The minutes of all that waits are few,
//! however many wait in them, and a minute that is over counts no more: nothing has to be written when an interaction
//! expires, and a clock that is set back leaves no count behind.
//!
//! Each minute has [`SHARDS`] rows, and an interaction one of them by its identifier: those that begin at once seldom wait
//! for each other. They do not see each other either, so that there may be as many too many as begin at once.

use sqlx::PgConnection;
use towergate_core::{Timestamp, id::Uuid};

use crate::{
    failure::Failure,
    params::{Params, params},
    query,
};

/// What is kept where less than `limit` is taken after the minute `over`, and one more is taken in row `shard` of `minute`.
macro_rules! take_room {
    ($insert:literal, over: $over:literal, limit: $limit:literal, minute: $minute:literal, shard: $shard:literal) => {
        concat!(
            "WITH begun AS (",
            $insert,
            " WHERE (SELECT coalesce(sum(taken), 0) FROM towergate_interaction_room WHERE minute > ",
            $over,
            ") < ",
            $limit,
            " RETURNING 1)
    INSERT INTO towergate_interaction_room AS room (minute, shard, taken) SELECT ",
            $minute,
            ", ",
            $shard,
            ", 1 FROM begun
    ON CONFLICT (minute, shard) DO UPDATE SET taken = room.taken + 1"
        )
    };
}
pub(super) use take_room;

const GIVE_BACK: &str = "UPDATE towergate_interaction_room SET taken = taken - 1
    WHERE minute = $1 AND shard = $2 AND taken > 0";

const MINUTE: i64 = 60_000;

const SHARDS: u8 = 16;

/// The statement's values, and what [`take_room!`] asks for besides.
pub(super) fn values(row: Params, end: Timestamp, id: &Uuid, limit: u32, now: Timestamp) -> Params {
    // One that ends within a minute is counted until the minute is over.
    let over = now.unix_millis().div_euclid(MINUTE);
    row.with(over).with(limit).with(minute(end)).with(shard(id))
}

/// One that would have taken up room until `end` does so no more.
pub(super) async fn give_back(
    connection: &mut PgConnection,
    end: Timestamp,
    id: &Uuid,
) -> Result<(), Failure> {
    let row = params![minute(end), shard(id)];
    query::change(connection, GIVE_BACK, row).await?;
    Ok(())
}

/// The first minute at whose beginning `end` is past.
fn minute(end: Timestamp) -> i64 {
    end.unix_millis().saturating_add(MINUTE - 1).div_euclid(MINUTE)
}

/// The end of an identifier is random.
fn shard(id: &Uuid) -> i64 {
    let [.., last] = id.as_bytes();
    i64::from(last % SHARDS)
}
