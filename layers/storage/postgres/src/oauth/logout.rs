//! Clients of sign-ins, and notices of their end.

use std::time::Duration;

use sqlx::PgConnection;
use towergate_core::{
    StoreError, Timestamp,
    audit::Origin,
    outbox::{Backlog, DeadLetter, Replaying},
};
use towergate_oauth::{
    ports::logout::{Finishing, LogoutStore},
    rules::{
        client::{ClientId, destination::host_of},
        fact::OAuthFact,
        grant::{Grant, Subject},
        logout::{Delivery, LogoutNotice, NoticeKey},
    },
};

use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

const SAW: &str = "INSERT INTO towergate_sign_in_clients (sid, client, subject, seen_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (sid, client) DO UPDATE SET subject = excluded.subject, seen_at = excluded.seen_at";

pub(crate) const CLIENTS: &str =
    "SELECT client FROM towergate_sign_in_clients WHERE sid = $1 ORDER BY client";

pub(crate) const TOLD: &str =
    "SELECT s.sid, s.client, s.subject, c.metadata::json ->> 'backchannel_logout_uri'
    FROM towergate_sign_in_clients s JOIN towergate_clients c ON c.id = s.client
    WHERE s.sid = ANY($1) AND c.state = 'active' AND c.metadata::json ->> 'backchannel_logout_uri' IS NOT NULL
    ORDER BY s.sid, s.client";

const QUEUE: &str =
    "INSERT INTO towergate_logout_notices (sid, client, host, subject, ended_at, attempt, forgiven, due_at)
    SELECT told.*, $5, 0, 0, $5 FROM unnest($1, $2, $3, $4) AS told (sid, client, host, subject)
    ON CONFLICT (sid, client) DO NOTHING RETURNING sid, client";

pub(crate) const IS_ANY_DUE: &str = "SELECT 1 FROM towergate_logout_notices
    WHERE due_at <= $1 AND host <> ALL($2) LIMIT 1";

/// What somebody else is just taking is passed over, and not waited for.
pub(crate) const TAKE: &str = "WITH due AS (
        SELECT sid, client, due_at FROM towergate_logout_notices
        WHERE due_at <= $1 AND host <> ALL($2) ORDER BY due_at, sid, client LIMIT $3
        FOR NO KEY UPDATE SKIP LOCKED),
    taken AS (
        UPDATE towergate_logout_notices n SET attempt = n.attempt + 1, due_at = $4 FROM due
        WHERE n.sid = due.sid AND n.client = due.client
        RETURNING n.sid, n.client, n.host, n.subject, n.ended_at, n.attempt, n.forgiven, due.due_at)
    SELECT sid, client, host, subject, ended_at, attempt, forgiven FROM taken ORDER BY due_at, sid, client";

const FINISH: &str =
    "UPDATE towergate_logout_notices SET due_at = $4, finished_at = $5, died_at = $6, reason = $7
    WHERE sid = $1 AND client = $2 AND attempt = $3 AND due_at IS NOT NULL";

pub(crate) const BACKLOG: &str = "SELECT
    (SELECT count(*) FROM towergate_logout_notices WHERE due_at IS NOT NULL) AS waiting,
    (SELECT count(*) FROM towergate_logout_notices WHERE died_at IS NOT NULL) AS dead";

pub(crate) const DEAD: &str = "SELECT sid, client, host, reason, attempt, ended_at, died_at
    FROM towergate_logout_notices WHERE died_at IS NOT NULL ORDER BY died_at DESC, sid DESC, client DESC LIMIT $1";

pub(crate) const REPLAY: &str = "UPDATE towergate_logout_notices
    SET due_at = $3, died_at = NULL, reason = NULL, forgiven = attempt
    WHERE sid = $1 AND client = $2 AND died_at IS NOT NULL";

impl LogoutStore for PostgresStore {
    async fn clients_of_session(&self, sid: &str) -> Result<Vec<ClientId>, StoreError> {
        self.all(CLIENTS, params![sid], |fields| {
            fields.table("towergate_sign_in_clients");
            fields.parse("client", |text| ClientId::parse(text).ok())
        })
        .await
    }

    async fn take_due_logouts(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u16,
        busy: Vec<String>,
    ) -> Result<Vec<LogoutNotice>, StoreError> {
        // Most of the time nothing is due: only what there is to take costs a write.
        if !self.exists(IS_ANY_DUE, params![now, busy.clone()]).await? {
            return Ok(Vec::new());
        }
        self.write_by_locks((now, lease, limit, busy), |step, (now, lease, limit, busy)| {
            let key = params![*now, busy.clone(), *limit, now.plus(*lease)];
            Box::pin(query::all(&mut step.connection, TAKE, key, read))
        })
        .await
    }

    async fn finish_logout(
        &self,
        notice: LogoutNotice,
        delivery: Delivery,
        origin: Origin,
    ) -> Result<Finishing, StoreError> {
        self.write_by_locks((notice, delivery, origin), |step, (notice, delivery, origin)| {
            Box::pin(finish(step, notice.clone(), *delivery, origin))
        })
        .await
    }

    async fn dead_logouts(&self, limit: u16) -> Result<Vec<DeadLetter<NoticeKey>>, StoreError> {
        self.all(DEAD, params![limit], read_dead).await
    }

    async fn logout_backlog(&self) -> Result<Backlog, StoreError> {
        Ok(self.one(BACKLOG, params![], |fields| fields.backlog()).await?.unwrap_or_default())
    }

    async fn replay_logout(&self, key: NoticeKey, origin: Origin) -> Result<Replaying, StoreError> {
        self.write_by_locks((key, origin), |step, (key, origin)| Box::pin(replay(step, key.clone(), origin)))
            .await
    }
}

/// Remembers that a client has a grant in a sign-in.
pub(super) async fn saw(connection: &mut PgConnection, grant: &Grant, now: Timestamp) -> Result<(), Failure> {
    if let Some(sid) = &grant.sign_in.sid {
        let key = params![sid, grant.client.as_str(), grant.subject.as_str(), now];
        query::change(connection, SAW, key).await?;
    }
    Ok(())
}

/// Writes a notice for each client that is to be told that these sign-ins ended.
pub(super) async fn queue(step: &mut Step, sids: &[String], origin: &Origin) -> Result<(), Failure> {
    let mut told = Told::default();
    query::all(&mut step.connection, TOLD, params![sids.to_vec()], |fields| told.add(fields)).await?;
    if told.sids.is_empty() {
        return Ok(());
    }
    let rows = params![told.sids, told.clients, told.hosts, told.subjects, origin.at];
    let queued = query::all(&mut step.connection, QUEUE, rows, |fields| {
        fields.table("towergate_logout_notices");
        let sid = fields.get::<String>("sid")?;
        Ok(OAuthFact::LogoutQueued {
            sid,
            client: fields.parse("client", |text| ClientId::parse(text).ok())?,
        })
    });
    for fact in queued.await? {
        step.record(&fact, origin).await?;
    }
    Ok(())
}

/// Who is to be told, a column for each thing to be known.
#[derive(Default)]
struct Told {
    sids: Vec<String>,
    clients: Vec<String>,
    hosts: Vec<String>,
    subjects: Vec<String>,
}

impl Told {
    fn add(&mut self, fields: &mut Fields<'_>) -> Result<(), Failure> {
        fields.table("towergate_sign_in_clients");
        self.sids.push(fields.get("sid")?);
        self.clients.push(fields.get("client")?);
        self.subjects.push(fields.get("subject")?);
        self.hosts.push(host_of(fields.get("backchannel_logout_uri")?));
        Ok(())
    }
}

async fn finish(
    step: &mut Step,
    notice: LogoutNotice,
    delivery: Delivery,
    origin: &Origin,
) -> Result<Finishing, Failure> {
    let (mut due_at, mut finished_at, mut died_at, mut because) = (None, None, None, None);
    match delivery {
        Delivery::RetryAt { at, .. } => due_at = Some(at),
        Delivery::Delivered => finished_at = Some(origin.at),
        Delivery::GivenUp { reason } => (died_at, because) = (Some(origin.at), Some(reason)),
    }
    let LogoutNotice { sid, client, attempt, .. } = notice;
    let key = params![&sid, client.as_str(), attempt, due_at, finished_at, died_at, because];
    if query::change(&mut step.connection, FINISH, key).await? == 0 {
        return Ok(Finishing::Overtaken);
    }
    step.record(&OAuthFact::of_delivery(sid, client, attempt, delivery), origin).await?;
    Ok(Finishing::Finished)
}

async fn replay(step: &mut Step, key: NoticeKey, origin: &Origin) -> Result<Replaying, Failure> {
    let NoticeKey { sid, client } = key;
    let row = params![&sid, client.as_str(), origin.at];
    if query::change(&mut step.connection, REPLAY, row).await? == 0 {
        return Ok(Replaying::Missing);
    }
    step.record(&OAuthFact::LogoutReplayed { sid, client }, origin).await?;
    Ok(Replaying::Replayed)
}

fn read_dead(fields: &mut Fields<'_>) -> Result<DeadLetter<NoticeKey>, Failure> {
    fields.table("towergate_logout_notices");
    let sid = fields.get("sid")?;
    let client = fields.parse("client", |text| ClientId::parse(text).ok())?;
    Ok(DeadLetter {
        id: NoticeKey { sid, client },
        kind: "logout",
        destination: fields.get("host")?,
        reason: fields.get("reason")?,
        attempts: fields.count("attempt")?,
        queued_at: fields.time("ended_at")?,
        died_at: fields.time("died_at")?,
        ends_at: None,
    })
}

fn read(fields: &mut Fields<'_>) -> Result<LogoutNotice, Failure> {
    fields.table("towergate_logout_notices");
    Ok(LogoutNotice {
        sid: fields.get("sid")?,
        client: fields.parse("client", |text| ClientId::parse(text).ok())?,
        host: fields.get("host")?,
        subject: fields.parse("subject", |text| Subject::parse(text).ok())?,
        ended_at: fields.time("ended_at")?,
        attempt: fields.count("attempt")?,
        forgiven: fields.count("forgiven")?,
    })
}
