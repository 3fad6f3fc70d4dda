//! The outbox.

use std::time::Duration;

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
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
    (id, user_id, kind, sealed, created_at, expires_at, attempt, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)";

pub(crate) const WRITTEN_SINCE: &str =
    "SELECT count(*) FROM towergate_mails WHERE user_id = ?1 AND kind = ?2 AND created_at > ?3";

pub(crate) const DUE: &str = "SELECT id, user_id, kind, sealed, created_at, expires_at, attempt
    FROM towergate_mails WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2";

pub(crate) const TAKE: &str = "UPDATE towergate_mails SET attempt = ?2, due_at = ?3 WHERE id = ?1";

pub(crate) const FINISH: &str = "UPDATE towergate_mails SET due_at = ?3, finished_at = ?4,
    sealed = CASE WHEN ?3 IS NULL THEN NULL ELSE sealed END
    WHERE id = ?1 AND attempt = ?2 AND due_at IS NOT NULL RETURNING user_id, kind";

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
    ) -> Result<Vec<OutboxMail>, StoreError> {
        let due = move |connection: &Connection| {
            query::all(connection, DUE, params![now.unix_millis(), limit], read)
        };
        // Most of the time nothing is due: only what there is to take costs a write.
        if self.read(due)?.is_empty() {
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
}

/// Whether one more mail of its kind may be written to its person.
pub(super) fn has_room(
    connection: &Connection,
    mail: &OutboxMail,
    limit: MailLimit,
    now: Timestamp,
) -> Result<bool, Failure> {
    let since = now.minus(limit.within).unix_millis();
    let key = params![mail.user.as_uuid().as_bytes(), mail.kind.as_str(), since];
    let there = query::one(connection, WRITTEN_SINCE, key, |fields| fields.get::<u32>("count"))?;
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
    query::change(
        step.connection,
        INSERT,
        params![
            id.as_uuid().as_bytes(),
            user.as_uuid().as_bytes(),
            kind.as_str(),
            mail.sealed,
            mail.created_at.unix_millis(),
            mail.expires_at.unix_millis(),
            origin.at.unix_millis(),
        ],
    )?;
    step.record(&IdentityFact::MailQueued { mail: id, user, kind }, origin)
}

fn finish(
    step: &mut Step<'_>,
    id: MailId,
    attempt: u32,
    delivery: MailDelivery,
    origin: &Origin,
) -> Result<FinishingMail, Failure> {
    let (due_at, finished_at) = match delivery {
        MailDelivery::RetryAt { at, .. } => (Some(at), None),
        MailDelivery::Sent | MailDelivery::GivenUp { .. } => (None, Some(origin.at)),
    };
    let key = params![
        id.as_uuid().as_bytes(),
        attempt,
        due_at.map(Timestamp::unix_millis),
        finished_at.map(Timestamp::unix_millis)
    ];
    let finished = query::one(step.connection, FINISH, key, |fields| {
        fields.table("towergate_mails");
        let user = fields.uuid("user_id").map(UserId::from_uuid)?;
        Ok((user, fields.parse("kind", MailKind::parse)?))
    })?;
    let Some((user, kind)) = finished else { return Ok(FinishingMail::Overtaken) };
    step.record(&IdentityFact::MailTried { mail: id, user, kind, attempt, delivery }, origin)?;
    Ok(FinishingMail::Finished)
}

fn read(fields: &mut Fields<'_>) -> Result<OutboxMail, Failure> {
    fields.table("towergate_mails");
    Ok(OutboxMail {
        id: fields.uuid("id").map(MailId::from_uuid)?,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        kind: fields.parse("kind", MailKind::parse)?,
        sealed: fields.get("sealed")?,
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
        attempt: fields.get("attempt")?,
    })
}
