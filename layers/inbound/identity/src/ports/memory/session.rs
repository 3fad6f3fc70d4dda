//! Sessions in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Ready, ready},
    sync::Arc,
};

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{Log, MemoryStore, Tables, already_there, browser, ending, factor, mail};
use crate::{
    ports::{
        device::SessionDevice,
        session::{Established, Establishment, SessionStore},
        visit::{Beyond, Marks, SessionLimit},
    },
    rules::{
        browser::spared,
        device::Device,
        fact::{IdentityFact, SessionEnd},
        passkey::PasskeyId,
        remember::{Remembered, RememberedId},
        session::{ReplacedSession, SessionId, SessionLifetime, SessionRecord, SessionStage, SignInId},
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
    /// Shared with whoever loaded it.
    record: Arc<SessionRecord>,
    values: BTreeMap<String, String>,
    mark: Mark,
}

/// What is noted beside a session.
#[derive(Clone)]
struct Mark {
    /// Nothing where the device showed nothing.
    device: Option<Box<Device>>,
    first_seen_at: Timestamp,
    remembered: Option<RememberedId>,
    /// Whoever is half signed in asked to stay signed in.
    asked: bool,
}

impl SessionStore for MemoryStore {
    type Load = Ready<Result<Option<Arc<SessionRecord>>, StoreError>>;

    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load {
        ready(self.step(|state| Ok(state.sessions.living(id, now).map(|row| Arc::clone(&row.record)))))
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
            let record = Arc::make_mut(record);
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
            Ok(ending::end_sessions(state, ends, reason, &origin) > 0)
        })
    }

    async fn end_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionId>,
        reason: SessionEnd,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.step(|state| Ok(ending::end_of_user(state, user, except, reason, &origin)))
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
            let mut rows = state.sessions.rows.values().map(|row| &*row.record);
            Ok(rows.any(|row| row.sign_in == sign_in && row.is_alive(now)))
        })
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        self.step(|state| {
            let rows = state.sessions.rows.values().map(|row| &*row.record);
            let mut living: Vec<_> =
                rows.filter(|row| row.user == user && row.is_alive(now)).cloned().collect();
            living.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
            Ok(living)
        })
    }

    async fn people_signed_in(
        &self,
        after: Option<UserId>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Vec<UserId>, StoreError> {
        self.step(|state| {
            let rows = state.sessions.rows.values().map(|row| &*row.record);
            let mut people: BTreeSet<_> = rows.filter(|row| row.is_alive(now)).map(|row| row.user).collect();
            people.extend(state.remembered.people(now));
            Ok(people.into_iter().filter(|user| after < Some(*user)).take(usize::from(limit)).collect())
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
    let Establishment { mut session, replaces, is_login, rests_on_replaced, visit } = establishment;
    let mut trusted = None;
    if is_login {
        let is_asked = factor::is_asked(state, &session);
        let shown = visit.browser.as_ref().filter(|browser| browser.honours_trust);
        let shown = shown.and_then(|browser| browser.shown.as_ref());
        let browser = shown.and_then(|shown| state.browsers.find(session.user, shown));
        trusted = browser.filter(|browser| browser.is_trusted(origin.at)).map(|browser| browser.id);
        let spared = spared(&session, is_asked).filter(|_| trusted.is_some());
        trusted = trusted.filter(|_| spared.is_some());
        session = spared.unwrap_or_else(|| session.admitted(is_asked));
    }
    let user = state.users.find(session.user).filter(|user| user.state.may_prove());
    let Some(user) = user else { return Ok(Established::UserRefused) };
    if user.state == UserState::Leaving {
        session = session.leaving();
    }
    let replaced =
        replaces.and_then(|id| state.sessions.living(id, origin.at)).map(|row| Arc::clone(&row.record));
    if replaces.is_some() && replaced.is_none() && (rests_on_replaced || !is_login) {
        return Ok(Established::Superseded);
    }
    if state.sessions.rows.contains_key(&session.id) {
        return Err(already_there("session", session.id));
    }
    let gone_on = replaced.as_ref().filter(|replaced| replaced.goes_on_in(&session, is_login));
    let ended = replaced.as_ref().filter(|_| gone_on.is_none()).map(|replaced| replaced.sign_in);
    let begins = is_login && session.stage == SessionStage::Complete;
    if let Some(taken) = visit.remember.as_ref().filter(|new| state.remembered.contains(new.id)) {
        return Err(already_there("family", taken.id));
    }
    let notice = visit.browser.as_ref().and_then(|browser| browser.notice.as_ref());
    mail::check_fresh(state, notice)?;
    if begins {
        let spared = replaced.iter().map(|replaced| replaced.id).collect();
        if !make_room(state, session.user, visit.limit, &spared, origin) {
            return Ok(Established::Full);
        }
    }
    let mut values = BTreeMap::new();
    let before = replaced.as_ref().and_then(|replaced| state.sessions.rows.get(&replaced.id));
    let before = before.map(|row| row.mark.clone());
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
    let mut mark = Mark {
        device: shown(visit.device.clone()),
        first_seen_at: session.created_at,
        remembered: None,
        asked: visit.remember.as_ref().is_some_and(|remember| remember.asked),
    };
    if let Some(before) = &before {
        if gone_on.is_some() {
            mark.asked |= before.asked;
            (mark.remembered, mark.first_seen_at) = (before.remembered, before.first_seen_at);
        }
        if !is_login {
            mark.device = before.device.clone();
        }
    }
    if let Some(replaced) = replaced {
        let ends = |row: &SessionRecord| row.id == replaced.id;
        state.sessions.end_where(ends, SessionEnd::Replaced, origin, &mut state.log);
    }
    let mut marks = Marks::default();
    if begins {
        let user = session.user;
        if let Some(browser) = trusted {
            state.log.write(&IdentityFact::BrowserTrustUsed { user, browser }, origin);
        }
        if let Some(browser) = &visit.browser {
            marks.browser = Some(browser::arrive(state, &session, &visit, browser, origin)?);
        }
        if let Some(remember) = visit.remember.filter(|_| mark.asked) {
            state.log.write(&IdentityFact::RememberedBegun { user, family: remember.id }, origin);
            state.remembered.insert(Remembered {
                id: remember.id,
                digest: remember.digest,
                traded: None,
                user,
                sign_in,
                methods: session.methods.clone(),
                proven_at: session.authenticated_at,
                trusted_by: trusted,
                device: visit.device.clone(),
                created_at: origin.at,
                last_seen_at: origin.at,
                expires_at: origin.at.plus(remember.lifetime),
            });
            (mark.remembered, mark.asked, marks.remembered) = (Some(remember.id), false, true);
        }
    }
    let outlived =
        before.and_then(|before| before.remembered).filter(|before| Some(*before) != mark.remembered);
    if let Some(outlived) = outlived {
        ending::forget_families(state, |family| family.id == outlived, SessionEnd::Replaced, origin);
    }
    state.sessions.rows.insert(session.id, SessionRow { record: Arc::new(session), values, mark });
    Ok(Established::Established { sign_in, stage, ended, marks })
}

fn shown(device: Device) -> Option<Box<Device>> {
    (device != Device::default()).then(|| Box::new(device))
}

/// Ends those that are too many for one more, but none of `spared`; `false` where one more may not begin.
pub(super) fn make_room(
    state: &mut Tables,
    user: UserId,
    limit: SessionLimit,
    spared: &BTreeSet<SessionId>,
    origin: &Origin,
) -> bool {
    let rows = state.sessions.rows.values().map(|row| &*row.record);
    let counts = |row: &&SessionRecord| {
        row.user == user
            && row.stage == SessionStage::Complete
            && row.is_alive(origin.at)
            && !spared.contains(&row.id)
    };
    let mut there: Vec<_> = rows.filter(counts).map(|row| (row.last_seen_at, row.id)).collect();
    let too_many = limit.too_many(there.len());
    if too_many > 0 && limit.beyond == Beyond::RefuseNew {
        return false;
    }
    there.sort_unstable();
    there.truncate(too_many);
    let ends: BTreeSet<_> = there.into_iter().map(|(_, id)| id).collect();
    ending::end_sessions(state, |row| ends.contains(&row.id), SessionEnd::OverLimit, origin);
    true
}

impl Sessions {
    pub(super) fn is_of(&mut self, id: SessionId, user: UserId, now: Timestamp) -> bool {
        self.living(id, now).is_some_and(|row| row.record.user == user)
    }

    fn living(&mut self, id: SessionId, now: Timestamp) -> Option<&mut SessionRow> {
        self.rows.get_mut(&id).filter(|row| row.record.is_alive(now))
    }

    pub(super) fn is_there(&self, id: SessionId) -> bool {
        self.rows.contains_key(&id)
    }

    pub(super) fn rests_on(&self, id: SessionId, passkey: PasskeyId) -> bool {
        self.rows.get(&id).is_some_and(|row| row.record.passkey == Some(passkey))
    }

    pub(super) fn family_of(&self, id: SessionId) -> Option<RememberedId> {
        self.rows.get(&id).and_then(|row| row.mark.remembered)
    }

    pub(super) fn families_where(&self, which: impl Fn(&SessionRecord) -> bool) -> BTreeSet<RememberedId> {
        self.rows.values().filter(|row| which(&row.record)).filter_map(|row| row.mark.remembered).collect()
    }

    pub(super) fn of_families(&self, families: &BTreeSet<RememberedId>) -> BTreeSet<SessionId> {
        let from = |row: &&SessionRow| row.mark.remembered.is_some_and(|family| families.contains(&family));
        self.rows.values().filter(from).map(|row| row.record.id).collect()
    }

    pub(super) fn newest_of_family(&self, family: RememberedId, now: Timestamp) -> Option<SessionRecord> {
        let rows = self.rows.values().filter(|row| row.mark.remembered == Some(family));
        let rows = rows.map(|row| &*row.record).filter(|row| row.is_alive(now));
        rows.max_by_key(|row| (row.created_at, row.id)).cloned()
    }

    /// Keeps a session that a cookie was traded for.
    pub(super) fn keep_remembered(
        &mut self,
        record: SessionRecord,
        device: Device,
        first_seen_at: Timestamp,
        family: RememberedId,
    ) {
        let mark = Mark { device: shown(device), first_seen_at, remembered: Some(family), asked: false };
        self.rows.insert(record.id, SessionRow { record: Arc::new(record), values: BTreeMap::new(), mark });
    }

    /// The living sessions of which nothing is due, newest activity first.
    pub(super) fn devices_of(&self, user: UserId, now: Timestamp) -> Vec<SessionDevice> {
        let whole = |row: &&SessionRow| {
            row.record.user == user && row.record.stage == SessionStage::Complete && row.record.is_alive(now)
        };
        let devices = self.rows.values().filter(whole).map(|SessionRow { record, mark, .. }| SessionDevice {
            session: SessionRecord::clone(record),
            device: mark.device.as_deref().cloned().unwrap_or_default(),
            first_seen_at: mark.first_seen_at,
            remembered: mark.remembered,
        });
        let mut devices: Vec<_> = devices.collect();
        devices.sort_by_key(|device| std::cmp::Reverse((device.session.last_seen_at, device.session.id)));
        devices
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
