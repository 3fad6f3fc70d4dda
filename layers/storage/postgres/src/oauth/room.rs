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
use towergate_oauth::rules::{
    client::ClientId,
    pushed_request::{PushedRequest, Room},
};

use crate::{
    failure::Failure,
    params::{Params, params},
    query,
};

/// Whether the client's share is taken.
pub(crate) const SHARE_TAKEN: &str = "SELECT 1 WHERE
    (SELECT coalesce(sum(taken), 0) FROM towergate_pushed_room WHERE client = $1 AND minute > $2) >= $3";

const GIVE_BACK_SHARE: &str = "UPDATE towergate_pushed_room SET taken = taken - 1
    WHERE client = $1 AND minute = $2 AND shard = $3 AND taken > 0";

const GIVE_BACK: &str = "UPDATE towergate_interaction_room SET taken = taken - 1
    WHERE minute = $1 AND shard = $2 AND taken > 0";

const MINUTE: i64 = 60_000;

const SHARDS: u8 = 16;

/// The statement's values, and what it asks of the room besides: the last minute that counts no more, how many may be, and the
/// minute and the shard of the row in which one more is.
pub(super) fn values(row: Params, end: Timestamp, id: &Uuid, limit: u32, now: Timestamp) -> Params {
    row.with(over(now)).with(limit).with(minute(end)).with(shard(id))
}

/// Whether there are as many of the client's pushing as may be.
pub(super) async fn is_share_taken(
    connection: &mut PgConnection,
    client: &ClientId,
    room: Room,
    now: Timestamp,
) -> Result<bool, Failure> {
    query::exists(connection, SHARE_TAKEN, params![client.as_str(), over(now), room.own]).await
}

/// What a client pushed takes up no room any more.
pub(super) async fn give_back_push(
    connection: &mut PgConnection,
    pushed: &PushedRequest,
) -> Result<(), Failure> {
    let (end, id) = (pushed.takes_room_until(), pushed.id.as_uuid());
    let row = params![pushed.request.client_id.as_str(), minute(end), shard(id)];
    query::change(connection, GIVE_BACK_SHARE, row).await?;
    give_back(connection, end, id).await
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

/// The last minute that counts no more. One that ends within a minute is counted until the minute is over.
fn over(now: Timestamp) -> i64 {
    now.unix_millis().div_euclid(MINUTE)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use towergate_core::{
        Digest,
        audit::{Origin, RequestId},
    };
    use towergate_oauth::{
        ports::pushed_request::{PushedRequestStore, Pushing},
        rules::{interaction::AuthorizationRequest, pushed_request::PushedRequestId},
    };
    use towergate_test_servers::postgres::PostgresServer;

    use super::*;
    use crate::{contract::block_on, store::PostgresStore};

    const SHARES: &str = include_str!("../../migrations/0023_pushed_room.sql");

    #[test]
    fn what_clients_pushed_when_their_shares_begin_is_counted_where_it_is_given_back() {
        let database = PostgresServer::shared().database();
        let now = Timestamp::from_unix_millis(90_000);
        block_on(async {
            let store = PostgresStore::connect(&database.url()).await.unwrap();
            for n in 1..=100_u16 {
                let client = ClientId::parse(if n % 3 == 0 { "shop" } else { "app" }).unwrap();
                let pushed = PushedRequest {
                    id: PushedRequestId::from_uuid(Uuid::from_u128(u128::from(n) * 7)),
                    digest: Digest::of(b"reference"),
                    request: AuthorizationRequest::new(client, String::from("https://app.example/cb")),
                    // The whole minute among them.
                    expires_at: Timestamp::from_unix_millis(119_950).plus(Duration::from_millis(n.into())),
                };
                let origin = Origin { request: RequestId::from_uuid(Uuid::from_u128(1)), at: now };
                let room = Room { all: 1000, own: 1000 };
                assert_eq!(store.push_request(pushed, room, origin).await.unwrap(), Pushing::Pushed);
            }
        });
        let ask = |sql: &str| database.ask(&format!("SET search_path TO towergate; {sql}"));
        let rows = || ask("SELECT * FROM towergate_pushed_room ORDER BY client, minute, shard");
        let before = rows();
        assert_eq!(ask("SELECT sum(taken), count(DISTINCT minute) FROM towergate_pushed_room"), "100|2");
        ask(&format!("DROP TABLE towergate_pushed_room; {SHARES}"));
        assert_eq!(rows(), before);
    }
}
