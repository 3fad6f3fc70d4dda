//! People in memory.

use std::collections::BTreeMap;

use towergate_core::{Secret, StoreError, audit::Origin, secret::constant_time_eq};

use super::{MemoryStore, already_there, ending};
use crate::{
    ports::user::{AddingUser, DisablingUser, Rehashing, UserStore},
    rules::{
        email::EmailAddress,
        fact::{IdentityFact, SessionEnd},
        user::{User, UserId, UserState},
    },
};

#[derive(Default)]
pub(super) struct Users(BTreeMap<UserId, User>);

impl UserStore for MemoryStore {
    async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.step(|state| Ok(state.users.0.get(&id).cloned()))
    }

    async fn find_user_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        self.step(|state| Ok(state.users.0.values().find(|user| user.email == *email).cloned()))
    }

    async fn add_user(&self, user: User, origin: Origin) -> Result<AddingUser, StoreError> {
        self.step(|state| {
            if super::email_change::is_taken(state, &user.email, None, origin.at) {
                return Ok(AddingUser::EmailTaken);
            }
            let users = &mut state.users.0;
            if users.contains_key(&user.id) {
                return Err(already_there("user", user.id));
            }
            state.log.write(&IdentityFact::UserRegistered { user: user.id }, &origin);
            users.insert(user.id, user);
            Ok(AddingUser::Added)
        })
    }

    async fn rehash_password(
        &self,
        user: UserId,
        old: Secret<String>,
        new: Secret<String>,
        origin: Origin,
    ) -> Result<Rehashing, StoreError> {
        self.step(|state| {
            let there = state.users.0.get_mut(&user).and_then(|row| row.password.as_mut());
            let Some(password) = there.filter(|there| same(there, &old)) else {
                return Ok(Rehashing::Changed);
            };
            *password = new;
            state.log.write(&IdentityFact::PasswordRehashed { user }, &origin);
            Ok(Rehashing::Replaced)
        })
    }

    async fn disable_user(&self, user: UserId, origin: Origin) -> Result<DisablingUser, StoreError> {
        self.step(|state| {
            let there = state.users.0.get_mut(&user).filter(|row| row.state != UserState::Deleted);
            let Some(row) = there else { return Ok(DisablingUser::Missing) };
            row.state = UserState::Disabled;
            state.log.write(&IdentityFact::UserDisabled { user }, &origin);
            let sessions = ending::end_of_user(state, user, None, SessionEnd::UserDisabled, &origin);
            Ok(DisablingUser::Disabled { sessions })
        })
    }

    async fn enable_user(&self, user: UserId, origin: Origin) -> Result<bool, StoreError> {
        self.step(|state| {
            let shut_out = state.users.0.get_mut(&user).filter(|row| row.state == UserState::Disabled);
            let Some(row) = shut_out else { return Ok(false) };
            row.state = if state.deletions.has(user) { UserState::Leaving } else { UserState::Active };
            state.log.write(&IdentityFact::UserEnabled { user }, &origin);
            Ok(true)
        })
    }
}

impl Users {
    pub(super) fn find(&self, id: UserId) -> Option<&User> {
        self.0.get(&id)
    }

    pub(super) fn find_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.0.get_mut(&id)
    }

    pub(super) fn with_address(&self, email: &EmailAddress) -> Option<UserId> {
        self.0.values().find(|user| user.email == *email).map(|user| user.id)
    }

    pub(super) fn remove(&mut self, id: UserId) {
        self.0.remove(&id);
    }

    pub(super) fn insert(&mut self, user: User) {
        self.0.insert(user.id, user);
    }

    /// Whether the person is there and not shut out.
    pub(super) fn may_sign_in(&self, id: UserId) -> bool {
        self.0.get(&id).is_some_and(|user| user.state == UserState::Active)
    }
}

pub(super) fn same(left: &Secret<String>, right: &Secret<String>) -> bool {
    constant_time_eq(left.expose().as_bytes(), right.expose().as_bytes())
}
