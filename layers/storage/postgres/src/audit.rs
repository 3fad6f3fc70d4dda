//! The audit log: each event in the transaction of its change, and a way to read them back.

use sqlx::PgConnection;
use towergate_core::{
    StoreError,
    audit::{AuditLog, Event, Outcome, RequestId, StoredEvent, StoredParty},
};

use crate::{
    details::{Kept, Told},
    failure::Failure,
    fields::Fields,
    params::params,
    query,
    store::PostgresStore,
};

const TABLE: &str = "towergate_audit_events";

/// All events of a step, in the order in which they were told.
const INSERT: &str = "INSERT INTO towergate_audit_events
    (at, request, action, outcome, actor_kind, actor_id, target_kind, target_id, reason, details)
    SELECT at, request, action, outcome, actor_kind, actor_id, target_kind, target_id, reason, details
    FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY
        AS told (at, request, action, outcome, actor_kind, actor_id, target_kind, target_id, reason, details, place)
    ORDER BY place";

pub(crate) const AFTER: &str = "SELECT id, at, request, action, outcome, actor_kind, actor_id, target_kind,
    target_id, reason, details
    FROM towergate_audit_events WHERE id > $1 ORDER BY id LIMIT $2";

pub(crate) const END_OF_WINDOW: &str = "SELECT max(id) AS id FROM
    (SELECT id FROM towergate_audit_events WHERE id > $1 ORDER BY id LIMIT $2) AS next";

pub(crate) const FORGET: &str = "DELETE FROM towergate_audit_events WHERE id > $1 AND id <= $2 AND at < $3";

/// Events that one write step looks at, so that nobody waits long behind it.
pub(crate) const WINDOW: u16 = 500;

impl AuditLog for PostgresStore {
    async fn append(&self, event: Event) -> Result<(), StoreError> {
        self.write_by_locks(event, |step, event| Box::pin(step.append(event.clone()))).await
    }
}

impl PostgresStore {
    /// At most `limit` events that were written after the one numbered `after`, oldest first; `after` 0 begins at the
    /// first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events(&self, after: i64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        self.all(AFTER, params![after, limit], read).await
    }
}

/// Writes `events`, inside whatever transaction is open.
pub(crate) async fn insert(connection: &mut PgConnection, events: &[Event]) -> Result<(), Failure> {
    if events.is_empty() {
        return Ok(());
    }
    let texts =
        |of: fn(&Event) -> &str| -> Vec<String> { events.iter().map(|event| of(event).to_owned()).collect() };
    let details = events.iter().map(|event| query::json(&Told(&event.details)));
    let rows = params![
        events.iter().map(|event| event.origin.at.unix_millis()).collect::<Vec<_>>(),
        events.iter().map(|event| *event.origin.request.as_uuid()).collect::<Vec<_>>(),
        texts(|event| event.action),
        texts(|event| event.outcome.as_str()),
        texts(|event| event.actor.kind),
        texts(|event| &event.actor.id),
        texts(|event| event.target.kind),
        texts(|event| &event.target.id),
        events.iter().map(|event| event.reason.map(str::to_owned)).collect::<Vec<_>>(),
        details.collect::<Result<Vec<_>, _>>()?,
    ];
    query::change(connection, INSERT, rows).await?;
    Ok(())
}

/// Forgets what is old among the next events; answers where they end and how many went.
pub(crate) async fn forget_window(
    connection: &mut PgConnection,
    after: i64,
    before: towergate_core::Timestamp,
) -> Result<Option<(i64, u64)>, Failure> {
    let ends = query::all(connection, END_OF_WINDOW, params![after, WINDOW], |fields| {
        fields.get::<Option<i64>>("id")
    })
    .await?;
    let Some(end) = ends.into_iter().flatten().next() else { return Ok(None) };
    let gone = query::change(connection, FORGET, params![after, end, before]).await?;
    Ok(Some((end, gone)))
}

pub(crate) fn read(fields: &mut Fields<'_>) -> Result<StoredEvent, Failure> {
    fields.table(TABLE);
    Ok(StoredEvent {
        id: fields.get("id")?,
        at: fields.time("at")?,
        request: fields.uuid("request").map(RequestId::from_uuid)?,
        action: fields.get("action")?,
        outcome: fields.parse("outcome", Outcome::of_word)?,
        actor: StoredParty { kind: fields.get("actor_kind")?, id: fields.get("actor_id")? },
        target: StoredParty { kind: fields.get("target_kind")?, id: fields.get("target_id")? },
        reason: fields.get("reason")?,
        details: fields.json::<Kept>("details")?.0,
    })
}
