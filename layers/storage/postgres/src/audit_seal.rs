//! The seals of the audit log.
//!
//! Numbers of events are given before their transactions end, so one with a smaller number may appear later. Whoever takes a number has a
//! transaction identifier by then. So what is seen is settled once every transaction has ended that had its identifier before one which was
//! given after the look ([`LOOK`], [`UNDER_WAY`]). Only what is settled is sealed; nobody who writes waits for it.

use std::sync::{Arc, PoisonError};

use towergate_core::{
    StoreError, Timestamp,
    audit::{
        Origin, StoredEvent,
        chain::{EventsForgotten, MOST_EVENTS, Seal, SealSigner, SealStore},
    },
};

use crate::{
    audit::{self, WINDOW},
    failure::Failure,
    fields::Fields,
    params::params,
    query,
    step::Step,
    store::PostgresStore,
};

const TABLE: &str = "towergate_audit_seals";

const ALONE: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('towergate_audit_seals.' || current_schema(), 0))";

/// The greatest number that is seen, and a transaction that has its identifier after that.
pub(crate) const LOOK: &str =
    "SELECT coalesce((SELECT id FROM towergate_audit_events ORDER BY id DESC LIMIT 1), 0) AS id,
    pg_current_xact_id()::text::bigint AS next";

const UNDER_WAY: &str = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS first,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next";

pub(crate) const LAST: &str = "SELECT number, through, count, digest, link, sealed_at, signature, leaves
    FROM towergate_audit_seals ORDER BY number DESC LIMIT 1";

pub(crate) const SEALS_AFTER: &str =
    "SELECT number, through, count, digest, link, sealed_at, signature, leaves
    FROM towergate_audit_seals WHERE number > $1 ORDER BY number LIMIT $2";

const INSERT: &str = "INSERT INTO towergate_audit_seals
    (number, through, count, digest, link, sealed_at, signature, leaves)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(crate) const NEWEST: &str = "SELECT id FROM towergate_audit_events ORDER BY id DESC LIMIT 1";

pub(crate) const COUNT: &str = "SELECT count(*) AS there, count(*) FILTER (WHERE at < $3) AS old
    FROM towergate_audit_events WHERE id > $1 AND id <= $2";

/// Seals of which events are left, oldest first, each with where the one before it ends.
pub(crate) const OLDEST_KEPT: &str = "SELECT s.number, coalesce(p.through, 0) AS before, s.through, s.count
    FROM towergate_audit_seals AS s LEFT JOIN towergate_audit_seals AS p ON p.number = s.number - 1
    WHERE s.through >= (SELECT id FROM towergate_audit_events ORDER BY id LIMIT 1) AND length(s.leaves) > 0
    ORDER BY s.through LIMIT $1";

pub(crate) const EMPTY: &str = "UPDATE towergate_audit_seals SET leaves = '' WHERE number = $1";

/// Seals that one step of forgetting looks at.
const SEALS: u16 = 100;

/// What was seen, until it is settled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// The greatest number.
    id: i64,
    /// A transaction that had its identifier later than whoever took a number up to that one.
    next: i64,
}

impl SealStore for PostgresStore {
    async fn seal_next(
        &self,
        most: u32,
        signer: Arc<SealSigner>,
        now: Timestamp,
    ) -> Result<Option<Seal>, StoreError> {
        let Some(settled) = self.settled().await? else { return Ok(None) };
        let most = most.min(MOST_EVENTS);
        self.write_by_locks((settled, signer), move |step, (settled, signer)| {
            Box::pin(seal(step, most, *settled, signer, now))
        })
        .await
    }

    async fn seals(&self, after: u32, most: u32) -> Result<Vec<Seal>, StoreError> {
        self.all(SEALS_AFTER, params![after, most], read).await
    }

    async fn events_after(&self, after: i64, most: u32) -> Result<Vec<StoredEvent>, StoreError> {
        self.events(after, most).await
    }

    async fn newest_event(&self) -> Result<Option<i64>, StoreError> {
        self.one(NEWEST, params![], |fields| fields.get("id")).await
    }

    async fn forget_events(&self, before: Timestamp, origin: Origin) -> Result<u64, StoreError> {
        let (mut after, mut total) = (0, 0);
        loop {
            let step = self.write_by_locks((after, before, origin), |step, (after, before, origin)| {
                Box::pin(forget_some(step, *after, *before, *origin))
            });
            match step.await? {
                Some((end, gone)) => (after, total) = (end, total + gone),
                None => return Ok(total),
            }
        }
    }
}

impl PostgresStore {
    /// The greatest number up to which no other event can appear, as far as it is known.
    async fn settled(&self) -> Result<Option<i64>, StoreError> {
        let seen = *self.seen().lock().unwrap_or_else(PoisonError::into_inner);
        let seen = match seen {
            Some(seen) => seen,
            None => self
                .one(LOOK, params![], |fields| Ok(Seen { id: fields.get("id")?, next: fields.get("next")? }))
                .await?
                .unwrap_or(Seen { id: 0, next: i64::MAX }),
        };
        let now = self
            .one(UNDER_WAY, params![], |fields| Ok((fields.get::<i64>("first")?, fields.get::<i64>("next")?)))
            .await?;
        let Some((first, next)) = now else { return Ok(None) };
        let over = first >= seen.next;
        // Where the count has gone back, this is another server, and what was seen says nothing.
        let kept = if over || next <= seen.next { None } else { Some(seen) };
        *self.seen().lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(over.then_some(seen.id))
    }
}

/// Seals what is settled, one at a time among all instances.
async fn seal(
    step: &mut Step,
    most: u32,
    settled: i64,
    signer: &SealSigner,
    now: Timestamp,
) -> Result<Option<Seal>, Failure> {
    let connection = &mut step.connection;
    query::change(connection, ALONE, params![]).await?;
    let last = query::one(connection, LAST, params![], read).await?;
    let from = last.as_ref().map_or(i64::MIN, |seal| seal.through);
    let mut events = query::all(connection, audit::AFTER, params![from, most], audit::read).await?;
    events.retain(|event| event.id <= settled);
    let Some(seal) = Seal::over(last.as_ref(), &events, signer, now) else { return Ok(None) };
    query::change(
        connection,
        INSERT,
        params![
            seal.number,
            seal.through,
            seal.count,
            &seal.digest,
            &seal.link,
            seal.sealed_at,
            seal.signature.to_vec(),
            &seal.leaves,
        ],
    )
    .await?;
    Ok(Some(seal))
}

/// Forgets what is old among the next; answers where they end and how many went, or nothing when that was all.
async fn forget_some(
    step: &mut Step,
    after: i64,
    before: Timestamp,
    origin: Origin,
) -> Result<Option<(i64, u64)>, Failure> {
    let connection = &mut step.connection;
    query::change(connection, ALONE, params![]).await?;
    if query::one(connection, LAST, params![], read).await?.is_none() {
        // The log is in the order of its time but for a clock that was set back: the first window in which everything is
        // young ends it.
        let window = audit::forget_window(connection, after, before).await?;
        return Ok(window.filter(|(_, gone)| *gone > 0));
    }
    let seals = query::all(connection, OLDEST_KEPT, params![SEALS], |fields| {
        let seal: u32 = fields.count("number")?;
        Ok((seal, fields.get::<i64>("before")?, fields.get::<i64>("through")?, fields.get::<i64>("count")?))
    })
    .await?;
    let mut forgotten: Option<EventsForgotten> = None;
    for (seal, from, through, covered) in seals {
        let found = query::one(connection, COUNT, params![from, through, before], |fields| {
            Ok((fields.get::<i64>("there")?, fields.get::<i64>("old")?))
        });
        // One is too young, or is gone already, or was never sealed: the last two are not to be hidden.
        if found.await? != Some((covered, covered)) {
            break;
        }
        let gone = query::change(connection, audit::FORGET, params![from, through, before]).await?;
        query::change(connection, EMPTY, params![seal]).await?;
        let count = gone + forgotten.map_or(0, |forgotten| forgotten.count);
        forgotten = Some(EventsForgotten { seal, through, count });
        if count >= u64::from(WINDOW) {
            break;
        }
    }
    let Some(forgotten) = forgotten else { return Ok(None) };
    step.record(&forgotten, &origin).await?;
    Ok(Some((forgotten.through, forgotten.count)))
}

fn read(fields: &mut Fields<'_>) -> Result<Seal, Failure> {
    fields.table(TABLE);
    Ok(Seal {
        number: fields.count("number")?,
        through: fields.get("through")?,
        count: fields.count("count")?,
        digest: fields.digest("digest")?,
        link: fields.digest("link")?,
        sealed_at: fields.time("sealed_at")?,
        signature: fields.bytes("signature")?,
        leaves: fields.get("leaves")?,
    })
}
