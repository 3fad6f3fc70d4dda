//! Passkeys, and the ceremonies with them.

use std::future::Future;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use crate::rules::{
    mail::OutboxMail,
    passkey::{
        Ceremony, CeremonyId, CeremonyRoom, Passkey, PasskeyId, PasskeyName, PasskeyUse, SignCountPolicy,
    },
    session::SessionId,
    user::UserId,
};

/// Keeps passkeys and the ceremonies with them.
pub trait PasskeyStore: Send + Sync + 'static {
    /// Keeps a ceremony that waits for its answer, where there is room for it. The oldest of the same session, or of the same
    /// stranger's browser, make way for it, and then need no more room. What is too old counts for nothing.
    ///
    /// # Errors
    /// When the store fails, or there is no such person.
    fn begin_ceremony(
        &self,
        ceremony: Ceremony,
        room: CeremonyRoom,
    ) -> impl Future<Output = Result<BeginningCeremony, StoreError>> + Send;

    /// Takes a ceremony out that is open at `now`, for its one answer, whatever that is worth. Of many at once, one gets it.
    ///
    /// # Errors
    /// When the store fails.
    fn take_ceremony(
        &self,
        id: CeremonyId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Ceremony>, StoreError>> + Send;

    /// The passkeys of `user`, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    fn passkeys_of(&self, user: UserId) -> impl Future<Output = Result<Vec<Passkey>, StoreError>> + Send;

    /// The passkey that its authenticator calls by this identifier.
    ///
    /// # Errors
    /// When the store fails.
    fn find_passkey(
        &self,
        credential_id: &[u8],
    ) -> impl Future<Output = Result<Option<Passkey>, StoreError>> + Send;

    /// Keeps a new passkey, unless its person has `most` of them or anybody has it, and queues the mail that tells of it. Writes
    /// `passkey.added`, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn add_passkey(
        &self,
        passkey: Passkey,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<AddingPasskey, StoreError>> + Send;

    /// Notes a signature that was checked, unless its count
    /// [went back](crate::rules::passkey::judge_count) and `policy` is against that. Writes `passkey.used`, or
    /// `passkey.count_went_back`, or both.
    ///
    /// Under [`SignCountPolicy::Revoke`] a key whose count went back is removed, every session of its person ends, and
    /// `notice` is queued: `passkey.removed`, `session.revoked` for each, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn use_passkey(
        &self,
        used: PasskeyUse,
        policy: SignCountPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<UsingPasskey, StoreError>> + Send;

    /// Calls a passkey of `user` something else; `false` when they have no such passkey. Writes `passkey.renamed`.
    ///
    /// # Errors
    /// When the store fails.
    fn rename_passkey(
        &self,
        user: UserId,
        passkey: PasskeyId,
        name: PasskeyName,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes a passkey, unless it is the [last way in](crate::rules::ways_in), ends every other session of its person, and
    /// the one that goes on too where it rests on this passkey, and queues the mail that tells of it. Writes
    /// `passkey.removed`, `session.revoked` for each, and `mail.queued`.
    ///
    /// With the last of them its person is [asked](super::PasskeyFactorStore) for none any more: `passkey_factor.switched_off`.
    ///
    /// # Errors
    /// When the store fails.
    fn remove_passkey(
        &self,
        removal: PasskeyRemoval,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<RemovingPasskey, StoreError>> + Send;
}

/// A passkey about to be removed.
#[derive(Debug, Clone)]
pub struct PasskeyRemoval {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub passkey: PasskeyId,
    /// The session that goes on, unless it rests on this passkey.
    pub keeps: Option<SessionId>,
    /// How many ways in they have that the store does not know of, such as links that the host mails.
    pub other_ways: u32,
    /// By which providers people sign in here: an account at any other is no way in.
    pub providers: Vec<String>,
}

/// What became of [`PasskeyStore::begin_ceremony`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeginningCeremony {
    /// It waits.
    Begun,
    /// Too many strangers' ceremonies wait; nothing was written.
    Full,
}

/// What became of [`PasskeyStore::add_passkey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddingPasskey {
    /// It is kept.
    Added,
    /// Somebody has it already; nothing was written.
    Taken,
    /// There are as many as a person may have; nothing was written.
    TooMany,
    /// There is no such person, or they are shut out; nothing was written.
    UserRefused,
}

/// What became of [`PasskeyStore::use_passkey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsingPasskey {
    /// It is noted.
    Used,
    /// Its count went back, and it is refused.
    Refused,
    /// Its count went back, and it is gone.
    Revoked,
    /// There is no such passkey by now; nothing was written.
    Missing,
}

/// What became of [`PasskeyStore::remove_passkey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemovingPasskey {
    /// It is gone, and so many sessions ended with it.
    Removed {
        /// How many.
        sessions: u64,
    },
    /// Its person could not sign in any more; nothing was written.
    LastWayIn,
    /// They have no such passkey; nothing was written.
    Missing,
}
