//! Clients of sign-ins, and notices of their end.

use std::time::Duration;

use rusqlite::{Connection, params};
use serde_json::json;
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

use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const SAW: &str = "INSERT INTO towergate_sign_in_clients (sid, client, subject, seen_at)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (sid, client) DO UPDATE SET subject = excluded.subject, seen_at = excluded.seen_at";

pub(crate) const CLIENTS: &str =
    "SELECT client FROM towergate_sign_in_clients WHERE sid = ?1 ORDER BY client";

pub(crate) const TOLD: &str =
    "SELECT s.client, s.subject, json_extract(c.metadata, '$.backchannel_logout_uri') AS uri
    FROM towergate_sign_in_clients s JOIN towergate_clients c ON c.id = s.client
    WHERE s.sid = ?1 AND c.state = 'active' AND uri IS NOT NULL ORDER BY s.client";

const QUEUE: &str =
    "INSERT INTO towergate_logout_notices (sid, client, host, subject, ended_at, attempt, forgiven, due_at)
    VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?5) ON CONFLICT (sid, client) DO NOTHING";

pub(crate) const DUE: &str = "SELECT sid, client, host, subject, ended_at, attempt, forgiven
    FROM towergate_logout_notices WHERE due_at <= ?1 AND host NOT IN (SELECT value FROM json_each(?3)) ORDER BY due_at, sid, client LIMIT ?2";

const TAKE: &str = "UPDATE towergate_logout_notices SET attempt = attempt + 1, due_at = ?3
    WHERE sid = ?1 AND client = ?2";

const FINISH: &str =
    "UPDATE towergate_logout_notices SET due_at = ?4, finished_at = ?5, died_at = ?6, reason = ?7
    WHERE sid = ?1 AND client = ?2 AND attempt = ?3 AND due_at IS NOT NULL";

pub(crate) const BACKLOG: &str = "SELECT
    (SELECT count(*) FROM towergate_logout_notices WHERE due_at IS NOT NULL) AS waiting,
    (SELECT count(*) FROM towergate_logout_notices WHERE died_at IS NOT NULL) AS dead";

pub(crate) const DEAD: &str = "SELECT sid, client, host, reason, attempt, ended_at, died_at
    FROM towergate_logout_notices WHERE died_at IS NOT NULL ORDER BY died_at DESC, sid DESC, client DESC LIMIT ?1";

pub(crate) const REPLAY: &str = "UPDATE towergate_logout_notices
    SET due_at = ?3, died_at = NULL, reason = NULL, forgiven = attempt
    WHERE sid = ?1 AND client = ?2 AND died_at IS NOT NULL";

impl LogoutStore for SqliteStore {
    async fn clients_of_session(&self, sid: &str) -> Result<Vec<ClientId>, StoreError> {
        self.read(|connection| {
            query::all(connection, CLIENTS, params![sid], |fields| {
                fields.table("towergate_sign_in_clients");
                fields.parse("client", |text| ClientId::parse(text).ok())
            })
        })
    }

    async fn take_due_logouts(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u16,
        busy: Vec<String>,
    ) -> Result<Vec<LogoutNotice>, StoreError> {
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
            for notice in &mut due {
                notice.attempt = notice.attempt.saturating_add(1);
                let until = now.plus(lease).unix_millis();
                query::change(step.connection, TAKE, params![notice.sid, notice.client.as_str(), until])?;
            }
            Ok(due)
        })
        .await
    }

    async fn finish_logout(
        &self,
        notice: LogoutNotice,
        delivery: Delivery,
        origin: Origin,
    ) -> Result<Finishing, StoreError> {
        self.write(move |step| finish(step, notice, delivery, &origin)).await
    }

    async fn dead_logouts(&self, limit: u16) -> Result<Vec<DeadLetter<NoticeKey>>, StoreError> {
        self.read(|connection| query::all(connection, DEAD, params![limit], read_dead))
    }

    async fn logout_backlog(&self) -> Result<Backlog, StoreError> {
        let backlog =
            self.read(|connection| query::one(connection, BACKLOG, params![], |fields| fields.backlog()))?;
        Ok(backlog.unwrap_or_default())
    }

    async fn replay_logout(&self, key: NoticeKey, origin: Origin) -> Result<Replaying, StoreError> {
        self.write(move |step| {
            let NoticeKey { sid, client } = key;
            let row = params![sid, client.as_str(), origin.at.unix_millis()];
            if query::change(step.connection, REPLAY, row)? == 0 {
                return Ok(Replaying::Missing);
            }
            step.record(&OAuthFact::LogoutReplayed { sid, client }, &origin)?;
            Ok(Replaying::Replayed)
        })
        .await
    }
}

/// Remembers that a client has a grant in a sign-in.
pub(super) fn saw(connection: &Connection, grant: &Grant, now: Timestamp) -> Result<(), Failure> {
    if let Some(sid) = &grant.sign_in.sid {
        let key = params![sid, grant.client.as_str(), grant.subject.as_str(), now.unix_millis()];
        query::change(connection, SAW, key)?;
    }
    Ok(())
}

/// Writes a notice for each client that is to be told that a sign-in ended.
pub(super) fn queue(step: &mut Step<'_>, sid: &str, origin: &Origin) -> Result<(), Failure> {
    let told = query::all(step.connection, TOLD, params![sid], |fields| {
        fields.table("towergate_sign_in_clients");
        let client = fields.parse("client", |text| ClientId::parse(text).ok())?;
        Ok((client, fields.get::<String>("subject")?, fields.get::<String>("uri")?))
    })?;
    for (client, subject, uri) in told {
        let row = params![sid, client.as_str(), host_of(&uri), subject, origin.at.unix_millis()];
        if query::change(step.connection, QUEUE, row)? > 0 {
            step.record(&OAuthFact::LogoutQueued { sid: sid.to_owned(), client }, origin)?;
        }
    }
    Ok(())
}

fn finish(
    step: &mut Step<'_>,
    notice: LogoutNotice,
    delivery: Delivery,
    origin: &Origin,
) -> Result<Finishing, Failure> {
    let (mut due_at, mut finished_at, mut died_at, mut because) = (None, None, None, None);
    match delivery {
        Delivery::RetryAt { at, .. } => due_at = Some(at.unix_millis()),
        Delivery::Delivered => finished_at = Some(origin.at.unix_millis()),
        Delivery::GivenUp { reason } => (died_at, because) = (Some(origin.at.unix_millis()), Some(reason)),
    }
    let LogoutNotice { sid, client, attempt, .. } = notice;
    let key = params![sid, client.as_str(), attempt, due_at, finished_at, died_at, because];
    if query::change(step.connection, FINISH, key)? == 0 {
        return Ok(Finishing::Overtaken);
    }
    step.record(&OAuthFact::of_delivery(sid, client, attempt, delivery), origin)?;
    Ok(Finishing::Finished)
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
        attempts: fields.get("attempt")?,
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
        attempt: fields.get("attempt")?,
        forgiven: fields.get("forgiven")?,
    })
}
