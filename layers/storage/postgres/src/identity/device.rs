//! Where somebody is signed in, and what happened to their account.

use std::{collections::BTreeMap, sync::LazyLock};

use sqlx::PgConnection;
use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::device::{DeviceRef, DeviceStore, Devices},
    rules::{
        activity::{self, Activity},
        fact::SessionEnd,
        session::SessionId,
        user::UserId,
    },
};

use super::{browser, ending, remember, session_mark};
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

/// What somebody did, of what they are shown.
pub(crate) static BY_ACTOR: LazyLock<String> = LazyLock::new(|| events_where("actor"));

/// What was done to somebody, of what they are shown.
pub(crate) static UPON_TARGET: LazyLock<String> = LazyLock::new(|| events_where("target"));

pub(crate) const OWNER: &str = "SELECT 1 FROM towergate_sessions WHERE id = $1 AND user_id = $2";

impl DeviceStore for PostgresStore {
    async fn devices_of(&self, user: UserId, now: Timestamp) -> Result<Devices, StoreError> {
        self.read((user, now), |connection, (user, now)| {
            Box::pin(async move {
                Ok(Devices {
                    sessions: session_mark::devices_of(connection, *user, *now).await?,
                    remembered: remember::of_user(connection, *user, *now).await?,
                    trusted: browser::trusted(connection, *user, *now).await?,
                })
            })
        })
        .await
    }

    async fn end_device(&self, user: UserId, device: DeviceRef, origin: Origin) -> Result<bool, StoreError> {
        self.write((user, device, origin), |step, (user, device, origin)| {
            Box::pin(async move {
                super::user::lock(&mut step.connection, *user).await?;
                end(step, *user, *device, origin).await
            })
        })
        .await
    }

    async fn forget_browsers(&self, user: UserId, origin: Origin) -> Result<u64, StoreError> {
        self.write((user, origin), |step, (user, origin)| {
            Box::pin(async move {
                let user = *user;
                super::user::lock(&mut step.connection, user).await?;
                let count = browser::distrust(step, user, origin).await?;
                for family in remember::of_user(&mut step.connection, user, origin.at).await? {
                    if family.trusted_by.is_some() {
                        ending::end_family(step, &family, SessionEnd::RevokedByUser, origin).await?;
                    }
                }
                Ok(count)
            })
        })
        .await
    }

    async fn is_known_browser(
        &self,
        user: UserId,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let browser = self.one(browser::FIND, params![user.as_uuid(), digest], browser::read).await?;
        Ok(browser.is_some_and(|browser| browser.is_known(now)))
    }

    async fn events_of(
        &self,
        user: UserId,
        before: Option<u64>,
        limit: u16,
    ) -> Result<Vec<Activity>, StoreError> {
        let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
        self.read((user, before, limit), |connection, (user, before, limit)| {
            Box::pin(events(connection, *user, *before, *limit))
        })
        .await
    }
}

async fn end(step: &mut Step, user: UserId, device: DeviceRef, origin: &Origin) -> Result<bool, Failure> {
    let reason = SessionEnd::RevokedByUser;
    match device {
        DeviceRef::Session(id) => {
            if !owns(&mut step.connection, user, id).await? {
                return Ok(false);
            }
            ending::end_session(step, id, reason, origin).await
        }
        DeviceRef::Remembered(id) => {
            let families = remember::of_user(&mut step.connection, user, origin.at).await?;
            let Some(family) = families.iter().find(|family| family.id == id) else { return Ok(false) };
            ending::end_family(step, family, reason, origin).await?;
            Ok(true)
        }
        DeviceRef::Trusted(id) => {
            if !browser::distrust_one(step, user, id, origin).await? {
                return Ok(false);
            }
            for family in remember::of_user(&mut step.connection, user, origin.at).await? {
                if family.trusted_by == Some(id) {
                    ending::end_family(step, &family, reason, origin).await?;
                }
            }
            Ok(true)
        }
    }
}

async fn owns(connection: &mut PgConnection, user: UserId, id: SessionId) -> Result<bool, Failure> {
    query::exists(connection, OWNER, params![id.as_uuid(), user.as_uuid()]).await
}

async fn events(
    connection: &mut PgConnection,
    user: UserId,
    before: i64,
    limit: u16,
) -> Result<Vec<Activity>, Failure> {
    let mut found = BTreeMap::new();
    for sql in [&*BY_ACTOR, &*UPON_TARGET] {
        let rows = query::all(connection, sql, params![user.to_string(), before, limit], |fields| {
            fields.table("towergate_audit_events");
            let (id, at) = (fields.get::<i64>("id")?, fields.time("at")?);
            let words = fields.parse("action", activity::words)?;
            Ok((id, Activity { place: u64::try_from(id).unwrap_or_default(), at, words }))
        })
        .await?;
        found.extend(rows);
    }
    Ok(found.into_values().rev().take(usize::from(limit)).collect())
}

fn events_where(party: &str) -> String {
    let shown: Vec<_> = activity::shown().map(|action| format!("'{action}'")).collect();
    let (shown, replaced) = (shown.join(", "), SessionEnd::Replaced.as_str());
    format!(
        "SELECT id, at, action FROM towergate_audit_events
         WHERE {party}_kind = 'user' AND {party}_id = $1 AND id < $2
         AND action IN ({shown}) AND reason IS DISTINCT FROM '{replaced}' ORDER BY id DESC LIMIT $3"
    )
}
