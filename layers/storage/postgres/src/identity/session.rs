//! Sessions.

use std::{future::Future, pin::Pin, sync::Arc};

use sqlx::PgConnection;
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::{
        session::{Established, Establishment, SessionStore},
        session_cache::load_through,
    },
    rules::{
        fact::SessionEnd,
        session::{ReplacedSession, SessionId, SessionLifetime, SessionRecord, SignInId},
        user::UserId,
    },
};

pub(super) use super::ending::end_of_user;
use super::{
    ending,
    establish::establish,
    replaced_session,
    session_row::{self, session_columns},
};
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

pub(crate) const LOAD: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM towergate_sessions WHERE id = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2"
);

pub(crate) const LOCK: &str = "SELECT 1 FROM towergate_sessions WHERE id = $1 FOR UPDATE";

pub(crate) const LOCK_OWNER: &str = "SELECT 1 FROM towergate_users WHERE id =
    (SELECT user_id FROM towergate_sessions WHERE id = $1) FOR UPDATE";

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM towergate_sessions WHERE user_id = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2
      ORDER BY created_at DESC, id DESC"
);

pub(crate) const PEOPLE: &str = "SELECT user_id FROM towergate_sessions
    WHERE ($1::uuid IS NULL OR user_id > $1) AND idle_expires_at > $3 AND absolute_expires_at > $3
    UNION SELECT user_id FROM towergate_remembered WHERE ($1::uuid IS NULL OR user_id > $1) AND expires_at > $3
    ORDER BY user_id LIMIT $2";

pub(crate) const TOUCH: &str = "UPDATE towergate_sessions SET
    last_seen_at = greatest(last_seen_at, $2),
    idle_expires_at = greatest(idle_expires_at, least(absolute_expires_at, $3))
    WHERE id = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2";

pub(crate) const IS_SIGN_IN_ALIVE: &str = "SELECT 1 FROM towergate_sessions
    WHERE sign_in = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2";

pub(crate) const VALUE: &str = "SELECT v.value FROM towergate_session_values v
    JOIN towergate_sessions s ON s.id = v.session_id
    WHERE v.session_id = $1 AND v.name = $2 AND s.idle_expires_at > $3 AND s.absolute_expires_at > $3";

const SET_VALUE: &str = "INSERT INTO towergate_session_values (session_id, name, value) VALUES ($1, $2, $3)
    ON CONFLICT (session_id, name) DO UPDATE SET value = excluded.value";

const DROP_VALUE: &str = "DELETE FROM towergate_session_values WHERE session_id = $1 AND name = $2";

impl SessionStore for PostgresStore {
    type Load = Pin<Box<dyn Future<Output = Result<Option<Arc<SessionRecord>>, StoreError>> + Send>>;

    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load {
        let store = self.clone();
        Box::pin(async move {
            let read = || store.one(LOAD, params![id.as_uuid(), now], session_row::read);
            let loaded = match store.session_cache() {
                Some(cache) => load_through(cache, (id, now), read).await,
                None => read().await,
            };
            Ok(loaded?.map(Arc::new))
        })
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        lifetime: SessionLifetime,
    ) -> Result<bool, StoreError> {
        let (millis, idle_end) = (now, now.plus(lifetime.idle).unix_millis());
        let touched = self.write_by_locks((id, millis, idle_end), |step, (id, millis, idle_end)| {
            Box::pin(async move {
                let key = params![id.as_uuid(), *millis, *idle_end];
                Ok(query::change(&mut step.connection, TOUCH, key).await? > 0)
            })
        });
        let touched = touched.await?;
        if let Some(cache) = self.session_cache() {
            cache.forget(id).await;
        }
        Ok(touched)
    }

    async fn establish_session(
        &self,
        establishment: Establishment,
        origin: Origin,
    ) -> Result<Established, StoreError> {
        self.write((establishment, origin), |step, (establishment, origin)| {
            Box::pin(establish(step, establishment, origin))
        })
        .await
    }

    async fn end_session(
        &self,
        id: SessionId,
        reason: SessionEnd,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write((id, reason, origin), |step, (id, reason, origin)| {
            Box::pin(end_wherever(step, *id, *reason, origin))
        })
        .await
    }

    async fn end_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: SessionEnd,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.write((user, except, reason, origin), |step, (user, except, reason, origin)| {
            Box::pin(async move {
                super::user::lock(&mut step.connection, *user).await?;
                end_of_user(step, *user, *except, *reason, origin).await
            })
        })
        .await
    }

    async fn find_replaced_session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<ReplacedSession>, StoreError> {
        self.one(replaced_session::FIND, params![id.as_uuid(), now], replaced_session::read).await
    }

    async fn is_sign_in_alive(&self, sign_in: SignInId, now: Timestamp) -> Result<bool, StoreError> {
        let key = params![sign_in.as_uuid(), now];
        self.exists(IS_SIGN_IN_ALIVE, key).await
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        let key = params![user.as_uuid(), now];
        self.all(OF_USER, key, session_row::read).await
    }

    async fn people_signed_in(
        &self,
        after: Option<UserId>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Vec<UserId>, StoreError> {
        let after = after.map(|user| *user.as_uuid());
        let key = params![after, i64::from(limit), now];
        self.all(PEOPLE, key, |fields| fields.uuid("user_id").map(UserId::from_uuid)).await
    }

    async fn set_session_value(
        &self,
        id: SessionId,
        name: String,
        value: Option<String>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write((id, name, value, now), |step, (id, name, value, now)| {
            Box::pin(async move {
                query::exists(&mut step.connection, LOCK, params![id.as_uuid()]).await?;
                if load(&mut step.connection, *id, *now).await?.is_none() {
                    return Ok(false);
                }
                let id = id.as_uuid();
                match value {
                    Some(value) => {
                        query::change(&mut step.connection, SET_VALUE, params![id, name, value]).await?
                    }
                    None => query::change(&mut step.connection, DROP_VALUE, params![id, name]).await?,
                };
                Ok(true)
            })
        })
        .await
    }

    async fn session_value(
        &self,
        id: SessionId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let key = params![id.as_uuid(), name, now];
        self.one(VALUE, key, |fields| fields.get("value")).await
    }
}

/// The session, if it is alive.
pub(super) async fn load(
    connection: &mut PgConnection,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<SessionRecord>, Failure> {
    let key = params![id.as_uuid(), now];
    query::one(connection, LOAD, key, session_row::read).await
}

/// Ends the session, under whatever identifier its sign-in goes by; `false` when none is alive.
async fn end_wherever(
    step: &mut Step,
    id: SessionId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<bool, Failure> {
    query::exists(&mut step.connection, LOCK_OWNER, params![id.as_uuid()]).await?;
    if ending::end_session(step, id, reason, origin).await? {
        return Ok(true);
    }
    let Some(gone_on) = replaced_session::find(&mut step.connection, id, origin.at).await? else {
        return Ok(false);
    };
    Ok(ending::end_of_sign_in(step, gone_on.sign_in, reason, origin).await? > 0)
}
