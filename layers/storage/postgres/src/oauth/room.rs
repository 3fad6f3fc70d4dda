//! How much room the interactions that wait take up, kept per minute in which they end.
//!
//! To count the interactions themselves would cost more the longer a flood lasts. The minutes of all that waits are few,
//! however many wait in them, and a minute that is over counts no more: nothing has to be written when an interaction
//! expires, and a clock that is set back leaves no count behind.
//!
//! Each minute has [`SHARDS`] rows, and an interaction one of them by its identifier: those that begin at once seldom wait
//! for each other. They do not see each other either, so that there may be as many too many as begin at once.

use sqlx::PgConnection;
use towergate_core::Timestamp;
use towergate_oauth::rules::interaction::{Interaction, InteractionId};

use crate::{
    failure::Failure,
    params::{Params, params},
    query,
};

/// What is taken after `$9`, as far as there is less of it than `$10`, and one more of it in row `$12` of minute `$11`.
macro_rules! take_room {
    ($insert:literal) => {
        concat!(
            "WITH begun AS (",
            $insert,
            " WHERE (SELECT coalesce(sum(taken), 0) FROM towergate_interaction_room WHERE minute > $9) < $10 RETURNING 1)
    INSERT INTO towergate_interaction_room AS room (minute, shard, taken) SELECT $11, $12, 1 FROM begun
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
pub(super) fn values(row: Params, interaction: &Interaction, limit: u32, now: Timestamp) -> Params {
    // One that ends within a minute is counted until the minute is over.
    let over = now.unix_millis().div_euclid(MINUTE);
    row.with(over).with(limit).with(minute(interaction.expires_at)).with(shard(interaction.id))
}

/// One that would have taken up room until `end` does so no more.
pub(super) async fn give_back(
    connection: &mut PgConnection,
    interaction: &Interaction,
) -> Result<(), Failure> {
    let row = params![minute(interaction.expires_at), shard(interaction.id)];
    query::change(connection, GIVE_BACK, row).await?;
    Ok(())
}

/// The first minute at whose beginning `end` is past.
fn minute(end: Timestamp) -> i64 {
    end.unix_millis().saturating_add(MINUTE - 1).div_euclid(MINUTE)
}

/// The end of an identifier is random.
fn shard(id: InteractionId) -> i64 {
    let [.., last] = id.as_uuid().as_bytes();
    i64::from(last % SHARDS)
}
