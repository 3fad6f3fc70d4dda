//! Goodbyes.

use std::future::Future;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use crate::rules::{
    deletion::{Due, Ending},
    mail::OutboxMail,
    user::UserId,
};

/// Keeps who is leaving, until they stay or are gone.
pub trait DeletionStore: Send + Sync + 'static {
    /// Notes that `user` leaves at `delete_at`, unless they do already: every session of theirs ends, what was mailed to them
    /// opens nothing any more, and `notice` is queued. From then on a sign-in of theirs comes to
    /// [`SessionStage::Leaving`](crate::rules::session::SessionStage::Leaving). Writes `user.deletion_scheduled`,
    /// `session.revoked` for each, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn schedule_deletion(
        &self,
        user: UserId,
        delete_at: Timestamp,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<Scheduling, StoreError>> + Send;

    /// Lets `user` stay who was leaving, if they are not disabled and the moment has not come at `origin.at`: the sessions in
    /// which they were asked end, so that they sign in anew, and `notice` is queued. Writes `user.deletion_withdrawn`,
    /// `session.revoked` for each, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn withdraw_deletion(
        &self,
        user: UserId,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<Withdrawing, StoreError>> + Send;

    /// When `user` leaves; `None` when they stay, or are gone.
    ///
    /// # Errors
    /// When the store fails.
    fn deletion_of(&self, user: UserId)
    -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send;

    /// At most `limit` people whose moment has come at `now`, disabled ones too, the longest due first.
    ///
    /// # Errors
    /// When the store fails.
    fn due_deletions(
        &self,
        now: Timestamp,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<Due>, StoreError>> + Send;

    /// Deletes `user`, whose moment has come at `origin.at`: all that was kept of them goes but the audit log, and of the
    /// person's row what `ending` says. `notice` is queued, to the address that they had. Writes `user.deleted`,
    /// `session.revoked` for each session, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn delete_user(
        &self,
        user: UserId,
        ending: Ending,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<DeletingUser, StoreError>> + Send;
}

/// What became of [`DeletionStore::schedule_deletion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduling {
    /// They leave.
    Scheduled {
        /// How many sessions ended with it.
        sessions: u64,
    },
    /// They leave already, at this moment; nothing was written.
    Leaving(Timestamp),
    /// They are disabled or gone; nothing was written.
    UserRefused,
}

/// What became of [`DeletionStore::withdraw_deletion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawing {
    /// They stay.
    Withdrawn,
    /// They were not leaving, are disabled, or it is too late; nothing was written.
    Refused,
}

/// What became of [`DeletionStore::delete_user`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletingUser {
    /// They are gone.
    Deleted,
    /// They stay, their moment has not come, or they are gone already; nothing was written.
    NotDue,
}
