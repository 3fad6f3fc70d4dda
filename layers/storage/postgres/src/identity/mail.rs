//! The outbox.

use std::time::Duration;

use sqlx::PgConnection;
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

use super::user;
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

const INSERT: &str = "INSERT INTO towergate_mails
    (id, user_id, kind, domain, sealed, created_at, expires_at, attempt, forgiven, due_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $8)";

pub(crate) const WRITTEN_SINCE: &str =
    "SELECT count(*) FROM towergate_mails WHERE user_id = $1 AND kind = $2 AND created_at > $3";

pub(crate) const DUE: &str = "SELECT 1 FROM towergate_mails WHERE due_at <= $1 AND domain <> ALL($2) LIMIT 1";

/// In one statement: what another takes meanwhile is passed over, and nobody waits for anybody.
pub(crate) const TAKE: &str = "WITH due AS MATERIALIZED
    (SELECT id, due_at FROM towergate_mails WHERE due_at <= $1 AND domain <> ALL($4)
     ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED),
    taken AS (UPDATE towergate_mails AS mail SET attempt = mail.attempt + 1, due_at = $2
     FROM due WHERE mail.id = due.id
     RETURNING mail.id, user_id, kind, domain, sealed, created_at, expires_at, attempt, forgiven,
     due.due_at AS was_due_at)
    SELECT id, user_id, kind, domain, sealed, created_at, expires_at, attempt, forgiven FROM taken ORDER BY was_due_at, id";

pub(crate) const FINISH: &str =
    "UPDATE towergate_mails SET due_at = $3, finished_at = $4, died_at = $5, reason = $6,
    sealed = CASE WHEN $4::bigint IS NULL THEN sealed END
    WHERE id = $1 AND attempt = $2 AND due_at IS NOT NULL RETURNING user_id, kind";

pub(crate) const BACKLOG: &str = "SELECT
    (SELECT count(*) FROM towergate_mails WHERE due_at IS NOT NULL) AS waiting,
    (SELECT count(*) FROM towergate_mails WHERE died_at IS NOT NULL) AS dead";

pub(crate) const DEAD: &str = "SELECT id, kind, domain, reason, attempt, created_at, died_at, expires_at
    FROM towergate_mails WHERE died_at IS NOT NULL ORDER BY died_at DESC, id DESC LIMIT $1";

pub(crate) const DEAD_ONE: &str =
    "SELECT user_id, kind, expires_at FROM towergate_mails WHERE id = $1 AND died_at IS NOT NULL FOR UPDATE";

pub(crate) const REPLAY: &str = "UPDATE towergate_mails
    SET due_at = $2, died_at = NULL, reason = NULL, forgiven = attempt WHERE id = $1";

impl MailOutbox for PostgresStore {
    async fn queue_mail(
        &self,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Queuing, StoreError> {
        self.write((mail, limit, origin), |step, (mail, limit, origin)| {
            Box::pin(async move {
                user::lock(&mut step.connection, mail.user).await?;
                if !has_room(&mut step.connection, mail, *limit, origin.at).await? {
                    return Ok(Queuing::TooMany);
                }
                queue(step, mail, origin).await?;
                Ok(Queuing::Queued)
            })
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
        // Most of the time nothing is due: only what there is to take costs a write.
        if !self.exists(DUE, params![now, busy.clone()]).await? {
            return Ok(Vec::new());
        }
        self.write_by_locks((now, now.plus(lease), limit, busy), |step, (now, until, limit, busy)| {
            let key = params![*now, *until, *limit, busy.clone()];
            Box::pin(query::all(&mut step.connection, TAKE, key, read))
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
        self.write_by_locks((id, attempt, delivery, origin), |step, (id, attempt, delivery, origin)| {
            Box::pin(finish(step, *id, *attempt, *delivery, origin))
        })
        .await
    }

    async fn dead_mails(&self, limit: u16) -> Result<Vec<DeadLetter<MailId>>, StoreError> {
        self.all(DEAD, params![limit], read_dead).await
    }

    async fn mail_backlog(&self) -> Result<Backlog, StoreError> {
        Ok(self.one(BACKLOG, params![], |fields| fields.backlog()).await?.unwrap_or_default())
    }

    async fn replay_mail(&self, id: MailId, origin: Origin) -> Result<Replaying, StoreError> {
        self.write_by_locks((id, origin), |step, (id, origin)| Box::pin(replay(step, *id, origin))).await
    }
}

/// Whether one more mail of its kind may be written to its person.
pub(super) async fn has_room(
    connection: &mut PgConnection,
    mail: &OutboxMail,
    limit: MailLimit,
    now: Timestamp,
) -> Result<bool, Failure> {
    has_room_by(connection, WRITTEN_SINCE, mail, limit, now).await
}

pub(super) async fn has_room_by(
    connection: &mut PgConnection,
    written_since: &'static str,
    mail: &OutboxMail,
    limit: MailLimit,
    now: Timestamp,
) -> Result<bool, Failure> {
    let since = now.minus(limit.within);
    let key = params![mail.user.as_uuid(), mail.kind.as_str(), since];
    let there = query::one(connection, written_since, key, |fields| fields.count::<u32>("count")).await?;
    Ok(there.unwrap_or(0) < limit.most)
}

/// Writes the mail that tells of a change, if there is one.
pub(super) async fn queue_notice(
    step: &mut Step,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<(), Failure> {
    match notice {
        Some(notice) => queue(step, notice, origin).await,
        None => Ok(()),
    }
}

/// Writes a mail, due at once.
pub(super) async fn queue(step: &mut Step, mail: &OutboxMail, origin: &Origin) -> Result<(), Failure> {
    let OutboxMail { id, user, kind, .. } = *mail;
    insert_row(&mut step.connection, INSERT, mail, &mail.domain, origin.at).await?;
    step.record(&IdentityFact::MailQueued { mail: id, user, kind }, origin).await
}

pub(super) async fn insert_row(
    connection: &mut PgConnection,
    sql: &'static str,
    mail: &OutboxMail,
    domain: &str,
    at: Timestamp,
) -> Result<(), Failure> {
    query::change(
        connection,
        sql,
        params![
            mail.id.as_uuid(),
            mail.user.as_uuid(),
            mail.kind.as_str(),
            domain,
            &mail.sealed,
            mail.created_at,
            mail.expires_at,
            at,
        ],
    )
    .await?;
    Ok(())
}

async fn finish(
    step: &mut Step,
    id: MailId,
    attempt: u32,
    delivery: MailDelivery,
    origin: &Origin,
) -> Result<FinishingMail, Failure> {
    let (mut due_at, mut finished_at, mut died_at, mut because) = (None, None, None, None);
    match delivery {
        MailDelivery::RetryAt { at, .. } => due_at = Some(at),
        MailDelivery::Sent => finished_at = Some(origin.at),
        MailDelivery::GivenUp { reason } => (died_at, because) = (Some(origin.at), Some(reason)),
    }
    let key = params![id.as_uuid(), attempt, due_at, finished_at, died_at, because];
    let finished = query::one(&mut step.connection, FINISH, key, |fields| {
        fields.table("towergate_mails");
        let user = fields.uuid("user_id").map(UserId::from_uuid)?;
        Ok((user, fields.parse("kind", MailKind::parse)?))
    })
    .await?;
    let Some((user, kind)) = finished else { return Ok(FinishingMail::Overtaken) };
    step.record(&IdentityFact::MailTried { mail: id, user, kind, attempt, delivery }, origin).await?;
    Ok(FinishingMail::Finished)
}

async fn replay(step: &mut Step, id: MailId, origin: &Origin) -> Result<Replaying, Failure> {
    let dead = query::one(&mut step.connection, DEAD_ONE, params![id.as_uuid()], |fields| {
        fields.table("towergate_mails");
        let user = fields.uuid("user_id").map(UserId::from_uuid)?;
        Ok((user, fields.parse("kind", MailKind::parse)?, fields.time("expires_at")?))
    })
    .await?;
    let Some((user, kind, expires_at)) = dead else { return Ok(Replaying::Missing) };
    if expires_at <= origin.at {
        return Ok(Replaying::TooLate);
    }
    query::change(&mut step.connection, REPLAY, params![id.as_uuid(), origin.at]).await?;
    step.record(&IdentityFact::MailReplayed { mail: id, user, kind }, origin).await?;
    Ok(Replaying::Replayed)
}

fn read_dead(fields: &mut Fields<'_>) -> Result<DeadLetter<MailId>, Failure> {
    fields.table("towergate_mails");
    Ok(DeadLetter {
        id: fields.uuid("id").map(MailId::from_uuid)?,
        kind: fields.parse("kind", MailKind::parse)?.as_str(),
        destination: fields.get("domain")?,
        reason: fields.get("reason")?,
        attempts: fields.count("attempt")?,
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
        attempt: fields.count("attempt")?,
        forgiven: fields.count("forgiven")?,
    })
}
