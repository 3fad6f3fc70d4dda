//! Requests that clients pushed.

use sqlx::PgConnection;
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_oauth::{
    ports::{
        interaction::Issuing,
        pushed_request::{PushedRequestStore, Pushing, Spending},
    },
    rules::{
        code::Code,
        consent::Consent,
        fact::OAuthFact,
        grant::Grant,
        pushed_request::{PushedRequest, PushedRequestId, Room},
    },
};

use super::{interaction, lock, room};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

macro_rules! find {
    () => {
        "SELECT id, digest, request, expires_at FROM towergate_pushed_requests WHERE id = $1"
    };
}

pub(crate) const FIND: &str = find!();

/// The same, for whoever is going to answer it.
pub(crate) const LOCK: &str = concat!(find!(), " FOR UPDATE");

/// Whether it waits for its answer, and does until the end of this step.
pub(crate) const WAITS: &str =
    "SELECT 1 FROM towergate_pushed_requests WHERE id = $1 AND expires_at > $2 FOR KEY SHARE";

/// What a client pushed is kept where there is room for it in its own share and in all. Whoever gives room back locks the rows in
/// the same order: that of the client, and then that of all.
pub(crate) const PUSH: &str = "WITH pushed AS (
        INSERT INTO towergate_pushed_requests (id, digest, request, expires_at) SELECT $1, $2, $3, $4
        WHERE (SELECT coalesce(sum(taken), 0) FROM towergate_interaction_room WHERE minute > $5) < $6
        AND (SELECT coalesce(sum(taken), 0) FROM towergate_pushed_room WHERE client = $9 AND minute > $5) < $10
        RETURNING 1),
    own AS (
        INSERT INTO towergate_pushed_room AS own (client, minute, shard, taken) SELECT $9, $7, $8, 1 FROM pushed
        ON CONFLICT (client, minute, shard) DO UPDATE SET taken = own.taken + 1 RETURNING 1)
    INSERT INTO towergate_interaction_room AS room (minute, shard, taken) SELECT $7, $8, 1 FROM own
    ON CONFLICT (minute, shard) DO UPDATE SET taken = room.taken + 1";

const DELETE: &str = "DELETE FROM towergate_pushed_requests WHERE id = $1";

pub(crate) const CLOSE: &str = "UPDATE towergate_interactions SET state = 'denied'
    WHERE pushed IS NOT NULL AND pushed = $1 AND state = 'open'";

impl PushedRequestStore for PostgresStore {
    async fn push_request(
        &self,
        pushed: PushedRequest,
        room: Room,
        origin: Origin,
    ) -> Result<Pushing, StoreError> {
        self.write_by_locks((pushed, room, origin), |step, (pushed, room, origin)| {
            Box::pin(push(step, pushed, *room, origin))
        })
        .await
    }

    async fn find_pushed_request(&self, id: PushedRequestId) -> Result<Option<PushedRequest>, StoreError> {
        self.one(FIND, params![id.as_uuid()], read).await
    }

    async fn spend_pushed_request(
        &self,
        id: PushedRequestId,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.write_by_locks((id, origin), |step, (id, origin)| Box::pin(spend(step, *id, origin.at))).await
    }

    async fn issue_pushed_code(
        &self,
        id: PushedRequestId,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        let input = (id, grant, code, rests_on, origin);
        self.write_by_locks(input, |step, (id, grant, code, rests_on, origin)| {
            Box::pin(interaction::issue(step, Some(*id), grant, code, rests_on.as_ref(), origin))
        })
        .await
    }
}

async fn push(
    step: &mut Step,
    pushed: &PushedRequest,
    room: Room,
    origin: &Origin,
) -> Result<Pushing, Failure> {
    let row = params![pushed.id.as_uuid(), &pushed.digest, query::json(&pushed.request)?, pushed.expires_at];
    let row = room::values(row, pushed.takes_room_until(), pushed.id.as_uuid(), room.all, origin.at);
    let client = pushed.request.client_id.clone();
    let row = row.with(client.as_str()).with(room.own);
    if query::change(&mut step.connection, PUSH, row).await? == 0 {
        let is_theirs = room::is_share_taken(&mut step.connection, &client, room, origin.at).await?;
        return Ok(if is_theirs { Pushing::ShareTaken } else { Pushing::Full });
    }
    step.record(&OAuthFact::RequestPushed { pushed: pushed.id, client }, origin).await?;
    Ok(Pushing::Pushed)
}

async fn spend(step: &mut Step, id: PushedRequestId, now: Timestamp) -> Result<Spending, Failure> {
    lock::answer(&mut step.connection, id).await?;
    if !waits(&mut step.connection, id, now).await? {
        return Ok(Spending::Gone);
    }
    answer(&mut step.connection, Some(id)).await?;
    Ok(Spending::Spent)
}

/// Whether it is neither answered nor expired; nobody else answers it until the end of this step.
pub(super) async fn waits(
    connection: &mut PgConnection,
    id: PushedRequestId,
    now: Timestamp,
) -> Result<bool, Failure> {
    query::exists(connection, WAITS, params![id.as_uuid(), now]).await
}

/// What was pushed has its answer: nobody is asked about it any more. Whoever answers has [taken its turn](lock::answer).
pub(super) async fn answer(
    connection: &mut PgConnection,
    id: Option<PushedRequestId>,
) -> Result<(), Failure> {
    let Some(id) = id else { return Ok(()) };
    // An interaction that is just beginning has a hold of the row, and is seen by the next statement.
    let kept = query::one(connection, LOCK, params![id.as_uuid()], read).await?;
    query::change(connection, CLOSE, params![id.as_uuid()]).await?;
    if let Some(pushed) = kept {
        query::change(connection, DELETE, params![id.as_uuid()]).await?;
        room::give_back_push(connection, &pushed).await?;
    }
    Ok(())
}

fn read(fields: &mut Fields<'_>) -> Result<PushedRequest, Failure> {
    fields.table("towergate_pushed_requests");
    Ok(PushedRequest {
        id: fields.uuid("id").map(PushedRequestId::from_uuid)?,
        digest: fields.digest("digest")?,
        request: fields.json("request")?,
        expires_at: fields.time("expires_at")?,
    })
}
