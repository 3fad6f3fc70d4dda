//! Accounts elsewhere that open people's accounts here.

use std::future::Future;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use crate::rules::{
    linked_identity::{ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderVisit, ProviderVisitId},
    mail::OutboxMail,
    session::SessionId,
    user::{User, UserId},
};

/// Keeps links to accounts elsewhere, and the visits to their providers.
pub trait LinkedIdentityStore: Send + Sync + 'static {
    /// Keeps a visit that waits for its end. Of more than `each` from the same browser the oldest make way; `false` where `most`
    /// wait altogether, and nothing is written then. What is too old counts for nothing, and may be forgotten by then.
    ///
    /// # Errors
    /// When the store fails, or there is no such person.
    fn begin_visit(
        &self,
        visit: ProviderVisit,
        each: u32,
        most: u32,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Takes a visit out, for its one end, whatever that is worth. Of many at once, one gets it.
    ///
    /// # Errors
    /// When the store fails.
    fn take_visit(
        &self,
        id: ProviderVisitId,
    ) -> impl Future<Output = Result<Option<ProviderVisit>, StoreError>> + Send;

    /// The link of an account.
    ///
    /// # Errors
    /// When the store fails.
    fn find_linked_identity(
        &self,
        account: &ExternalAccount,
    ) -> impl Future<Output = Result<Option<LinkedIdentity>, StoreError>> + Send;

    /// The links of `user`, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    fn linked_identities_of(
        &self,
        user: UserId,
    ) -> impl Future<Output = Result<Vec<LinkedIdentity>, StoreError>> + Send;

    /// Keeps a new person together with the account elsewhere that opens theirs, in one step, unless the address or the account
    /// is somebody's. Writes `user.registered` and `identity.linked`.
    ///
    /// # Errors
    /// When the store fails.
    fn register_linked(
        &self,
        user: User,
        identity: LinkedIdentity,
        origin: Origin,
    ) -> impl Future<Output = Result<RegisteringLinked, StoreError>> + Send;

    /// Keeps a link, unless the account opens anybody's already, and queues the mail that tells of it. Writes
    /// `identity.linked`, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn link_identity(
        &self,
        identity: LinkedIdentity,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<Linking, StoreError>> + Send;

    /// Notes that a link opened its account just now, with what the provider gave; `false` when there is no such link by now.
    ///
    /// # Errors
    /// When the store fails.
    fn use_linked_identity(
        &self,
        id: LinkedIdentityId,
        label: String,
        tokens: Option<Vec<u8>>,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes a link, unless it is the [last way in](crate::rules::ways_in), ends every other session of its person, and queues
    /// the mail that tells of it. Writes `identity.unlinked`, `session.revoked` for each, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn unlink_identity(
        &self,
        removal: Unlinkage,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<Unlinking, StoreError>> + Send;
}

/// A link about to be removed.
#[derive(Debug, Clone)]
pub struct Unlinkage {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub identity: LinkedIdentityId,
    /// The session that goes on.
    pub keeps: Option<SessionId>,
    /// How many ways in they have that the store does not know of, such as links that the host mails.
    pub other_ways: u32,
    /// By which providers people sign in here: an account at any other is no way in.
    pub providers: Vec<String>,
}

/// What became of [`LinkedIdentityStore::register_linked`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisteringLinked {
    /// Both are kept.
    Added,
    /// Somebody has the address; nothing was written.
    EmailTaken,
    /// The account opens somebody's; nothing was written.
    AccountTaken,
}

/// What became of [`LinkedIdentityStore::link_identity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// It is kept.
    Linked,
    /// The account opens theirs already; nothing was written.
    Theirs,
    /// The account opens another person's; nothing was written.
    Taken,
    /// There is no such person, or they are shut out; nothing was written.
    UserRefused,
}

/// What became of [`LinkedIdentityStore::unlink_identity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinking {
    /// It is gone, and so many sessions ended with it.
    Unlinked {
        /// How many.
        sessions: u64,
    },
    /// Its person could not sign in any more; nothing was written.
    LastWayIn,
    /// They have no such link; nothing was written.
    Missing,
}
