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
        pushed_request::{PushedRequest, PushedRequestId},
    },
};

use super::{interaction, lock, room, room::take_room};
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

/// Keeps one where there is room for it.
pub(crate) const PUSH: &str = take_room!(
    "INSERT INTO towergate_pushed_requests (id, digest, request, expires_at) SELECT $1, $2, $3, $4",
    over: "$5", limit: "$6", minute: "$7", shard: "$8"
);

const DELETE: &str = "DELETE FROM towergate_pushed_requests WHERE id = $1";

pub(crate) const CLOSE: &str = "UPDATE towergate_interactions SET state = 'denied'
    WHERE pushed IS NOT NULL AND pushed = $1 AND state = 'open'";

impl PushedRequestStore for PostgresStore {
    async fn push_request(
        &self,
        pushed: PushedRequest,
        limit: u32,
        origin: Origin,
    ) -> Result<Pushing, StoreError> {
        self.write_by_locks((pushed, limit, origin), |step, (pushed, limit, origin)| {
            Box::pin(push(step, pushed, *limit, origin))
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
    limit: u32,
    origin: &Origin,
) -> Result<Pushing, Failure> {
    let row = params![pushed.id.as_uuid(), &pushed.digest, query::json(&pushed.request)?, pushed.expires_at];
    let row = room::values(row, pushed.takes_room_until(), pushed.id.as_uuid(), limit, origin.at);
    if query::change(&mut step.connection, PUSH, row).await? == 0 {
        return Ok(Pushing::Full);
    }
    let client = pushed.request.client_id.clone();
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
        room::give_back(connection, pushed.takes_room_until(), id.as_uuid()).await?;
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
