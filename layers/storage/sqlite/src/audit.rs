//! The audit log: each event in the transaction of its change, and a way to read them back.

use rusqlite::{Connection, params};
use towergate_core::{
    StoreError,
    audit::{AuditLog, Event, Outcome, RequestId, StoredEvent, StoredParty},
};

use crate::{
    details::{Kept, Told},
    failure::Failure,
    fields::Fields,
    query,
    store::SqliteStore,
};

const TABLE: &str = "towergate_audit_events";

const INSERT: &str = "INSERT INTO towergate_audit_events
    (at, request, action, outcome, actor_kind, actor_id, target_kind, target_id, reason, details)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

pub(crate) const AFTER: &str = "SELECT id, at, request, action, outcome, actor_kind, actor_id, target_kind,
    target_id, reason, details
    FROM towergate_audit_events WHERE id > ?1 ORDER BY id LIMIT ?2";

pub(crate) const END_OF_WINDOW: &str = "SELECT max(id) AS id FROM
    (SELECT id FROM towergate_audit_events WHERE id > ?1 ORDER BY id LIMIT ?2)";

pub(crate) const FORGET: &str = "DELETE FROM towergate_audit_events WHERE id > ?1 AND id <= ?2 AND at < ?3";

/// Events that one write step looks at, so that nobody waits long behind it.
pub(crate) const WINDOW: u16 = 500;

impl AuditLog for SqliteStore {
    async fn append(&self, event: Event) -> Result<(), StoreError> {
        self.write(move |step| step.append(event)).await
    }
}

impl SqliteStore {
    /// At most `limit` events that were written after the one numbered `after`, oldest first; `after` 0 begins at the
    /// first.
    ///
    /// # Errors
    /// When the store fails.
    pub fn events(&self, after: i64, limit: u32) -> Result<Vec<StoredEvent>, StoreError> {
        self.read(|connection| query::all(connection, AFTER, params![after, limit], read))
    }
}

/// Writes `event`, inside whatever transaction is open.
pub(crate) fn insert(connection: &Connection, event: &Event) -> Result<(), Failure> {
    query::change(
        connection,
        INSERT,
        params![
            event.origin.at.unix_millis(),
            event.origin.request.as_uuid().as_bytes(),
            event.action,
            event.outcome.as_str(),
            event.actor.kind,
            event.actor.id,
            event.target.kind,
            event.target.id,
            event.reason,
            query::json(&Told(&event.details))?,
        ],
    )?;
    Ok(())
}

/// Forgets what is old among the next events; answers where they end and how many went.
pub(crate) fn forget_window(
    connection: &Connection,
    after: i64,
    before: towergate_core::Timestamp,
) -> Result<Option<(i64, usize)>, Failure> {
    let ends = query::all(connection, END_OF_WINDOW, params![after, WINDOW], |fields| {
        fields.get::<Option<i64>>("id")
    })?;
    let Some(end) = ends.into_iter().flatten().next() else { return Ok(None) };
    let gone = query::change(connection, FORGET, params![after, end, before.unix_millis()])?;
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
