//! Sessions in memory.

use std::{
    collections::BTreeMap,
    future::{Ready, ready},
};

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{Log, MemoryStore, Tables, already_there};
use crate::{
    ports::session::{Established, Establishment, SessionStore},
    rules::{
        fact::{IdentityFact, SessionEnd},
        session::{ReplacedSession, SessionId, SessionLifetime, SessionRecord, SignInId},
        user::{UserId, UserState},
    },
};

/// What is not among the rows has ended.
#[derive(Default)]
pub(super) struct Sessions {
    rows: BTreeMap<SessionId, SessionRow>,
    replaced: BTreeMap<SessionId, ReplacedSession>,
}

struct SessionRow {
    record: SessionRecord,
    values: BTreeMap<String, String>,
}

impl SessionStore for MemoryStore {
    type Load = Ready<Result<Option<SessionRecord>, StoreError>>;

    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load {
        ready(self.step(|state| Ok(state.sessions.living(id, now).map(|row| row.record.clone()))))
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        lifetime: SessionLifetime,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let Some(SessionRow { record, .. }) = state.sessions.living(id, now) else {
                return Ok(false);
            };
            let idle_end = now.plus(lifetime.idle).min(record.absolute_expires_at);
            record.last_seen_at = record.last_seen_at.max(now);
            record.idle_expires_at = record.idle_expires_at.max(idle_end);
            Ok(true)
        })
    }

    async fn establish_session(
        &self,
        establishment: Establishment,
        origin: Origin,
    ) -> Result<Established, StoreError> {
        self.step(|state| establish(state, establishment, &origin))
    }

    async fn end_session(
        &self,
        id: SessionId,
        reason: SessionEnd,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let gone_on = state.sessions.replaced(id, origin.at).map(|replaced| replaced.sign_in);
            let ends = |row: &SessionRecord| row.id == id || Some(row.sign_in) == gone_on;
            Ok(state.sessions.end_where(ends, reason, &origin, &mut state.log) > 0)
        })
    }

    async fn end_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: SessionEnd,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        let ends = |row: &SessionRecord| row.user == user && Some(row.id) != except;
        self.step(|state| Ok(state.sessions.end_where(ends, reason, &origin, &mut state.log)))
    }

    async fn find_replaced_session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<ReplacedSession>, StoreError> {
        self.step(|state| Ok(state.sessions.replaced(id, now).cloned()))
    }

    async fn is_sign_in_alive(&self, sign_in: SignInId, now: Timestamp) -> Result<bool, StoreError> {
        self.step(|state| {
            let mut rows = state.sessions.rows.values().map(|row| &row.record);
            Ok(rows.any(|row| row.sign_in == sign_in && row.is_alive(now)))
        })
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        self.step(|state| {
            let rows = state.sessions.rows.values().map(|row| &row.record);
            let mut living: Vec<_> =
                rows.filter(|row| row.user == user && row.is_alive(now)).cloned().collect();
            living.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
            Ok(living)
        })
    }

    async fn set_session_value(
        &self,
        id: SessionId,
        name: String,
        value: Option<String>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let Some(row) = state.sessions.living(id, now) else {
                return Ok(false);
            };
            match value {
                Some(value) => row.values.insert(name, value),
                None => row.values.remove(&name),
            };
            Ok(true)
        })
    }

    async fn session_value(
        &self,
        id: SessionId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        self.step(|state| Ok(state.sessions.living(id, now).and_then(|row| row.values.get(name).cloned())))
    }
}

fn establish(
    state: &mut Tables,
    establishment: Establishment,
    origin: &Origin,
) -> Result<Established, StoreError> {
    let Establishment { mut session, replaces, is_login } = establishment;
    if is_login {
        let has_second_factor = state.factors.has_second_factor(session.user);
        session = session.admitted(has_second_factor);
    }
    let user = state.users.find(session.user).filter(|user| user.state.may_prove());
    let Some(user) = user else { return Ok(Established::UserRefused) };
    if user.state == UserState::Leaving {
        session = session.leaving();
    }
    let replaced = replaces.and_then(|id| state.sessions.living(id, origin.at)).map(|row| row.record.clone());
    if replaces.is_some() && replaced.is_none() && !is_login {
        return Ok(Established::Superseded);
    }
    if state.sessions.rows.contains_key(&session.id) {
        return Err(already_there("session", session.id));
    }
    let gone_on = replaced.as_ref().filter(|replaced| replaced.goes_on_in(&session, is_login));
    let ended = replaced.as_ref().filter(|_| gone_on.is_none()).map(|replaced| replaced.sign_in);
    let mut values = BTreeMap::new();
    if let Some(gone_on) = gone_on {
        session.sign_in = gone_on.sign_in;
        let row = state.sessions.living(gone_on.id, origin.at);
        values = row.map(|row| std::mem::take(&mut row.values)).unwrap_or_default();
        state.sessions.replaced.insert(gone_on.id, gone_on.replaced());
    }
    if is_login {
        state.log.write(&IdentityFact::of_login(&session), origin);
    }
    let (sign_in, stage) = (session.sign_in, session.stage);
    let fact = IdentityFact::SessionCreated { session: session.id, sign_in, user: session.user };
    state.log.write(&fact, origin);
    if let Some(replaced) = replaced {
        let ends = |row: &SessionRecord| row.id == replaced.id;
        state.sessions.end_where(ends, SessionEnd::Replaced, origin, &mut state.log);
    }
    state.sessions.rows.insert(session.id, SessionRow { record: session, values });
    Ok(Established::Established { sign_in, stage, ended })
}

impl Sessions {
    fn living(&mut self, id: SessionId, now: Timestamp) -> Option<&mut SessionRow> {
        self.rows.get_mut(&id).filter(|row| row.record.is_alive(now))
    }

    fn replaced(&self, id: SessionId, now: Timestamp) -> Option<&ReplacedSession> {
        self.replaced.get(&id).filter(|replaced| now < replaced.expires_at)
    }

    /// Ends every session that `ends` names and that is alive; answers how many. The dead among them go unnoticed.
    pub(super) fn end_where(
        &mut self,
        ends: impl Fn(&SessionRecord) -> bool,
        reason: SessionEnd,
        origin: &Origin,
        log: &mut Log,
    ) -> u64 {
        let mut ended = 0;
        self.rows.retain(|_, SessionRow { record, .. }| {
            if !ends(record) {
                return true;
            }
            if record.is_alive(origin.at) {
                let fact = IdentityFact::SessionRevoked {
                    session: record.id,
                    sign_in: record.sign_in,
                    user: record.user,
                    reason,
                };
                log.write(&fact, origin);
                ended += 1;
            }
            false
        });
        ended
    }
}
