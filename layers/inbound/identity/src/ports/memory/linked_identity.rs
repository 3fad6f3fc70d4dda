//! Links to accounts elsewhere, in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{
    MemoryStore, Tables, already_there, ending, mail,
    passkey::{check_notice, not_there},
};
use crate::{
    ports::linked_identity::{LinkedIdentityStore, Linking, RegisteringLinked, Unlinkage, Unlinking},
    rules::{
        fact::{IdentityFact, SessionEnd},
        linked_identity::{
            ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderVisit, ProviderVisitId, VisitPurpose,
        },
        mail::OutboxMail,
        user::{User, UserId},
        ways_in::WaysIn,
    },
};

#[derive(Default)]
pub(super) struct LinkedIdentities {
    rows: BTreeMap<LinkedIdentityId, LinkedIdentity>,
    visits: BTreeMap<ProviderVisitId, ProviderVisit>,
}

impl LinkedIdentities {
    /// Forgets every link of a person.
    pub(super) fn forget(&mut self, user: UserId) {
        self.rows.retain(|_, identity| identity.user != user);
    }

    /// Forgets every visit by which a person was to link an account.
    pub(super) fn forget_visits(&mut self, user: UserId) {
        self.visits.retain(
            |_, visit| !matches!(visit.purpose, VisitPurpose::Link { user: whose, .. } if whose == user),
        );
    }

    /// Forgets the links that a person has had since then and not before; answers which.
    pub(super) fn forget_since(&mut self, user: UserId, since: Timestamp) -> Vec<LinkedIdentityId> {
        let added = |identity: &LinkedIdentity| identity.user == user && identity.linked_at >= since;
        self.rows.extract_if(.., |_, identity| added(identity)).map(|(id, _)| id).collect()
    }

    /// How many ways in a person has by accounts at these providers.
    pub(super) fn count_of(&self, user: UserId, providers: &[String]) -> u32 {
        let counts = |identity: &&LinkedIdentity| identity.user == user && identity.is_at(providers);
        let count = self.rows.values().filter(counts).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    fn of_account(&self, account: &ExternalAccount) -> Option<&LinkedIdentity> {
        self.rows.values().find(|identity| identity.account == *account)
    }
}

impl LinkedIdentityStore for MemoryStore {
    async fn begin_visit(&self, visit: ProviderVisit, each: u32, most: u32) -> Result<bool, StoreError> {
        self.step(|state| {
            let nobody = match visit.purpose {
                VisitPurpose::Link { user, .. } => {
                    Some(user).filter(|user| state.users.find(*user).is_none())
                }
                VisitPurpose::SignIn => None,
            };
            begin(&mut state.linked_identities.visits, visit, nobody, each, most)
        })
    }

    async fn take_visit(&self, id: ProviderVisitId) -> Result<Option<ProviderVisit>, StoreError> {
        self.step(|state| Ok(state.linked_identities.visits.remove(&id)))
    }

    async fn find_linked_identity(
        &self,
        account: &ExternalAccount,
    ) -> Result<Option<LinkedIdentity>, StoreError> {
        self.step(|state| Ok(state.linked_identities.of_account(account).cloned()))
    }

    async fn linked_identities_of(&self, user: UserId) -> Result<Vec<LinkedIdentity>, StoreError> {
        self.step(|state| {
            let rows = state.linked_identities.rows.values();
            let mut theirs: Vec<_> = rows.filter(|identity| identity.user == user).cloned().collect();
            theirs.sort_by_key(|identity| (identity.linked_at, identity.id));
            Ok(theirs)
        })
    }

    async fn register_linked(
        &self,
        user: User,
        identity: LinkedIdentity,
        origin: Origin,
    ) -> Result<RegisteringLinked, StoreError> {
        self.step(|state| {
            if state.linked_identities.of_account(&identity.account).is_some() {
                return Ok(RegisteringLinked::AccountTaken);
            }
            if super::email_change::is_taken(state, &user.email, None, origin.at) {
                return Ok(RegisteringLinked::EmailTaken);
            }
            if state.users.find(user.id).is_some() {
                return Err(already_there("user", user.id));
            }
            state.log.write(&IdentityFact::UserRegistered { user: user.id }, &origin);
            state.users.insert(user);
            insert(state, identity, &origin)?;
            Ok(RegisteringLinked::Added)
        })
    }

    async fn link_identity(
        &self,
        identity: LinkedIdentity,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Linking, StoreError> {
        self.step(|state| {
            if let Some(there) = state.linked_identities.of_account(&identity.account) {
                return Ok(if there.user == identity.user { Linking::Theirs } else { Linking::Taken });
            }
            if !state.users.may_sign_in(identity.user) {
                return Ok(Linking::UserRefused);
            }
            check_notice(state, notice.as_ref())?;
            insert(state, identity, &origin)?;
            mail::queue_notice(state, notice, &origin)?;
            Ok(Linking::Linked)
        })
    }

    async fn use_linked_identity(
        &self,
        id: LinkedIdentityId,
        label: String,
        tokens: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            let Some(row) = state.linked_identities.rows.get_mut(&id) else { return Ok(false) };
            row.label = label;
            row.tokens = tokens;
            row.last_used_at = row.last_used_at.max(Some(now));
            Ok(true)
        })
    }

    async fn unlink_identity(
        &self,
        removal: Unlinkage,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Unlinking, StoreError> {
        self.step(|state| {
            let Unlinkage { user, identity, keeps, other_ways, providers } = removal;
            let there = state.linked_identities.rows.get(&identity).filter(|row| row.user == user);
            let Some(there) = there else { return Ok(Unlinking::Missing) };
            let is_way = there.is_at(&providers);
            let ways = WaysIn {
                password: state.users.find(user).is_some_and(|user| user.password.is_some()),
                passkeys: state.passkeys.count_of(user),
                others: other_ways.saturating_add(state.linked_identities.count_of(user, &providers)),
            };
            if is_way && ways.without_other().is_err() {
                return Ok(Unlinking::LastWayIn);
            }
            check_notice(state, notice.as_ref())?;
            state.linked_identities.rows.remove(&identity);
            state.log.write(&IdentityFact::IdentityUnlinked { user, identity }, &origin);
            let sessions = ending::end_of_user(state, user, keeps, SessionEnd::FactorsChanged, &origin);
            mail::queue_notice(state, notice, &origin)?;
            Ok(Unlinking::Unlinked { sessions })
        })
    }
}

fn begin(
    visits: &mut BTreeMap<ProviderVisitId, ProviderVisit>,
    visit: ProviderVisit,
    nobody: Option<UserId>,
    each: u32,
    most: u32,
) -> Result<bool, StoreError> {
    let now = visit.created_at;
    visits.retain(|_, other| now < other.expires_at);
    if visits.contains_key(&visit.id) {
        return Err(already_there("visit", visit.id));
    }
    // Identifiers are time-ordered: the first is the oldest.
    let theirs = visits.values().filter(|other| other.browser.matches(&visit.browser));
    let theirs: Vec<_> = theirs.map(|other| other.id).collect();
    let surplus = (theirs.len() + 1).saturating_sub(usize::try_from(each.max(1)).unwrap_or(usize::MAX));
    if surplus == 0 && visits.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
        return Ok(false);
    }
    if let Some(user) = nobody {
        return Err(not_there(user));
    }
    for oldest in theirs.into_iter().take(surplus) {
        visits.remove(&oldest);
    }
    visits.insert(visit.id, visit);
    Ok(true)
}

fn insert(state: &mut Tables, identity: LinkedIdentity, origin: &Origin) -> Result<(), StoreError> {
    if state.linked_identities.rows.contains_key(&identity.id) {
        return Err(already_there("linked identity", identity.id));
    }
    let LinkedIdentity { id, user, ref provider, .. } = identity;
    let fact = IdentityFact::IdentityLinked { user, identity: id, provider: provider.clone() };
    state.log.write(&fact, origin);
    state.linked_identities.rows.insert(id, identity);
    Ok(())
}
