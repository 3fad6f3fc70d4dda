//! Sessions in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Ready, ready},
    sync::Arc,
};

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{
    Log, MemoryStore, Tables, already_there, browser, ending, factor, mail, session_rows::SessionRows,
};
use crate::{
    ports::{
        device::SessionDevice,
        session::{Established, Establishment, SessionStore},
        visit::{Beyond, Marks, SessionLimit},
    },
    rules::{
        assurance::SessionCount,
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
    rows: SessionRows,
    /// Of those of which something is noted.
    notes: BTreeMap<SessionId, Box<Note>>,
    replaced: BTreeMap<SessionId, ReplacedSession>,
}

/// What is noted beside a session.
#[derive(Clone, Default, PartialEq, Eq)]
struct Note {
    device: Device,
    /// Where its sign-in began in an earlier one.
    first_seen_at: Option<Timestamp>,
    remembered: Option<RememberedId>,
    /// Whoever is half signed in asked to stay signed in.
    asked: bool,
    values: BTreeMap<String, String>,
}

impl SessionStore for MemoryStore {
    type Load = Ready<Result<Option<Arc<SessionRecord>>, StoreError>>;

    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load {
        ready(self.step(|state| Ok(state.sessions.living(id, now).cloned())))
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        lifetime: SessionLifetime,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let is_alive = state.sessions.living(id, now).is_some();
            if is_alive {
                state.sessions.rows.change(id, |record| {
                    let idle_end = now.plus(lifetime.idle).min(record.absolute_expires_at);
                    record.last_seen_at = record.last_seen_at.max(now);
                    record.idle_expires_at = record.idle_expires_at.max(idle_end);
                });
            }
            Ok(is_alive)
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
            Ok(state.sessions.rows.iter().any(|row| row.sign_in == sign_in && row.is_alive(now)))
        })
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        self.step(|state| {
            let rows = state.sessions.rows.iter();
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
            let rows = state.sessions.rows.iter();
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
            if state.sessions.living(id, now).is_none() {
                return Ok(false);
            }
            let notes = &mut state.sessions.notes;
            match value {
                Some(value) => notes.entry(id).or_default().values.insert(name, value),
                None => notes.get_mut(&id).and_then(|note| note.values.remove(&name)),
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
        self.step(|state| {
            let note = state.sessions.living(id, now).and_then(|row| state.sessions.notes.get(&row.id));
            Ok(note.and_then(|note| note.values.get(name).cloned()))
        })
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
    let replaced = replaces.and_then(|id| state.sessions.living(id, origin.at)).map(Arc::clone);
    if replaces.is_some() && replaced.is_none() && (rests_on_replaced || !is_login) {
        return Ok(Established::Superseded);
    }
    if state.sessions.rows.contains(session.id) {
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
    let before = replaced.as_ref().and_then(|replaced| state.sessions.notes.get(&replaced.id));
    let before = before.map(|note| Note::clone(note)).unwrap_or_default();
    if let Some(gone_on) = gone_on {
        session.sign_in = gone_on.sign_in;
        state.sessions.replaced.insert(gone_on.id, gone_on.replaced());
    }
    if is_login {
        state.log.write(&IdentityFact::of_login(&session), origin);
    }
    let (sign_in, stage) = (session.sign_in, session.stage);
    let fact = IdentityFact::SessionCreated { session: session.id, sign_in, user: session.user };
    state.log.write(&fact, origin);
    let mut note = Note {
        device: if is_login { visit.device.clone() } else { before.device.clone() },
        asked: visit.remember.as_ref().is_some_and(|remember| remember.asked),
        ..Note::default()
    };
    if let Some(gone_on) = gone_on {
        let first_seen_at = before.first_seen_at.unwrap_or(gone_on.created_at);
        note.first_seen_at = Some(first_seen_at).filter(|at| *at != session.created_at);
        note.asked |= before.asked;
        (note.remembered, note.values) = (before.remembered, before.values);
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
        if let Some(remember) = visit.remember.filter(|_| note.asked) {
            state.log.write(&IdentityFact::RememberedBegun { user, family: remember.id }, origin);
            state.remembered.insert(Remembered {
                id: remember.id,
                digest: remember.digest,
                traded: None,
                user,
                sign_in,
                methods: session.methods,
                proven_at: session.authenticated_at,
                trusted_by: trusted,
                device: visit.device.clone(),
                created_at: origin.at,
                last_seen_at: origin.at,
                expires_at: origin.at.plus(remember.lifetime),
            });
            (note.remembered, note.asked, marks.remembered) = (Some(remember.id), false, true);
        }
    }
    let outlived = before.remembered.filter(|before| Some(*before) != note.remembered);
    if let Some(outlived) = outlived {
        ending::forget_families(state, |family| family.id == outlived, SessionEnd::Replaced, origin);
    }
    state.sessions.keep(session, note);
    Ok(Established::Established { sign_in, stage, ended, marks })
}

/// Ends those that are too many for one more, but none of `spared`; `false` where one more may not begin.
pub(super) fn make_room(
    state: &mut Tables,
    user: UserId,
    limit: SessionLimit,
    spared: &BTreeSet<SessionId>,
    origin: &Origin,
) -> bool {
    if limit.most == SessionCount::Any {
        return true;
    }
    let rows = state.sessions.rows.iter();
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
    pub(super) fn is_of(&self, id: SessionId, user: UserId, now: Timestamp) -> bool {
        self.living(id, now).is_some_and(|row| row.user == user)
    }

    fn living(&self, id: SessionId, now: Timestamp) -> Option<&Arc<SessionRecord>> {
        self.rows.get(id).filter(|row| row.is_alive(now))
    }

    fn keep(&mut self, session: SessionRecord, note: Note) {
        if note != Note::default() {
            self.notes.insert(session.id, Box::new(note));
        }
        self.rows.insert(Arc::new(session));
    }

    pub(super) fn is_there(&self, id: SessionId) -> bool {
        self.rows.contains(id)
    }

    pub(super) fn rests_on(&self, id: SessionId, passkey: PasskeyId) -> bool {
        self.rows.get(id).is_some_and(|row| row.passkey == Some(passkey))
    }

    pub(super) fn family_of(&self, id: SessionId) -> Option<RememberedId> {
        self.notes.get(&id)?.remembered
    }

    pub(super) fn families_where(&self, which: impl Fn(&SessionRecord) -> bool) -> BTreeSet<RememberedId> {
        self.rows.iter().filter(|row| which(row)).filter_map(|row| self.family_of(row.id)).collect()
    }

    pub(super) fn of_families(&self, families: &BTreeSet<RememberedId>) -> BTreeSet<SessionId> {
        let from = |note: &Note| note.remembered.is_some_and(|family| families.contains(&family));
        self.notes.iter().filter(|(_, note)| from(note)).map(|(id, _)| *id).collect()
    }

    pub(super) fn newest_of_family(&self, family: RememberedId, now: Timestamp) -> Option<SessionRecord> {
        let notes = self.notes.iter().filter(|(_, note)| note.remembered == Some(family));
        let rows = notes.filter_map(|(id, _)| self.living(*id, now));
        rows.max_by_key(|row| (row.created_at, row.id)).map(|row| SessionRecord::clone(row))
    }

    /// Keeps a session that a cookie was traded for.
    pub(super) fn keep_remembered(
        &mut self,
        record: SessionRecord,
        device: Device,
        first_seen_at: Timestamp,
        family: RememberedId,
    ) {
        let first_seen_at = Some(first_seen_at);
        self.keep(record, Note { device, first_seen_at, remembered: Some(family), ..Note::default() });
    }

    /// The living sessions of which nothing is due, newest activity first.
    pub(super) fn devices_of(&self, user: UserId, now: Timestamp) -> Vec<SessionDevice> {
        let whole = |row: &&SessionRecord| {
            row.user == user && row.stage == SessionStage::Complete && row.is_alive(now)
        };
        let devices = self.rows.iter().filter(whole).map(|session| {
            let note = self.notes.get(&session.id);
            SessionDevice {
                session: session.clone(),
                device: note.map(|note| note.device.clone()).unwrap_or_default(),
                first_seen_at: note.and_then(|note| note.first_seen_at).unwrap_or(session.created_at),
                remembered: note.and_then(|note| note.remembered),
            }
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
        for record in self.rows.take_where(ends) {
            self.notes.remove(&record.id);
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
        }
        ended
    }
}
