//! Passkeys and the ceremonies with them.

use proptest::{option, prelude::*};
use towergate_core::{Digest, contract::model::Answers, id::Uuid};

use super::{
    Model, Modelled,
    world::{Breach, number, person, recent, user_id},
};
use crate::{
    ports::passkey::{AddingPasskey, BeginningCeremony, PasskeyRemoval, RemovingPasskey, UsingPasskey},
    rules::{
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        passkey::{
            Aaguid, CEREMONY, Ceremony, CeremonyId, CeremonyPurpose, CeremonyRoom, CountVerdict, Passkey,
            PasskeyId, PasskeyName, PasskeyUse, SignCountPolicy, judge_count,
        },
        session::SessionId,
        user::UserId,
        ways_in::WaysIn,
    },
};

/// What is done about passkeys.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum PasskeyOperation {
    BeginCeremony { of: Option<(u8, u8)>, browser: u8, strangers: u32, each: u32 },
    TakeCeremony { ceremony: u8 },
    Of { user: u8 },
    Find { credential: u8 },
    Add { user: u8, credential: u8, verifies: bool, most: u32, notice: bool },
    Use { passkey: u8, count: u32, policy: SignCountPolicy, notice: bool },
    Rename { user: u8, passkey: u8 },
    Remove { user: u8, passkey: u8, keeps: Option<u8>, other_ways: u32, provider: bool, notice: bool },
}

pub(super) fn operation() -> impl Strategy<Value = PasskeyOperation> {
    use PasskeyOperation as Do;
    let policy = proptest::sample::select(vec![
        SignCountPolicy::Warn,
        SignCountPolicy::Refuse,
        SignCountPolicy::Revoke,
    ]);
    let remove = (person(), recent(), option::of(recent()), 0..2_u32, any::<bool>(), any::<bool>());
    prop_oneof![
        3 => (option::of((person(), recent())), 0..2_u8, 0..4_u32, 0..3_u32).prop_map(
            |(of, browser, strangers, each)| Do::BeginCeremony { of, browser, strangers, each },
        ),
        2 => recent().prop_map(|ceremony| Do::TakeCeremony { ceremony }),
        1 => person().prop_map(|user| Do::Of { user }),
        1 => (0..3_u8).prop_map(|credential| Do::Find { credential }),
        6 => (person(), 0..3_u8, any::<bool>(), 1..4_u32, any::<bool>()).prop_map(
            |(user, credential, verifies, most, notice)| Do::Add { user, credential, verifies, most, notice },
        ),
        4 => (recent(), 0..4_u32, policy, any::<bool>())
            .prop_map(|(passkey, count, policy, notice)| Do::Use { passkey, count, policy, notice }),
        1 => (person(), recent()).prop_map(|(user, passkey)| Do::Rename { user, passkey }),
        2 => remove.prop_map(|(user, passkey, keeps, other_ways, provider, notice)| Do::Remove {
            user, passkey, keeps, other_ways, provider, notice,
        }),
    ]
}

pub(super) fn readings() -> impl Iterator<Item = PasskeyOperation> {
    use PasskeyOperation as Do;
    (1..4).map(|user| Do::Of { user }).chain((0..3).map(|credential| Do::Find { credential }))
}

impl Model {
    pub(super) async fn passkey<S>(&mut self, store: &S, operation: &PasskeyOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            PasskeyOperation::BeginCeremony { of, browser, strangers, each } => {
                let ceremony = self.new_ceremony(of, browser);
                let room = CeremonyRoom { strangers, each };
                let answer = store.begin_ceremony(ceremony.clone(), room).await;
                Answers::tried(answer, self.begin_ceremony(ceremony, room))
            }
            PasskeyOperation::TakeCeremony { ceremony } => {
                let id = ceremony_id(number(self.begun.ceremonies, ceremony));
                let taken = self.ceremonies.remove(&id).filter(|there| there.is_open(now));
                Answers::of(store.take_ceremony(id, now).await, taken)
            }
            PasskeyOperation::Of { user } => {
                let user = user_id(user.into());
                Answers::of(store.passkeys_of(user).await, self.passkeys_of(user))
            }
            PasskeyOperation::Find { credential } => {
                let found = self.passkeys.values().find(|there| there.credential_id == [credential]);
                Answers::of(store.find_passkey(&[credential]).await, found.cloned())
            }
            PasskeyOperation::Add { user, credential, verifies, most, notice } => {
                let passkey = self.new_passkey(user_id(user.into()), credential, verifies);
                let notice = self.notice(passkey.user, notice);
                let answer = store.add_passkey(passkey.clone(), most, notice.clone(), origin).await;
                Answers::of(answer, self.add_passkey(passkey, most, notice))
            }
            PasskeyOperation::Use { passkey, count, policy, notice } => {
                let passkey = passkey_id(number(self.begun.passkeys, passkey));
                let user = self.passkeys.get(&passkey).map_or_else(|| user_id(1), |there| there.user);
                let notice = self.notice(user, notice);
                let (verified, backup_eligible, backed_up) = (count.is_multiple_of(2), true, count > 2);
                let used = PasskeyUse { passkey, count, verified, backup_eligible, backed_up };
                let answer = store.use_passkey(used, policy, notice.clone(), origin).await;
                Answers::of(answer, self.use_passkey(used, policy, notice))
            }
            PasskeyOperation::Rename { user, passkey } => {
                let (user, id) = (user_id(user.into()), passkey_id(number(self.begun.passkeys, passkey)));
                let name = PasskeyName::parse("Key").unwrap();
                let answer = store.rename_passkey(user, id, name.clone(), origin).await;
                let there = self.passkeys.get_mut(&id).filter(|there| there.user == user);
                let is_theirs = there.map(|there| there.name = name).is_some();
                if is_theirs {
                    self.tell(&IdentityFact::PasskeyRenamed { user, passkey: id });
                }
                Answers::of(answer, is_theirs)
            }
            PasskeyOperation::Remove { user, passkey, keeps, other_ways, provider, notice } => {
                let user = user_id(user.into());
                let notice = self.notice(user, notice);
                let removal = PasskeyRemoval {
                    user,
                    passkey: passkey_id(number(self.begun.passkeys, passkey)),
                    keeps: keeps.map(|n| self.nth_session(n)),
                    other_ways,
                    providers: provider.then(|| String::from("provider")).into_iter().collect(),
                };
                let answer = store.remove_passkey(removal.clone(), notice.clone(), origin).await;
                Answers::of(answer, self.remove_passkey(removal, notice))
            }
        }
    }

    /// Those that are over count for nothing; of the same session or stranger's browser the oldest make way.
    fn begin_ceremony(
        &mut self,
        ceremony: Ceremony,
        room: CeremonyRoom,
    ) -> Result<BeginningCeremony, Breach> {
        let now = ceremony.created_at;
        if self.ceremonies.values().any(|there| !there.is_open(now)) {
            // Those may be forgotten from here on: no clock goes back to when they were open.
            self.trail.cleaned();
            self.ceremonies.retain(|_, there| there.is_open(now));
        }
        if ceremony.purpose.user().is_some_and(|user| !self.users.contains_key(&user)) {
            return Err(Breach);
        }
        let is_same = |there: &&Ceremony| match ceremony.purpose.session() {
            Some(session) => there.purpose.session() == Some(session),
            None => there.purpose.session().is_none() && there.browser.matches(&ceremony.browser),
        };
        let same: Vec<_> = self.ceremonies.values().filter(is_same).map(|there| there.id).collect();
        let each: usize = room.each.max(1).try_into().unwrap();
        let too_many = (same.len() + 1).saturating_sub(each);
        if ceremony.purpose == CeremonyPurpose::SignIn {
            let strangers =
                self.ceremonies.values().filter(|there| there.purpose == CeremonyPurpose::SignIn).count();
            if too_many == 0 && strangers >= room.strangers.try_into().unwrap() {
                return Ok(BeginningCeremony::Full);
            }
        }
        for oldest in same.iter().take(too_many) {
            self.ceremonies.remove(oldest);
        }
        self.ceremonies.insert(ceremony.id, ceremony);
        Ok(BeginningCeremony::Begun)
    }

    fn add_passkey(&mut self, passkey: Passkey, most: u32, notice: Option<OutboxMail>) -> AddingPasskey {
        let Passkey { id, user, aaguid, .. } = passkey;
        if !self.may_sign_in(user) {
            return AddingPasskey::UserRefused;
        }
        if self.passkeys.values().any(|there| there.credential_id == passkey.credential_id) {
            return AddingPasskey::Taken;
        }
        if self.passkeys_of(user).len() >= most.try_into().unwrap() {
            return AddingPasskey::TooMany;
        }
        self.tell(&IdentityFact::PasskeyAdded { user, passkey: id, aaguid });
        self.passkeys.insert(id, passkey);
        notice.into_iter().for_each(|notice| self.queue(notice));
        AddingPasskey::Added
    }

    fn use_passkey(
        &mut self,
        used: PasskeyUse,
        policy: SignCountPolicy,
        notice: Option<OutboxMail>,
    ) -> UsingPasskey {
        let Some(there) = self.passkeys.get(&used.passkey).cloned() else { return UsingPasskey::Missing };
        let Passkey { id: passkey, user, count: kept, .. } = there;
        if judge_count(kept, used.count) == CountVerdict::WentBack {
            self.tell(&IdentityFact::PasskeyCountWentBack { user, passkey, kept, seen: used.count, policy });
            match policy {
                SignCountPolicy::Warn => {}
                SignCountPolicy::Refuse => return UsingPasskey::Refused,
                SignCountPolicy::Revoke => {
                    self.take_passkey(user, passkey, None, notice);
                    return UsingPasskey::Revoked;
                }
            }
        }
        let now = self.trail.now();
        let there = self.passkeys.get_mut(&passkey).unwrap();
        there.count = kept.max(used.count);
        (there.backup_eligible, there.backed_up) = (used.backup_eligible, used.backed_up);
        there.last_used_at = there.last_used_at.max(Some(now));
        self.tell(&IdentityFact::PasskeyUsed { user, passkey, verified: used.verified });
        UsingPasskey::Used
    }

    fn remove_passkey(&mut self, removal: PasskeyRemoval, notice: Option<OutboxMail>) -> RemovingPasskey {
        let PasskeyRemoval { user, passkey, keeps, other_ways, providers } = removal;
        if self.passkeys.get(&passkey).is_none_or(|there| there.user != user) {
            return RemovingPasskey::Missing;
        }
        if self.ways_in(user, other_ways, &providers).without_passkey().is_err() {
            return RemovingPasskey::LastWayIn;
        }
        let sessions = self.take_passkey(user, passkey, keeps, notice);
        if self.passkeys_of(user).is_empty() {
            self.switch_off(user);
        }
        RemovingPasskey::Removed { sessions }
    }

    /// It goes, and every session but one, which goes too where it rests on this passkey.
    fn take_passkey(
        &mut self,
        user: UserId,
        passkey: PasskeyId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
    ) -> u64 {
        self.passkeys.remove(&passkey);
        self.tell(&IdentityFact::PasskeyRemoved { user, passkey });
        let rests =
            |id: &SessionId| self.sessions.get(id).is_some_and(|there| there.record.passkey == Some(passkey));
        let keeps = keeps.filter(|id| !rests(id));
        let sessions = self.end_all_of(user, keeps, SessionEnd::FactorsChanged);
        notice.into_iter().for_each(|notice| self.queue(notice));
        sessions
    }

    pub(super) fn ways_in(&self, user: UserId, other_ways: u32, providers: &[String]) -> WaysIn {
        let linked = self.linked.values().filter(|there| there.user == user && there.is_at(providers));
        WaysIn {
            password: self.users.get(&user).is_some_and(|user| user.password.is_some()),
            passkeys: self.passkeys_of(user).len().try_into().unwrap(),
            others: other_ways + u32::try_from(linked.count()).unwrap(),
        }
    }

    /// Oldest first.
    pub(super) fn passkeys_of(&self, user: UserId) -> Vec<Passkey> {
        let mut theirs: Vec<_> = self.passkeys.values().filter(|there| there.user == user).cloned().collect();
        theirs.sort_by_key(|there| (there.created_at, there.id));
        theirs
    }

    fn new_passkey(&mut self, user: UserId, credential: u8, verifies: bool) -> Passkey {
        self.begun.passkeys += 1;
        Passkey {
            id: passkey_id(self.begun.passkeys.into()),
            user,
            credential_id: vec![credential],
            name: PasskeyName::parse("Phone").unwrap(),
            credential: String::from("{}"),
            count: 0,
            aaguid: Aaguid::from_bytes([7; 16]),
            transports: Vec::new(),
            verifies,
            backup_eligible: true,
            backed_up: false,
            created_at: self.trail.now(),
            last_used_at: None,
        }
    }

    /// A ceremony of a stranger, or of a person in a session.
    fn new_ceremony(&mut self, of: Option<(u8, u8)>, browser: u8) -> Ceremony {
        self.begun.ceremonies += 1;
        let (n, now) = (self.begun.ceremonies, self.trail.now());
        let purpose = of.map_or(CeremonyPurpose::SignIn, |(user, session)| {
            let (user, session) = (user_id(user.into()), self.nth_session(session));
            CeremonyPurpose::Register { user, session }
        });
        Ceremony {
            id: ceremony_id(n.into()),
            browser: Digest::of(&[browser]),
            purpose,
            state: format!("{{\"challenge\":{n}}}"),
            created_at: now,
            expires_at: now.plus(CEREMONY),
        }
    }

    /// The last passkey that came, for a session that rests on it.
    pub(super) fn newest_passkey(&self) -> PasskeyId {
        passkey_id(number(self.begun.passkeys, 0))
    }
}

const fn passkey_id(n: u128) -> PasskeyId {
    PasskeyId::from_uuid(Uuid::from_u128(0x7000 + n))
}

const fn ceremony_id(n: u128) -> CeremonyId {
    CeremonyId::from_uuid(Uuid::from_u128(0x8000 + n))
}
