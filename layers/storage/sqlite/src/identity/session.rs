//! Sessions: read in the caller's thread, changed by the writer.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::session::{Established, Establishment, SessionStore},
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
use crate::{failure::Failure, query, store::SqliteStore, writer::Step};

pub(crate) const LOAD: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM towergate_sessions WHERE id = ?1 AND idle_expires_at > ?2 AND absolute_expires_at > ?2"
);

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM towergate_sessions WHERE user_id = ?1 AND idle_expires_at > ?2 AND absolute_expires_at > ?2
      ORDER BY created_at DESC, id DESC"
);

pub(crate) const PEOPLE: &str = "SELECT user_id FROM towergate_sessions
    WHERE user_id > ?1 AND idle_expires_at > ?3 AND absolute_expires_at > ?3
    UNION SELECT user_id FROM towergate_remembered WHERE user_id > ?1 AND expires_at > ?3
    ORDER BY user_id LIMIT ?2";

pub(crate) const TOUCH: &str = "UPDATE towergate_sessions SET
    last_seen_at = max(last_seen_at, ?2),
    idle_expires_at = max(idle_expires_at, min(absolute_expires_at, ?3))
    WHERE id = ?1 AND idle_expires_at > ?2 AND absolute_expires_at > ?2";

pub(crate) const IS_SIGN_IN_ALIVE: &str = "SELECT 1 FROM towergate_sessions
    WHERE sign_in = ?1 AND idle_expires_at > ?2 AND absolute_expires_at > ?2";

pub(crate) const VALUE: &str = "SELECT v.value FROM towergate_session_values v
    JOIN towergate_sessions s ON s.id = v.session_id
    WHERE v.session_id = ?1 AND v.name = ?2 AND s.idle_expires_at > ?3 AND s.absolute_expires_at > ?3";

const SET_VALUE: &str = "INSERT INTO towergate_session_values (session_id, name, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (session_id, name) DO UPDATE SET value = excluded.value";

const DROP_VALUE: &str = "DELETE FROM towergate_session_values WHERE session_id = ?1 AND name = ?2";

impl SessionStore for SqliteStore {
    type Load = Ready<Result<Option<Arc<SessionRecord>>, StoreError>>;

    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load {
        ready(self.read(|connection| Ok(load(connection, id, now)?.map(Arc::new))))
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        lifetime: SessionLifetime,
    ) -> Result<bool, StoreError> {
        let (millis, idle_end) = (now.unix_millis(), now.plus(lifetime.idle).unix_millis());
        self.write(move |step| {
            let key = params![id.as_uuid().as_bytes(), millis, idle_end];
            Ok(query::change(step.connection, TOUCH, key)? > 0)
        })
        .await
    }

    async fn establish_session(
        &self,
        establishment: Establishment,
        origin: Origin,
    ) -> Result<Established, StoreError> {
        self.write(move |step| establish(step, &establishment, &origin)).await
    }

    async fn end_session(
        &self,
        id: SessionId,
        reason: SessionEnd,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write(move |step| end_wherever(step, id, reason, &origin)).await
    }

    async fn end_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: SessionEnd,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.write(move |step| end_of_user(step, user, except, reason, &origin)).await
    }

    async fn find_replaced_session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<ReplacedSession>, StoreError> {
        self.read(|connection| replaced_session::find(connection, id, now))
    }

    async fn is_sign_in_alive(&self, sign_in: SignInId, now: Timestamp) -> Result<bool, StoreError> {
        let key = params![sign_in.as_uuid().as_bytes(), now.unix_millis()];
        self.read(|connection| query::exists(connection, IS_SIGN_IN_ALIVE, key))
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        let key = params![user.as_uuid().as_bytes(), now.unix_millis()];
        self.read(|connection| query::all(connection, OF_USER, key, session_row::read))
    }

    async fn people_signed_in(
        &self,
        after: Option<UserId>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Vec<UserId>, StoreError> {
        // Nobody is the first of all identifiers, and every blob is behind the empty one.
        let after = after.map(|user| user.as_uuid().as_bytes().to_vec()).unwrap_or_default();
        let key = params![after, limit, now.unix_millis()];
        self.read(|connection| {
            query::all(connection, PEOPLE, key, |fields| fields.uuid("user_id").map(UserId::from_uuid))
        })
    }

    async fn set_session_value(
        &self,
        id: SessionId,
        name: String,
        value: Option<String>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            if load(step.connection, id, now)?.is_none() {
                return Ok(false);
            }
            let id = id.as_uuid().as_bytes();
            match value {
                Some(value) => query::change(step.connection, SET_VALUE, params![id, name, value])?,
                None => query::change(step.connection, DROP_VALUE, params![id, name])?,
            };
            Ok(true)
        })
        .await
    }

    async fn session_value(
        &self,
        id: SessionId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let key = params![id.as_uuid().as_bytes(), name, now.unix_millis()];
        self.read(|connection| query::one(connection, VALUE, key, |fields| fields.get("value")))
    }
}

/// The session, if it is alive.
pub(super) fn load(
    connection: &Connection,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<SessionRecord>, Failure> {
    let key = params![id.as_uuid().as_bytes(), now.unix_millis()];
    query::one(connection, LOAD, key, session_row::read)
}

/// Ends the session, under whatever identifier its sign-in goes by; `false` when none is alive.
fn end_wherever(
    step: &mut Step<'_>,
    id: SessionId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<bool, Failure> {
    if ending::end_session(step, id, reason, origin)? {
        return Ok(true);
    }
    let Some(gone_on) = replaced_session::find(step.connection, id, origin.at)? else { return Ok(false) };
    Ok(ending::end_of_sign_in(step, gone_on.sign_in, reason, origin)? > 0)
}
