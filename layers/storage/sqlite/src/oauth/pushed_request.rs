//! Requests that clients pushed.

use rusqlite::{Connection, params};
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

use super::{interaction, room};
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    "SELECT id, digest, request, expires_at FROM towergate_pushed_requests WHERE id = ?1";

const INSERT: &str =
    "INSERT INTO towergate_pushed_requests (id, digest, request, expires_at) VALUES (?1, ?2, ?3, ?4)";

const DELETE: &str = "DELETE FROM towergate_pushed_requests WHERE id = ?1";

pub(crate) const CLOSE: &str = "UPDATE towergate_interactions SET state = 'denied'
    WHERE pushed IS NOT NULL AND pushed = ?1 AND state = 'open'";

impl PushedRequestStore for SqliteStore {
    async fn push_request(
        &self,
        pushed: PushedRequest,
        room: Room,
        origin: Origin,
    ) -> Result<Pushing, StoreError> {
        self.write(move |step| push(step, pushed, room, &origin)).await
    }

    async fn find_pushed_request(&self, id: PushedRequestId) -> Result<Option<PushedRequest>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    async fn spend_pushed_request(
        &self,
        id: PushedRequestId,
        origin: Origin,
    ) -> Result<Spending, StoreError> {
        self.write(move |step| {
            if !waits(step.connection, id, origin.at)? {
                return Ok(Spending::Gone);
            }
            answer(step.connection, Some(id))?;
            Ok(Spending::Spent)
        })
        .await
    }

    async fn issue_pushed_code(
        &self,
        id: PushedRequestId,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> Result<Issuing, StoreError> {
        self.write(move |step| interaction::issue(step, Some(id), grant, &code, rests_on.as_ref(), &origin))
            .await
    }
}

fn push(step: &mut Step<'_>, pushed: PushedRequest, room: Room, origin: &Origin) -> Result<Pushing, Failure> {
    let own = room::taken_by_pushes(step.connection, &pushed.request.client_id, origin.at)?;
    if own >= u64::from(room.own) {
        return Ok(Pushing::ShareTaken);
    }
    if room::taken(step.connection, origin.at)? >= u64::from(room.all) {
        return Ok(Pushing::Full);
    }
    query::change(
        step.connection,
        INSERT,
        params![
            pushed.id.as_uuid().as_bytes(),
            pushed.digest.as_bytes(),
            query::json(&pushed.request)?,
            pushed.expires_at.unix_millis(),
        ],
    )?;
    room::take_by_push(step.connection, &pushed)?;
    let fact = OAuthFact::RequestPushed { pushed: pushed.id, client: pushed.request.client_id };
    step.record(&fact, origin)?;
    Ok(Pushing::Pushed)
}

/// Whether it is neither answered nor expired.
pub(super) fn waits(connection: &Connection, id: PushedRequestId, now: Timestamp) -> Result<bool, Failure> {
    Ok(find(connection, id)?.is_some_and(|pushed| now < pushed.expires_at))
}

/// What was pushed has its answer: nobody is asked about it any more.
pub(super) fn answer(connection: &Connection, id: Option<PushedRequestId>) -> Result<(), Failure> {
    let Some(id) = id else { return Ok(()) };
    if let Some(pushed) = find(connection, id)? {
        query::change(connection, DELETE, params![id.as_uuid().as_bytes()])?;
        room::give_back_by_push(connection, &pushed)?;
    }
    query::change(connection, CLOSE, params![id.as_uuid().as_bytes()])?;
    Ok(())
}

fn find(connection: &Connection, id: PushedRequestId) -> Result<Option<PushedRequest>, Failure> {
    query::one(connection, FIND, params![id.as_uuid().as_bytes()], read)
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
