//! The seals of the audit log.

use std::sync::Arc;

use rusqlite::params;
use towergate_core::{
    Digest, StoreError, Timestamp,
    audit::{
        Origin, StoredEvent,
        chain::{EventsForgotten, MOST_EVENTS, Seal, SealSigner, SealStore},
    },
};

use crate::{
    audit::{self, WINDOW},
    failure::Failure,
    fields::Fields,
    query,
    store::SqliteStore,
    writer::Step,
};

const TABLE: &str = "towergate_audit_seals";

pub(crate) const LAST: &str = "SELECT number, through, count, digest, link, sealed_at, signature, leaves
    FROM towergate_audit_seals ORDER BY number DESC LIMIT 1";

pub(crate) const SEALS_AFTER: &str =
    "SELECT number, through, count, digest, link, sealed_at, signature, leaves
    FROM towergate_audit_seals WHERE number > ?1 ORDER BY number LIMIT ?2";

const INSERT: &str = "INSERT INTO towergate_audit_seals
    (number, through, count, digest, link, sealed_at, signature, leaves)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

pub(crate) const LAST_NUMBER: &str = "SELECT number FROM towergate_audit_seals ORDER BY number DESC LIMIT 1";

pub(crate) const NEWEST: &str = "SELECT id FROM towergate_audit_events ORDER BY id DESC LIMIT 1";

pub(crate) const COUNT: &str =
    "SELECT count(*) AS count FROM towergate_audit_events WHERE id > ?1 AND id <= ?2";

pub(crate) const OLD: &str =
    "SELECT count(*) AS count FROM towergate_audit_events WHERE id > ?1 AND id <= ?2 AND at < ?3";

/// Seals of which events are left, oldest first, each with where the one before it ends.
pub(crate) const OLDEST_KEPT: &str = "SELECT s.number, coalesce(p.through, 0) AS before, s.through, s.count
    FROM towergate_audit_seals AS s LEFT JOIN towergate_audit_seals AS p ON p.number = s.number - 1
    WHERE s.through >= (SELECT id FROM towergate_audit_events ORDER BY id LIMIT 1) AND length(s.leaves) > 0
    ORDER BY s.through LIMIT ?1";

pub(crate) const EMPTY: &str = "UPDATE towergate_audit_seals SET leaves = x'' WHERE number = ?1";

/// Seals that one step of forgetting looks at.
const SEALS: u16 = 100;

impl SealStore for SqliteStore {
    async fn seal_next(
        &self,
        most: u32,
        signer: Arc<SealSigner>,
        now: Timestamp,
    ) -> Result<Option<Seal>, StoreError> {
        // Numbers are given by the one writer: what is read is all that there will ever be up to there. So the writer is
        // only asked to put the finished seal in its place.
        let (last, events) = self.read(|connection| {
            let last = query::one(connection, LAST, [], read)?;
            let from = last.as_ref().map_or(i64::MIN, |seal| seal.through);
            let most = most.min(MOST_EVENTS);
            Ok((last, query::all(connection, audit::AFTER, params![from, most], audit::read)?))
        })?;
        let Some(seal) = Seal::over(last.as_ref(), &events, &signer, now) else { return Ok(None) };
        let from = last.map_or(i64::MIN, |seal| seal.through);
        self.write(move |step| keep(step, from, seal)).await
    }

    async fn seals(&self, after: u32, most: u32) -> Result<Vec<Seal>, StoreError> {
        self.read(|connection| query::all(connection, SEALS_AFTER, params![after, most], read))
    }

    async fn events_after(&self, after: i64, most: u32) -> Result<Vec<StoredEvent>, StoreError> {
        self.events(after, most)
    }

    async fn newest_event(&self) -> Result<Option<i64>, StoreError> {
        self.read(|connection| query::one(connection, NEWEST, [], |fields| fields.get("id")))
    }

    async fn forget_events(&self, before: Timestamp, origin: Origin) -> Result<u64, StoreError> {
        let (mut after, mut total) = (0, 0);
        loop {
            let start = after;
            match self.write(move |step| forget_some(step, start, before, origin)).await? {
                Some((end, gone)) => (after, total) = (end, total + gone),
                None => return Ok(total),
            }
        }
    }
}

/// Keeps a seal unless another took its place, or what it covers was forgotten meanwhile.
fn keep(step: &Step<'_>, from: i64, seal: Seal) -> Result<Option<Seal>, Failure> {
    let connection = step.connection;
    let last: Option<u32> = query::one(connection, LAST_NUMBER, [], |fields| fields.get("number"))?;
    let there: u32 =
        query::one(connection, COUNT, params![from, seal.through], |fields| fields.get("count"))?
            .unwrap_or(0);
    if last.unwrap_or(0).checked_add(1) != Some(seal.number) || there != seal.count {
        return Ok(None);
    }
    query::change(
        connection,
        INSERT,
        params![
            seal.number,
            seal.through,
            seal.count,
            seal.digest.as_bytes(),
            seal.link.as_bytes(),
            seal.sealed_at.unix_millis(),
            seal.signature,
            seal.leaves,
        ],
    )?;
    Ok(Some(seal))
}

/// Forgets what is old among the next; answers where they end and how many went, or nothing when that was all.
fn forget_some(
    step: &mut Step<'_>,
    after: i64,
    before: Timestamp,
    origin: Origin,
) -> Result<Option<(i64, u64)>, Failure> {
    let connection = step.connection;
    if query::one(connection, LAST_NUMBER, [], |fields| fields.get::<u32>("number"))?.is_none() {
        // The log is in the order of its time but for a clock that was set back: the first window in which everything is
        // young ends it.
        let window = audit::forget_window(connection, after, before)?;
        return Ok(window.filter(|(_, gone)| *gone > 0).map(|(end, gone)| (end, count(gone))));
    }
    let seals = query::all(connection, OLDEST_KEPT, params![SEALS], |fields| {
        Ok((
            fields.get::<u32>("number")?,
            fields.get("before")?,
            fields.get("through")?,
            fields.get("count")?,
        ))
    })?;
    let mut forgotten: Option<EventsForgotten> = None;
    for (seal, from, through, covered) in seals {
        let (from, through, covered): (i64, i64, u32) = (from, through, covered);
        let old: u32 = query::one(connection, OLD, params![from, through, before.unix_millis()], |fields| {
            fields.get("count")
        })?
        .unwrap_or(0);
        // One is too young, or is gone already, or was never sealed: the last two are not to be hidden.
        let there: u32 =
            query::one(connection, COUNT, params![from, through], |fields| fields.get("count"))?.unwrap_or(0);
        if old != covered || there != covered {
            break;
        }
        query::change(connection, audit::FORGET, params![from, through, before.unix_millis()])?;
        query::change(connection, EMPTY, params![seal])?;
        let count = u64::from(covered) + forgotten.map_or(0, |forgotten| forgotten.count);
        forgotten = Some(EventsForgotten { seal, through, count });
        if count >= u64::from(WINDOW) {
            break;
        }
    }
    let Some(forgotten) = forgotten else { return Ok(None) };
    step.append(towergate_core::audit::Fact::event(&forgotten, &origin))?;
    Ok(Some((forgotten.through, forgotten.count)))
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

fn read(fields: &mut Fields<'_>) -> Result<Seal, Failure> {
    fields.table(TABLE);
    Ok(Seal {
        number: fields.get("number")?,
        through: fields.get("through")?,
        count: fields.get("count")?,
        digest: fields.get("digest").map(Digest::from_stored)?,
        link: fields.get("link").map(Digest::from_stored)?,
        sealed_at: fields.time("sealed_at")?,
        signature: fields.get("signature")?,
        leaves: fields.get("leaves")?,
    })
}
