//! Goodbyes in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, email_token, ending, mail};
use crate::{
    ports::deletion::{DeletingUser, DeletionStore, Scheduling, Withdrawing},
    rules::{
        deletion::{Due, Ending, is_due, nobodys_address},
        email::EmailAddress,
        email_token::Purpose,
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        user::{UserId, UserState},
    },
};

/// Who leaves when. A person who is disabled leaves all the same.
#[derive(Default)]
pub(super) struct Deletions(BTreeMap<UserId, Timestamp>);

impl Deletions {
    pub(super) fn has(&self, user: UserId) -> bool {
        self.0.contains_key(&user)
    }

    /// Lets a person stay; `false` where they were not leaving.
    pub(super) fn withdraw(&mut self, user: UserId) -> bool {
        self.0.remove(&user).is_some()
    }
}

impl DeletionStore for MemoryStore {
    async fn schedule_deletion(
        &self,
        user: UserId,
        delete_at: Timestamp,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Scheduling, StoreError> {
        self.step(|state| {
            if let Some(at) = state.deletions.0.get(&user) {
                return Ok(Scheduling::Leaving(*at));
            }
            let Some(row) = state.users.find_mut(user).filter(|row| row.state == UserState::Active) else {
                return Ok(Scheduling::UserRefused);
            };
            row.state = UserState::Leaving;
            state.deletions.0.insert(user, delete_at);
            state.log.write(&IdentityFact::DeletionScheduled { user, delete_at }, &origin);
            let sessions = close(state, user, SessionEnd::AccountLeaving, &origin);
            mail::queue_notice(state, notice, &origin)?;
            Ok(Scheduling::Scheduled { sessions })
        })
    }

    async fn withdraw_deletion(
        &self,
        user: UserId,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Withdrawing, StoreError> {
        self.step(|state| {
            let open = state.deletions.0.get(&user).is_some_and(|at| !is_due(*at, origin.at));
            let row = state.users.find_mut(user).filter(|row| open && row.state == UserState::Leaving);
            let Some(row) = row else { return Ok(Withdrawing::Refused) };
            row.state = UserState::Active;
            state.deletions.0.remove(&user);
            state.log.write(&IdentityFact::DeletionWithdrawn { user }, &origin);
            close(state, user, SessionEnd::AccountKept, &origin);
            mail::queue_notice(state, notice, &origin)?;
            Ok(Withdrawing::Withdrawn)
        })
    }

    async fn deletion_of(&self, user: UserId) -> Result<Option<Timestamp>, StoreError> {
        self.step(|state| Ok(state.deletions.0.get(&user).copied()))
    }

    async fn due_deletions(&self, now: Timestamp, limit: u16) -> Result<Vec<Due>, StoreError> {
        self.step(|state| {
            let due = state.deletions.0.iter().filter(|(_, at)| is_due(**at, now));
            let mut due: Vec<_> = due
                .filter_map(|(id, at)| Some(Due { user: state.users.find(*id)?.clone(), delete_at: *at }))
                .collect();
            due.sort_by_key(|due| (due.delete_at, due.user.id));
            due.truncate(usize::from(limit));
            Ok(due)
        })
    }

    async fn delete_user(
        &self,
        user: UserId,
        ending: Ending,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<DeletingUser, StoreError> {
        self.step(|state| {
            if !state.deletions.0.get(&user).is_some_and(|at| is_due(*at, origin.at)) {
                return Ok(DeletingUser::NotDue);
            }
            state.deletions.0.remove(&user);
            state.log.write(&IdentityFact::UserDeleted { user, ending }, &origin);
            close(state, user, SessionEnd::AccountDeleted, &origin);
            forget(state, user);
            mail::queue_notice(state, notice, &origin)?;
            if ending == Ending::Erase {
                state.users.remove(user);
            } else if let Some(row) = state.users.find_mut(user) {
                row.state = UserState::Deleted;
                row.password = None;
                if ending == Ending::Anonymise {
                    let nobodys = EmailAddress::parse(&nobodys_address(user));
                    row.email = nobodys.map_err(|error| StoreError::Refused(error.to_string()))?;
                    row.confirmed_at = None;
                }
            }
            Ok(DeletingUser::Deleted)
        })
    }
}

/// Ends what admits a person: their sessions, and what was mailed to them. Whatever else lets somebody in without a fresh
/// proof belongs here. What gives an address back stays good: whoever took the address away may be who says goodbye.
fn close(state: &mut Tables, user: UserId, reason: SessionEnd, origin: &Origin) -> u64 {
    email_token::close(state, user, |token| token.purpose == Purpose::UndoEmailChange);
    ending::end_of_user(state, user, None, reason, origin)
}

/// Everything of a person goes but their row. Whatever a store keeps of a person belongs here.
fn forget(state: &mut Tables, user: UserId) {
    state.browsers.forget(user);
    state.factors.forget(user);
    state.passkeys.forget(user);
    state.linked_identities.forget(user);
    state.linked_identities.forget_visits(user);
    state.email_tokens.forget(user);
    state.mails.forget(user);
    state.tries.forget(user);
}
