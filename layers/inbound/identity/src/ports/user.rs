//! People.

use std::future::Future;

use towergate_core::{Secret, StoreError, audit::Origin};

use crate::rules::{
    email::EmailAddress,
    user::{User, UserId},
};

/// Keeps people.
pub trait UserStore: Send + Sync + 'static {
    /// The person, disabled ones too.
    ///
    /// # Errors
    /// When the store fails.
    fn find_user(&self, id: UserId) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// The person with this address, disabled ones too.
    ///
    /// # Errors
    /// When the store fails.
    fn find_user_by_email(
        &self,
        email: &EmailAddress,
    ) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// Keeps a new person, unless the address is taken. Writes `user.registered`.
    ///
    /// # Errors
    /// When the store fails.
    fn add_user(
        &self,
        user: User,
        origin: Origin,
    ) -> impl Future<Output = Result<AddingUser, StoreError>> + Send;

    /// Replaces the hash `old` by `new`, both PHC strings of the same password, if `old` is still there. Writes
    /// `password.rehashed`.
    ///
    /// # Errors
    /// When the store fails.
    fn rehash_password(
        &self,
        user: UserId,
        old: Secret<String>,
        new: Secret<String>,
        origin: Origin,
    ) -> impl Future<Output = Result<Rehashing, StoreError>> + Send;

    /// Shuts a person out and ends every session they have. Writes `user.disabled`, and `session.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn disable_user(
        &self,
        user: UserId,
        origin: Origin,
    ) -> impl Future<Output = Result<DisablingUser, StoreError>> + Send;

    /// Lets a person in again who was shut out; `false` when there is no such person. What they had of passwords and factors is as it
    /// was, what ended then stays ended, and whoever was leaving is leaving still. Writes `user.enabled`.
    ///
    /// # Errors
    /// When the store fails.
    fn enable_user(
        &self,
        user: UserId,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What became of [`UserStore::add_user`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddingUser {
    /// They are kept.
    Added,
    /// Somebody has this address.
    EmailTaken,
}

/// What became of [`UserStore::rehash_password`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rehashing {
    /// The hash is replaced.
    Replaced,
    /// The hash is another one by now; nothing was written.
    Changed,
}

/// What became of [`UserStore::disable_user`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisablingUser {
    /// They are shut out, and so many sessions ended with it.
    Disabled {
        /// How many sessions were alive until now.
        sessions: u64,
    },
    /// There is no such person.
    Missing,
}
