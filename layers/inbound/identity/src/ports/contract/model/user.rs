//! People.

use proptest::{option, prelude::*};
use towergate_core::{Secret, contract::model::Answers};

use super::{
    Model, Modelled,
    world::{Breach, email, person, user_id},
};
use crate::{
    ports::user::{AddingUser, DisablingUser, Rehashing},
    rules::{
        fact::{IdentityFact, SessionEnd},
        user::{User, UserId, UserState},
    },
};

/// What is done about people.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum UserOperation {
    Find { user: u8 },
    FindByEmail { email: u8 },
    Add { user: u8, email: u8, confirmed: bool, password: Option<u8> },
    Rehash { user: u8, old: u8, new: u8 },
    Disable { user: u8 },
    Enable { user: u8 },
}

pub(super) fn operation() -> impl Strategy<Value = UserOperation> {
    use UserOperation::*;
    let add = (person(), person(), any::<bool>(), option::weighted(0.8, 0..2_u8));
    prop_oneof![
        1 => person().prop_map(|user| Find { user }),
        1 => person().prop_map(|email| FindByEmail { email }),
        2 => add.prop_map(|(user, email, confirmed, password)| Add { user, email, confirmed, password }),
        1 => (person(), 0..2_u8, 0..2_u8).prop_map(|(user, old, new)| Rehash { user, old, new }),
        1 => person().prop_map(|user| Disable { user }),
        1 => person().prop_map(|user| Enable { user }),
    ]
}

/// Those without whom little happens.
pub(super) const fn newcomers() -> [UserOperation; 2] {
    [
        UserOperation::Add { user: 1, email: 1, confirmed: true, password: Some(0) },
        UserOperation::Add { user: 2, email: 2, confirmed: false, password: Some(0) },
    ]
}

pub(super) fn readings() -> impl Iterator<Item = UserOperation> {
    (1..=4).flat_map(|n| [UserOperation::Find { user: n }, UserOperation::FindByEmail { email: n }])
}

impl Model {
    pub(super) async fn user<S>(&mut self, store: &S, operation: &UserOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            UserOperation::Find { user } => {
                let id = user_id(user.into());
                Answers::of(store.find_user(id).await.map(seen), seen(self.users.get(&id).cloned()))
            }
            UserOperation::FindByEmail { email: n } => {
                let found = self.users.values().find(|user| user.email == email(n.into())).cloned();
                Answers::of(store.find_user_by_email(&email(n.into())).await.map(seen), seen(found))
            }
            UserOperation::Add { user, email: n, confirmed, password } => {
                let user = User {
                    id: user_id(user.into()),
                    email: email(n.into()),
                    password: password.map(hash),
                    state: UserState::Active,
                    created_at: origin.at,
                    confirmed_at: confirmed.then_some(origin.at),
                };
                Answers::tried(store.add_user(user.clone(), origin).await, self.add_user(user))
            }
            UserOperation::Rehash { user, old, new } => {
                let user = user_id(user.into());
                let answer = store.rehash_password(user, hash(old), hash(new), origin).await;
                Answers::of(answer, self.rehash_password(user, old, new))
            }
            UserOperation::Disable { user } => {
                let user = user_id(user.into());
                Answers::of(store.disable_user(user, origin).await, self.disable_user(user))
            }
            UserOperation::Enable { user } => {
                let user = user_id(user.into());
                Answers::of(store.enable_user(user, origin).await, self.enable_user(user))
            }
        }
    }

    pub(super) fn add_user(&mut self, user: User) -> Result<AddingUser, Breach> {
        if self.is_taken(&user.email, None) {
            return Ok(AddingUser::EmailTaken);
        }
        if self.users.contains_key(&user.id) {
            return Err(Breach);
        }
        self.tell(&IdentityFact::UserRegistered { user: user.id });
        self.users.insert(user.id, user);
        Ok(AddingUser::Added)
    }

    fn rehash_password(&mut self, user: UserId, old: u8, new: u8) -> Rehashing {
        match self.users.get_mut(&user).and_then(|user| user.password.as_mut()) {
            Some(password) if password.expose() == hash(old).expose() => *password = hash(new),
            _ => return Rehashing::Changed,
        }
        self.tell(&IdentityFact::PasswordRehashed { user });
        Rehashing::Replaced
    }

    fn disable_user(&mut self, user: UserId) -> DisablingUser {
        match self.users.get_mut(&user) {
            Some(there) if there.state != UserState::Deleted => there.state = UserState::Disabled,
            _ => return DisablingUser::Missing,
        }
        self.tell(&IdentityFact::UserDisabled { user });
        DisablingUser::Disabled { sessions: self.end_all_of(user, None, SessionEnd::UserDisabled) }
    }

    fn enable_user(&mut self, user: UserId) -> bool {
        match self.users.get_mut(&user) {
            Some(there) if there.state == UserState::Disabled => {
                let is_leaving = self.deletions.contains_key(&user);
                there.state = if is_leaving { UserState::Leaving } else { UserState::Active };
            }
            _ => return false,
        }
        self.tell(&IdentityFact::UserEnabled { user });
        true
    }
}

/// The hash of one of a few passwords.
pub(super) fn hash(n: u8) -> Secret<String> {
    Secret::from(format!("$argon2id$password-{n}").as_str())
}

/// All of somebody, the secret too.
fn seen(user: Option<User>) -> Option<(User, Option<String>)> {
    user.map(|user| (user.clone(), user.password.map(|password| password.expose().clone())))
}
