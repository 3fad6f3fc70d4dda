//! Passkeys in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, already_there, ending, mail, passkey_factor};
use crate::{
    ports::passkey::{
        AddingPasskey, BeginningCeremony, PasskeyRemoval, PasskeyStore, RemovingPasskey, UsingPasskey,
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        passkey::{
            Ceremony, CeremonyId, CeremonyPurpose, CeremonyRoom, CountVerdict, Passkey, PasskeyId,
            PasskeyName, PasskeyUse, SignCountPolicy, judge_count,
        },
        session::SessionId,
        user::UserId,
        ways_in::WaysIn,
    },
};

#[derive(Default)]
pub(super) struct Passkeys {
    rows: BTreeMap<PasskeyId, Passkey>,
    ceremonies: BTreeMap<CeremonyId, Ceremony>,
}

impl Passkeys {
    /// Forgets the passkeys that a person has had since then and not before; answers which.
    pub(super) fn forget_since(&mut self, user: UserId, since: Timestamp) -> Vec<PasskeyId> {
        let added = |passkey: &Passkey| passkey.user == user && passkey.created_at >= since;
        self.rows.extract_if(.., |_, passkey| added(passkey)).map(|(id, _)| id).collect()
    }

    /// Forgets every passkey of a person.
    pub(super) fn forget(&mut self, user: UserId) {
        self.rows.retain(|_, passkey| passkey.user != user);
        self.ceremonies.retain(|_, ceremony| ceremony.purpose.user() != Some(user));
    }

    /// Those of a person, oldest first.
    pub(super) fn of_user(&self, user: UserId) -> Vec<Passkey> {
        let mut of_user: Vec<_> =
            self.rows.values().filter(|passkey| passkey.user == user).cloned().collect();
        of_user.sort_by_key(|passkey| (passkey.created_at, passkey.id));
        of_user
    }

    pub(super) fn count_of(&self, user: UserId) -> u32 {
        let count = self.rows.values().filter(|passkey| passkey.user == user).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

impl PasskeyStore for MemoryStore {
    async fn begin_ceremony(
        &self,
        ceremony: Ceremony,
        room: CeremonyRoom,
    ) -> Result<BeginningCeremony, StoreError> {
        self.step(|state| {
            if let Some(user) = ceremony.purpose.user().filter(|user| state.users.find(*user).is_none()) {
                return Err(not_there(user));
            }
            begin(&mut state.passkeys.ceremonies, ceremony, room)
        })
    }

    async fn take_ceremony(&self, id: CeremonyId, now: Timestamp) -> Result<Option<Ceremony>, StoreError> {
        self.step(|state| {
            let taken = state.passkeys.ceremonies.remove(&id);
            Ok(taken.filter(|ceremony| ceremony.is_open(now)))
        })
    }

    async fn passkeys_of(&self, user: UserId) -> Result<Vec<Passkey>, StoreError> {
        self.step(|state| Ok(state.passkeys.of_user(user)))
    }

    async fn find_passkey(&self, credential_id: &[u8]) -> Result<Option<Passkey>, StoreError> {
        self.step(|state| {
            let mut rows = state.passkeys.rows.values();
            Ok(rows.find(|passkey| passkey.credential_id == credential_id).cloned())
        })
    }

    async fn add_passkey(
        &self,
        passkey: Passkey,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<AddingPasskey, StoreError> {
        self.step(|state| add(state, passkey, most, notice, &origin))
    }

    async fn use_passkey(
        &self,
        used: PasskeyUse,
        policy: SignCountPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<UsingPasskey, StoreError> {
        self.step(|state| note_use(state, used, policy, notice, &origin))
    }

    async fn rename_passkey(
        &self,
        user: UserId,
        passkey: PasskeyId,
        name: PasskeyName,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let row = state.passkeys.rows.get_mut(&passkey).filter(|row| row.user == user);
            let Some(row) = row else { return Ok(false) };
            row.name = name;
            state.log.write(&IdentityFact::PasskeyRenamed { user, passkey }, &origin);
            Ok(true)
        })
    }

    async fn remove_passkey(
        &self,
        removal: PasskeyRemoval,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<RemovingPasskey, StoreError> {
        self.step(|state| {
            let PasskeyRemoval { user, passkey, keeps, other_ways, providers } = removal;
            if state.passkeys.rows.get(&passkey).is_none_or(|row| row.user != user) {
                return Ok(RemovingPasskey::Missing);
            }
            let ways = WaysIn {
                password: state.users.find(user).is_some_and(|user| user.password.is_some()),
                passkeys: state.passkeys.count_of(user),
                others: other_ways.saturating_add(state.linked_identities.count_of(user, &providers)),
            };
            if ways.without_passkey().is_err() {
                return Ok(RemovingPasskey::LastWayIn);
            }
            check_notice(state, notice.as_ref())?;
            let sessions = remove(state, user, passkey, keeps, notice, &origin)?;
            if state.passkeys.count_of(user) == 0 {
                passkey_factor::switch_off(state, user, &origin);
            }
            Ok(RemovingPasskey::Removed { sessions })
        })
    }
}

fn begin(
    ceremonies: &mut BTreeMap<CeremonyId, Ceremony>,
    ceremony: Ceremony,
    room: CeremonyRoom,
) -> Result<BeginningCeremony, StoreError> {
    let now = ceremony.created_at;
    ceremonies.retain(|_, other| other.is_open(now));
    if ceremonies.contains_key(&ceremony.id) {
        return Err(already_there("ceremony", ceremony.id));
    }
    let same = |other: &Ceremony| match (ceremony.purpose.session(), other.purpose.session()) {
        (Some(session), Some(other)) => session == other,
        (None, None) => ceremony.browser.matches(&other.browser),
        _ => false,
    };
    // Identifiers are time-ordered: the first is the oldest.
    let theirs: Vec<_> = ceremonies.values().filter(|other| same(other)).map(|other| other.id).collect();
    let each = usize::try_from(room.each.max(1)).unwrap_or(usize::MAX);
    let surplus = (theirs.len() + 1).saturating_sub(each);
    let strangers = ceremonies.values().filter(|other| other.purpose == CeremonyPurpose::SignIn).count();
    let most = usize::try_from(room.strangers).unwrap_or(usize::MAX);
    if ceremony.purpose == CeremonyPurpose::SignIn && surplus == 0 && strangers >= most {
        return Ok(BeginningCeremony::Full);
    }
    for oldest in theirs.into_iter().take(surplus) {
        ceremonies.remove(&oldest);
    }
    ceremonies.insert(ceremony.id, ceremony);
    Ok(BeginningCeremony::Begun)
}

fn add(
    state: &mut Tables,
    passkey: Passkey,
    most: u32,
    notice: Option<OutboxMail>,
    origin: &Origin,
) -> Result<AddingPasskey, StoreError> {
    let user = passkey.user;
    if !state.users.may_sign_in(user) {
        return Ok(AddingPasskey::UserRefused);
    }
    if state.passkeys.rows.values().any(|there| there.credential_id == passkey.credential_id) {
        return Ok(AddingPasskey::Taken);
    }
    if state.passkeys.count_of(user) >= most {
        return Ok(AddingPasskey::TooMany);
    }
    if state.passkeys.rows.contains_key(&passkey.id) {
        return Err(already_there("passkey", passkey.id));
    }
    check_notice(state, notice.as_ref())?;
    let added = IdentityFact::PasskeyAdded { user, passkey: passkey.id, aaguid: passkey.aaguid };
    state.log.write(&added, origin);
    state.passkeys.rows.insert(passkey.id, passkey);
    if let Some(notice) = notice {
        mail::queue(state, notice, origin)?;
    }
    Ok(AddingPasskey::Added)
}

fn note_use(
    state: &mut Tables,
    used: PasskeyUse,
    policy: SignCountPolicy,
    notice: Option<OutboxMail>,
    origin: &Origin,
) -> Result<UsingPasskey, StoreError> {
    let Some(row) = state.passkeys.rows.get(&used.passkey) else { return Ok(UsingPasskey::Missing) };
    let (user, passkey, kept, seen) = (row.user, row.id, row.count, used.count);
    let went_back = judge_count(kept, seen) == CountVerdict::WentBack;
    if went_back && policy == SignCountPolicy::Revoke {
        check_notice(state, notice.as_ref())?;
    }
    let Some(row) = state.passkeys.rows.get_mut(&passkey) else { return Ok(UsingPasskey::Missing) };
    if went_back {
        let fact = IdentityFact::PasskeyCountWentBack { user, passkey, kept, seen, policy };
        state.log.write(&fact, origin);
        match policy {
            SignCountPolicy::Warn => {}
            SignCountPolicy::Refuse => return Ok(UsingPasskey::Refused),
            SignCountPolicy::Revoke => {
                remove(state, user, passkey, None, notice, origin)?;
                return Ok(UsingPasskey::Revoked);
            }
        }
    }
    row.count = kept.max(seen);
    row.backup_eligible = used.backup_eligible;
    row.backed_up = used.backed_up;
    row.last_used_at = row.last_used_at.max(Some(origin.at));
    let fact = IdentityFact::PasskeyUsed { user, passkey, verified: used.verified };
    state.log.write(&fact, origin);
    Ok(UsingPasskey::Used)
}

/// Removes the passkey and ends the sessions; answers how many.
fn remove(
    state: &mut Tables,
    user: UserId,
    passkey: PasskeyId,
    keeps: Option<SessionId>,
    notice: Option<OutboxMail>,
    origin: &Origin,
) -> Result<u64, StoreError> {
    state.passkeys.rows.remove(&passkey);
    state.log.write(&IdentityFact::PasskeyRemoved { user, passkey }, origin);
    let keeps = keeps.filter(|id| !state.sessions.rests_on(*id, passkey));
    let sessions = ending::end_of_user(state, user, keeps, SessionEnd::FactorsChanged, origin);
    if let Some(notice) = notice {
        mail::queue(state, notice, origin)?;
    }
    Ok(sessions)
}

/// The refusal of what would hang from nobody.
pub(super) fn not_there(user: UserId) -> StoreError {
    StoreError::Refused(format!("there is no user {user}"))
}

/// A step is done whole or not at all: what could fail is looked at before anything is written.
pub(super) fn check_notice(state: &Tables, notice: Option<&OutboxMail>) -> Result<(), StoreError> {
    match notice {
        Some(notice) if state.mails.contains(notice.id) => Err(already_there("mail", notice.id)),
        _ => Ok(()),
    }
}
