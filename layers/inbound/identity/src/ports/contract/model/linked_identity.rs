//! Accounts elsewhere, and the visits to their providers.

use proptest::{option, prelude::*};
use towergate_core::{Digest, LocalPath, contract::model::Answers, id::Uuid};

use super::{
    Model, Modelled,
    world::{Breach, email, number, person, recent, user_id},
};
use crate::{
    ports::{
        linked_identity::{Linking, RegisteringLinked, Unlinkage, Unlinking},
        user::AddingUser,
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        linked_identity::{
            ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderVisit, ProviderVisitId, VISIT,
            VisitPurpose,
        },
        mail::OutboxMail,
        user::{User, UserId, UserState},
    },
};

/// What is done about accounts elsewhere.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum LinkedIdentityOperation {
    BeginVisit { of: Option<(u8, u8)>, browser: u8, each: u32, most: u32 },
    TakeVisit { visit: u8 },
    Find { account: u8 },
    Of { user: u8 },
    Register { user: u8, email: u8, account: u8 },
    Link { user: u8, account: u8, notice: bool },
    Use { link: u8 },
    Unlink { user: u8, link: u8, keeps: Option<u8>, other_ways: u32, provider: bool, notice: bool },
}

pub(super) fn operation() -> impl Strategy<Value = LinkedIdentityOperation> {
    use LinkedIdentityOperation as Do;
    let unlink = (person(), recent(), option::of(recent()), 0..2_u32, any::<bool>(), any::<bool>());
    prop_oneof![
        3 => (option::of((person(), recent())), 0..2_u8, 0..3_u32, 0..4_u32)
            .prop_map(|(of, browser, each, most)| Do::BeginVisit { of, browser, each, most }),
        2 => recent().prop_map(|visit| Do::TakeVisit { visit }),
        1 => (0..3_u8).prop_map(|account| Do::Find { account }),
        1 => person().prop_map(|user| Do::Of { user }),
        1 => (person(), person(), 0..3_u8)
            .prop_map(|(user, email, account)| Do::Register { user, email, account }),
        4 => (person(), 0..3_u8, any::<bool>())
            .prop_map(|(user, account, notice)| Do::Link { user, account, notice }),
        1 => recent().prop_map(|link| Do::Use { link }),
        2 => unlink.prop_map(|(user, link, keeps, other_ways, provider, notice)| Do::Unlink {
            user, link, keeps, other_ways, provider, notice,
        }),
    ]
}

pub(super) fn readings() -> impl Iterator<Item = LinkedIdentityOperation> {
    use LinkedIdentityOperation as Do;
    (1..4).map(|user| Do::Of { user }).chain((0..3).map(|account| Do::Find { account }))
}

impl Model {
    pub(super) async fn linked_identity<S>(
        &mut self,
        store: &S,
        operation: &LinkedIdentityOperation,
    ) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            LinkedIdentityOperation::BeginVisit { of, browser, each, most } => {
                let visit = self.new_visit(of, browser);
                let answer = store.begin_visit(visit.clone(), each, most).await;
                Answers::tried(answer, self.begin_visit(visit, each, most))
            }
            LinkedIdentityOperation::TakeVisit { visit } => {
                let id = visit_id(number(self.begun.visits, visit));
                let answer = store.take_visit(id).await;
                // What is too old may be forgotten already.
                let there = self.visits.remove(&id);
                let there = there.filter(|there| now < there.expires_at || !matches!(answer, Ok(None)));
                Answers::of(answer, there)
            }
            LinkedIdentityOperation::Find { account: n } => {
                let answer = store.find_linked_identity(&account(n)).await;
                Answers::of(answer, self.linked_to(&account(n)).cloned())
            }
            LinkedIdentityOperation::Of { user } => {
                let user = user_id(user.into());
                let theirs = self.linked.values().filter(|there| there.user == user);
                let mut theirs: Vec<_> = theirs.cloned().collect();
                theirs.sort_by_key(|there| (there.linked_at, there.id));
                Answers::of(store.linked_identities_of(user).await, theirs)
            }
            LinkedIdentityOperation::Register { user, email: n, account } => {
                let user = User {
                    id: user_id(user.into()),
                    email: email(n.into()),
                    password: None,
                    state: UserState::Active,
                    created_at: now,
                    confirmed_at: Some(now),
                };
                let link = self.new_link(user.id, account);
                let answer = store.register_linked(user.clone(), link.clone(), origin).await;
                Answers::tried(answer, self.register_linked(user, link))
            }
            LinkedIdentityOperation::Link { user, account, notice } => {
                let link = self.new_link(user_id(user.into()), account);
                let notice = self.notice(link.user, notice);
                let answer = store.link_identity(link.clone(), notice.clone(), origin).await;
                Answers::of(answer, self.link_identity(link, notice))
            }
            LinkedIdentityOperation::Use { link } => {
                let id = link_id(number(self.begun.links, link));
                let (label, tokens) = (String::from("used"), Some(vec![1]));
                let answer = store.use_linked_identity(id, label.clone(), tokens.clone(), now).await;
                let there = self.linked.get_mut(&id);
                let is_there = there.map(|there| {
                    (there.label, there.tokens) = (label, tokens);
                    there.last_used_at = there.last_used_at.max(Some(now));
                });
                Answers::of(answer, is_there.is_some())
            }
            LinkedIdentityOperation::Unlink { user, link, keeps, other_ways, provider, notice } => {
                let user = user_id(user.into());
                let notice = self.notice(user, notice);
                let removal = Unlinkage {
                    user,
                    identity: link_id(number(self.begun.links, link)),
                    keeps: keeps.map(|n| self.nth_session(n)),
                    other_ways,
                    providers: provider.then(|| String::from("provider")).into_iter().collect(),
                };
                let answer = store.unlink_identity(removal.clone(), notice.clone(), origin).await;
                Answers::of(answer, self.unlink_identity(removal, notice))
            }
        }
    }

    /// Those that are over count for nothing; of the same browser the oldest make way.
    fn begin_visit(&mut self, visit: ProviderVisit, each: u32, most: u32) -> Result<bool, Breach> {
        let now = visit.created_at;
        if self.visits.values().any(|there| there.expires_at <= now) {
            // Those may be forgotten from here on: no clock goes back to when they were open.
            self.trail.cleaned();
        }
        let open = |there: &&ProviderVisit| now < there.expires_at;
        let waiting = self.visits.values().filter(open).count();
        let same = self.visits.values().filter(open).filter(|there| there.browser.matches(&visit.browser));
        let same: Vec<_> = same.map(|there| there.id).collect();
        let too_many = (same.len() + 1).saturating_sub(each.max(1).try_into().unwrap());
        if too_many == 0 && waiting >= most.try_into().unwrap() {
            return Ok(false);
        }
        if let VisitPurpose::Link { user, .. } = visit.purpose
            && !self.users.contains_key(&user)
        {
            return Err(Breach);
        }
        for oldest in same.iter().take(too_many) {
            self.visits.remove(oldest);
        }
        self.visits.insert(visit.id, visit);
        Ok(true)
    }

    fn register_linked(&mut self, user: User, link: LinkedIdentity) -> Result<RegisteringLinked, Breach> {
        if self.linked_to(&link.account).is_some() {
            return Ok(RegisteringLinked::AccountTaken);
        }
        if self.add_user(user)? == AddingUser::EmailTaken {
            return Ok(RegisteringLinked::EmailTaken);
        }
        self.keep_link(link);
        Ok(RegisteringLinked::Added)
    }

    fn link_identity(&mut self, link: LinkedIdentity, notice: Option<OutboxMail>) -> Linking {
        match self.linked_to(&link.account) {
            Some(there) if there.user == link.user => return Linking::Theirs,
            Some(_) => return Linking::Taken,
            None if !self.may_sign_in(link.user) => return Linking::UserRefused,
            None => {}
        }
        self.keep_link(link);
        notice.into_iter().for_each(|notice| self.queue(notice));
        Linking::Linked
    }

    fn unlink_identity(&mut self, removal: Unlinkage, notice: Option<OutboxMail>) -> Unlinking {
        let Unlinkage { user, identity, keeps, other_ways, providers } = removal;
        let there = self.linked.get(&identity).filter(|there| there.user == user);
        let Some(there) = there else { return Unlinking::Missing };
        if there.is_at(&providers) && self.ways_in(user, other_ways, &providers).without_other().is_err() {
            return Unlinking::LastWayIn;
        }
        self.linked.remove(&identity);
        self.tell(&IdentityFact::IdentityUnlinked { user, identity });
        let sessions = self.end_all_of(user, keeps, SessionEnd::FactorsChanged);
        notice.into_iter().for_each(|notice| self.queue(notice));
        Unlinking::Unlinked { sessions }
    }

    fn keep_link(&mut self, link: LinkedIdentity) {
        let (user, identity, provider) = (link.user, link.id, link.provider.clone());
        self.tell(&IdentityFact::IdentityLinked { user, identity, provider });
        self.linked.insert(identity, link);
    }

    fn linked_to(&self, account: &ExternalAccount) -> Option<&LinkedIdentity> {
        self.linked.values().find(|there| there.account == *account)
    }

    fn new_link(&mut self, user: UserId, n: u8) -> LinkedIdentity {
        self.begun.links += 1;
        LinkedIdentity {
            id: link_id(self.begun.links.into()),
            user,
            provider: String::from("provider"),
            account: account(n),
            label: String::from("new"),
            tokens: None,
            linked_at: self.trail.now(),
            last_used_at: None,
        }
    }

    /// A visit of a stranger, or of a person in a session.
    fn new_visit(&mut self, of: Option<(u8, u8)>, browser: u8) -> ProviderVisit {
        self.begun.visits += 1;
        let now = self.trail.now();
        let purpose = of.map_or(VisitPurpose::SignIn, |(user, session)| VisitPurpose::Link {
            user: user_id(user.into()),
            session: self.nth_session(session),
        });
        ProviderVisit {
            id: visit_id(self.begun.visits.into()),
            digest: Digest::of(&[self.begun.visits]),
            browser: Digest::of(&[browser]),
            provider: String::from("provider"),
            purpose,
            remember: false,
            return_to: LocalPath::parse("/").unwrap(),
            created_at: now,
            expires_at: now.plus(VISIT),
        }
    }
}

fn account(n: u8) -> ExternalAccount {
    ExternalAccount::new("https://provider.example", &format!("subject-{n}")).unwrap()
}

fn link_id(n: u128) -> LinkedIdentityId {
    LinkedIdentityId::from_uuid(Uuid::from_u128(0x9000 + n))
}

fn visit_id(n: u128) -> ProviderVisitId {
    ProviderVisitId::from_uuid(Uuid::from_u128(0xb000 + n))
}
