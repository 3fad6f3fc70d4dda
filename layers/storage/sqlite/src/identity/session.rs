//! Sessions: read in the caller's thread, changed by the writer.

use std::future::{Ready, ready};

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::session::{Established, Establishment, SessionStore},
    rules::{
        fact::{IdentityFact, SessionEnd},
        session::{ReplacedSession, SessionId, SessionLifetime, SessionRecord, SignInId},
        user::{UserId, UserState},
    },
};

use super::{
    factor, replaced_session,
    session_row::{self, session_columns},
    user,
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

pub(crate) const TOUCH: &str = "UPDATE towergate_sessions SET
    last_seen_at = max(last_seen_at, ?2),
    idle_expires_at = max(idle_expires_at, min(absolute_expires_at, ?3))
    WHERE id = ?1 AND idle_expires_at > ?2 AND absolute_expires_at > ?2";

pub(crate) const END: &str =
    concat!("DELETE FROM towergate_sessions WHERE id = ?1 RETURNING ", session_columns!());

pub(crate) const END_OF_SIGN_IN: &str =
    concat!("DELETE FROM towergate_sessions WHERE sign_in = ?1 RETURNING ", session_columns!());

pub(crate) const IS_SIGN_IN_ALIVE: &str = "SELECT 1 FROM towergate_sessions
    WHERE sign_in = ?1 AND idle_expires_at > ?2 AND absolute_expires_at > ?2";

pub(crate) const END_OF_USER: &str = concat!(
    "DELETE FROM towergate_sessions WHERE user_id = ?1 AND id IS NOT ?2 RETURNING ",
    session_columns!()
);

pub(crate) const VALUE: &str = "SELECT v.value FROM towergate_session_values v
    JOIN towergate_sessions s ON s.id = v.session_id
    WHERE v.session_id = ?1 AND v.name = ?2 AND s.idle_expires_at > ?3 AND s.absolute_expires_at > ?3";

const SET_VALUE: &str = "INSERT INTO towergate_session_values (session_id, name, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (session_id, name) DO UPDATE SET value = excluded.value";

const DROP_VALUE: &str = "DELETE FROM towergate_session_values WHERE session_id = ?1 AND name = ?2";

pub(crate) const MOVE_VALUES: &str =
    "UPDATE towergate_session_values SET session_id = ?2 WHERE session_id = ?1";

impl SessionStore for SqliteStore {
    type Load = Ready<Result<Option<SessionRecord>, StoreError>>;

    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load {
        ready(self.read(|connection| load(connection, id, now)))
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

/// Ends the sessions of `user` but `except`; answers how many were alive.
pub(super) fn end_of_user(
    step: &mut Step<'_>,
    user: UserId,
    except: Option<SessionId>,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<u64, Failure> {
    let key = params![user.as_uuid().as_bytes(), except.as_ref().map(|id| id.as_uuid().as_bytes())];
    let ended = query::all(step.connection, END_OF_USER, key, session_row::read)?;
    record_ends(step, ended, reason, origin)
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

fn establish(
    step: &mut Step<'_>,
    establishment: &Establishment,
    origin: &Origin,
) -> Result<Established, Failure> {
    let Establishment { session, replaces, is_login } = establishment;
    let user = user::find(step.connection, session.user)?.filter(|user| user.state.may_prove());
    let Some(user) = user else { return Ok(Established::UserRefused) };
    let replaced = match replaces {
        Some(id) => load(step.connection, *id, origin.at)?,
        None => None,
    };
    if replaces.is_some() && replaced.is_none() && !is_login {
        return Ok(Established::Superseded);
    }
    let mut session = session.clone();
    if *is_login {
        let has_second_factor = factor::has_second_factor(step.connection, session.user)?;
        session = session.admitted(has_second_factor);
    }
    if user.state == UserState::Leaving {
        session = session.leaving();
    }
    let gone_on = replaced.as_ref().filter(|replaced| replaced.goes_on_in(&session, *is_login));
    let ended = replaced.as_ref().filter(|_| gone_on.is_none()).map(|replaced| replaced.sign_in);
    if let Some(gone_on) = gone_on {
        session.sign_in = gone_on.sign_in;
    }
    if *is_login {
        step.record(&IdentityFact::of_login(&session), origin)?;
    }
    session_row::insert(step.connection, &session)?;
    let (sign_in, stage) = (session.sign_in, session.stage);
    let created = IdentityFact::SessionCreated { session: session.id, sign_in, user: session.user };
    step.record(&created, origin)?;
    if let Some(gone_on) = gone_on {
        let key = params![gone_on.id.as_uuid().as_bytes(), session.id.as_uuid().as_bytes()];
        query::change(step.connection, MOVE_VALUES, key)?;
        replaced_session::insert(step.connection, &gone_on.replaced())?;
    }
    if let Some(replaced) = replaced {
        end(step, replaced.id, SessionEnd::Replaced, origin)?;
    }
    Ok(Established::Established { sign_in, stage, ended })
}

/// Ends the session, under whatever identifier its sign-in goes by; `false` when none is alive.
fn end_wherever(
    step: &mut Step<'_>,
    id: SessionId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<bool, Failure> {
    if end(step, id, reason, origin)? {
        return Ok(true);
    }
    let Some(gone_on) = replaced_session::find(step.connection, id, origin.at)? else { return Ok(false) };
    let key = params![gone_on.sign_in.as_uuid().as_bytes()];
    let ended = query::all(step.connection, END_OF_SIGN_IN, key, session_row::read)?;
    Ok(record_ends(step, ended, reason, origin)? > 0)
}

/// Removes the session; `false` when it was not there, or dead already.
fn end(step: &mut Step<'_>, id: SessionId, reason: SessionEnd, origin: &Origin) -> Result<bool, Failure> {
    let ended = query::all(step.connection, END, params![id.as_uuid().as_bytes()], session_row::read)?;
    Ok(record_ends(step, ended, reason, origin)? > 0)
}

/// Writes down the ends of those that were alive; answers how many.
fn record_ends(
    step: &mut Step<'_>,
    mut ended: Vec<SessionRecord>,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<u64, Failure> {
    ended.retain(|session| session.is_alive(origin.at));
    ended.sort_by_key(|session| session.id);
    let mut count = 0;
    for session in &ended {
        step.record(&revoked(session, reason), origin)?;
        count += 1;
    }
    Ok(count)
}

const fn revoked(session: &SessionRecord, reason: SessionEnd) -> IdentityFact {
    IdentityFact::SessionRevoked { session: session.id, sign_in: session.sign_in, user: session.user, reason }
}
