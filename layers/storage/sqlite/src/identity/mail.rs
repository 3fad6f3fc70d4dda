//! The outbox.

use std::time::Duration;

use rusqlite::{Connection, params};
use serde_json::json;
use towergate_core::{
    StoreError, Timestamp,
    audit::Origin,
    outbox::{Backlog, DeadLetter, Replaying},
};
use towergate_identity::{
    ports::mail::{FinishingMail, MailOutbox, Queuing},
    rules::{
        fact::IdentityFact,
        mail::{MailDelivery, MailId, MailKind, MailLimit, OutboxMail},
        user::UserId,
    },
};

use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

const INSERT: &str = "INSERT INTO towergate_mails
    (id, user_id, kind, domain, sealed, created_at, expires_at, attempt, forgiven, due_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8)";

pub(crate) const WRITTEN_SINCE: &str =
    "SELECT count(*) FROM towergate_mails WHERE user_id = ?1 AND kind = ?2 AND created_at > ?3";

pub(crate) const DUE: &str = "SELECT id, user_id, kind, domain, sealed, created_at, expires_at, attempt, forgiven
    FROM towergate_mails WHERE due_at <= ?1 AND domain NOT IN (SELECT value FROM json_each(?3)) ORDER BY due_at, id LIMIT ?2";

pub(crate) const TAKE: &str = "UPDATE towergate_mails SET attempt = ?2, due_at = ?3 WHERE id = ?1";

pub(crate) const FINISH: &str =
    "UPDATE towergate_mails SET due_at = ?3, finished_at = ?4, died_at = ?5, reason = ?6,
    sealed = CASE WHEN ?4 IS NULL THEN sealed END
    WHERE id = ?1 AND attempt = ?2 AND due_at IS NOT NULL RETURNING user_id, kind";

pub(crate) const BACKLOG: &str = "SELECT
    (SELECT count(*) FROM towergate_mails WHERE due_at IS NOT NULL) AS waiting,
    (SELECT count(*) FROM towergate_mails WHERE died_at IS NOT NULL) AS dead";

pub(crate) const DEAD: &str = "SELECT id, kind, domain, reason, attempt, created_at, died_at, expires_at
    FROM towergate_mails WHERE died_at IS NOT NULL ORDER BY died_at DESC, id DESC LIMIT ?1";

pub(crate) const DEAD_ONE: &str =
    "SELECT user_id, kind, expires_at FROM towergate_mails WHERE id = ?1 AND died_at IS NOT NULL";

pub(crate) const REPLAY: &str = "UPDATE towergate_mails
    SET due_at = ?2, died_at = NULL, reason = NULL, forgiven = attempt WHERE id = ?1";

impl MailOutbox for SqliteStore {
    async fn queue_mail(
        &self,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Queuing, StoreError> {
        self.write(move |step| {
            if !has_room(step.connection, &mail, limit, origin.at)? {
                return Ok(Queuing::TooMany);
            }
            queue(step, &mail, &origin)?;
            Ok(Queuing::Queued)
        })
        .await
    }

    async fn take_due_mails(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u16,
        busy: Vec<String>,
    ) -> Result<Vec<OutboxMail>, StoreError> {
        let busy = json!(busy).to_string();
        let due = move |connection: &Connection| {
            query::all(connection, DUE, params![now.unix_millis(), limit, busy], read)
        };
        // Most of the time nothing is due: only what there is to take costs a write.
        if self.read(&due)?.is_empty() {
            return Ok(Vec::new());
        }
        self.write(move |step| {
            let mut due = due(step.connection)?;
            for mail in &mut due {
                mail.attempt = mail.attempt.saturating_add(1);
                let until = now.plus(lease).unix_millis();
                query::change(
                    step.connection,
                    TAKE,
                    params![mail.id.as_uuid().as_bytes(), mail.attempt, until],
                )?;
            }
            Ok(due)
        })
        .await
    }

    async fn finish_mail(
        &self,
        id: MailId,
        attempt: u32,
        delivery: MailDelivery,
        origin: Origin,
    ) -> Result<FinishingMail, StoreError> {
        self.write(move |step| finish(step, id, attempt, delivery, &origin)).await
    }

    async fn dead_mails(&self, limit: u16) -> Result<Vec<DeadLetter<MailId>>, StoreError> {
        self.read(|connection| query::all(connection, DEAD, params![limit], read_dead))
    }

    async fn mail_backlog(&self) -> Result<Backlog, StoreError> {
        let backlog =
            self.read(|connection| query::one(connection, BACKLOG, params![], |fields| fields.backlog()))?;
        Ok(backlog.unwrap_or_default())
    }

    async fn replay_mail(&self, id: MailId, origin: Origin) -> Result<Replaying, StoreError> {
        self.write(move |step| replay(step, id, &origin)).await
    }
}

/// Whether one more mail of its kind may be written to its person.
pub(super) fn has_room(
    connection: &Connection,
    mail: &OutboxMail,
    limit: MailLimit,
    now: Timestamp,
) -> Result<bool, Failure> {
    has_room_by(connection, WRITTEN_SINCE, mail, limit, now)
}

pub(super) fn has_room_by(
    connection: &Connection,
    written_since: &str,
    mail: &OutboxMail,
    limit: MailLimit,
    now: Timestamp,
) -> Result<bool, Failure> {
    let since = now.minus(limit.within).unix_millis();
    let key = params![mail.user.as_uuid().as_bytes(), mail.kind.as_str(), since];
    let there = query::one(connection, written_since, key, |fields| fields.get::<u32>("count"))?;
    Ok(there.unwrap_or(0) < limit.most)
}

/// Writes the mail that tells of a change, if there is one.
pub(super) fn queue_notice(
    step: &mut Step<'_>,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<(), Failure> {
    notice.map_or(Ok(()), |notice| queue(step, notice, origin))
}

/// Writes a mail, due at once.
pub(super) fn queue(step: &mut Step<'_>, mail: &OutboxMail, origin: &Origin) -> Result<(), Failure> {
    let OutboxMail { id, user, kind, .. } = *mail;
    insert_row(step.connection, INSERT, mail, &mail.domain, origin.at)?;
    step.record(&IdentityFact::MailQueued { mail: id, user, kind }, origin)
}

pub(super) fn insert_row(
    connection: &Connection,
    sql: &str,
    mail: &OutboxMail,
    domain: &str,
    at: Timestamp,
) -> Result<(), Failure> {
    query::change(
        connection,
        sql,
        params![
            mail.id.as_uuid().as_bytes(),
            mail.user.as_uuid().as_bytes(),
            mail.kind.as_str(),
            domain,
            mail.sealed,
            mail.created_at.unix_millis(),
            mail.expires_at.unix_millis(),
            at.unix_millis(),
        ],
    )?;
    Ok(())
}

fn finish(
    step: &mut Step<'_>,
    id: MailId,
    attempt: u32,
    delivery: MailDelivery,
    origin: &Origin,
) -> Result<FinishingMail, Failure> {
    let (mut due_at, mut finished_at, mut died_at, mut because) = (None, None, None, None);
    match delivery {
        MailDelivery::RetryAt { at, .. } => due_at = Some(at.unix_millis()),
        MailDelivery::Sent => finished_at = Some(origin.at.unix_millis()),
        MailDelivery::GivenUp { reason } => {
            (died_at, because) = (Some(origin.at.unix_millis()), Some(reason));
        }
    }
    let key = params![id.as_uuid().as_bytes(), attempt, due_at, finished_at, died_at, because];
    let finished = query::one(step.connection, FINISH, key, |fields| {
        fields.table("towergate_mails");
        let user = fields.uuid("user_id").map(UserId::from_uuid)?;
        Ok((user, fields.parse("kind", MailKind::parse)?))
    })?;
    let Some((user, kind)) = finished else { return Ok(FinishingMail::Overtaken) };
    step.record(&IdentityFact::MailTried { mail: id, user, kind, attempt, delivery }, origin)?;
    Ok(FinishingMail::Finished)
}

fn replay(step: &mut Step<'_>, id: MailId, origin: &Origin) -> Result<Replaying, Failure> {
    let dead = query::one(step.connection, DEAD_ONE, params![id.as_uuid().as_bytes()], |fields| {
        fields.table("towergate_mails");
        let user = fields.uuid("user_id").map(UserId::from_uuid)?;
        Ok((user, fields.parse("kind", MailKind::parse)?, fields.time("expires_at")?))
    })?;
    let Some((user, kind, expires_at)) = dead else { return Ok(Replaying::Missing) };
    if expires_at <= origin.at {
        return Ok(Replaying::TooLate);
    }
    let key = params![id.as_uuid().as_bytes(), origin.at.unix_millis()];
    query::change(step.connection, REPLAY, key)?;
    step.record(&IdentityFact::MailReplayed { mail: id, user, kind }, origin)?;
    Ok(Replaying::Replayed)
}

fn read_dead(fields: &mut Fields<'_>) -> Result<DeadLetter<MailId>, Failure> {
    fields.table("towergate_mails");
    Ok(DeadLetter {
        id: fields.uuid("id").map(MailId::from_uuid)?,
        kind: fields.parse("kind", MailKind::parse)?.as_str(),
        destination: fields.get("domain")?,
        reason: fields.get("reason")?,
        attempts: fields.get("attempt")?,
        queued_at: fields.time("created_at")?,
        died_at: fields.time("died_at")?,
        ends_at: Some(fields.time("expires_at")?),
    })
}

fn read(fields: &mut Fields<'_>) -> Result<OutboxMail, Failure> {
    fields.table("towergate_mails");
    Ok(OutboxMail {
        id: fields.uuid("id").map(MailId::from_uuid)?,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        kind: fields.parse("kind", MailKind::parse)?,
        domain: fields.get("domain")?,
        sealed: fields.get("sealed")?,
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
        attempt: fields.get("attempt")?,
        forgiven: fields.get("forgiven")?,
    })
}
