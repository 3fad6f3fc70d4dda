//! Clients that are to learn that a sign-in ended.
//!
//! The sign-in ends by [`GrantStore::end_session_grants`](super::GrantStore::end_session_grants), which writes the
//! notices in its one step: whoever dies afterwards, each client is told.

use std::{future::Future, time::Duration};

use towergate_core::{
    StoreError, Timestamp,
    audit::Origin,
    outbox::{Backlog, DeadLetter, Replaying},
};

use crate::rules::{
    client::ClientId,
    logout::{Delivery, LogoutNotice, NoticeKey},
};

/// Keeps which clients had a part in a sign-in, and those that are to be told of its end.
pub trait LogoutStore: Send + Sync + 'static {
    /// Every client that had a grant in the sign-in `sid`, whatever became of it, in the order of their identifiers.
    /// They are known for [`CLIENT_KEPT`](crate::rules::logout::notice::CLIENT_KEPT) after the last grant.
    ///
    /// # Errors
    /// When the store fails.
    fn clients_of_session(&self, sid: &str)
    -> impl Future<Output = Result<Vec<ClientId>, StoreError>> + Send;

    /// Takes at most `limit` notices that are due at `now`, those first that have waited longest, and none for a host that is
    /// `busy`: one that is slow to answer holds up no other. Each belongs to the
    /// caller for `lease`; afterwards it is due again, unless it was finished. Of several instances that take at once,
    /// one gets it.
    ///
    /// # Errors
    /// When the store fails.
    fn take_due_logouts(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u16,
        busy: Vec<String>,
    ) -> impl Future<Output = Result<Vec<LogoutNotice>, StoreError>> + Send;

    /// Writes down what became of an attempt, unless somebody else has taken the notice meanwhile, or it was finished.
    /// What was given up is a dead letter. Writes `logout.delivered`, `logout.delayed` or `logout.given_up`.
    ///
    /// # Errors
    /// When the store fails.
    fn finish_logout(
        &self,
        notice: LogoutNotice,
        delivery: Delivery,
        origin: Origin,
    ) -> impl Future<Output = Result<Finishing, StoreError>> + Send;

    /// At most `limit` dead letters, those first that were given up last. They are kept for
    /// [`DEAD_LETTER_KEPT`](towergate_core::outbox::DEAD_LETTER_KEPT).
    ///
    /// # Errors
    /// When the store fails.
    fn dead_logouts(
        &self,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<DeadLetter<NoticeKey>>, StoreError>> + Send;

    /// How many notices wait, and how many were given up.
    ///
    /// # Errors
    /// When the store fails.
    fn logout_backlog(&self) -> impl Future<Output = Result<Backlog, StoreError>> + Send;

    /// Makes a dead letter due now, with all its tries before it. Writes `logout.replayed`.
    ///
    /// # Errors
    /// When the store fails.
    fn replay_logout(
        &self,
        key: NoticeKey,
        origin: Origin,
    ) -> impl Future<Output = Result<Replaying, StoreError>> + Send;
}

/// What became of [`LogoutStore::finish_logout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finishing {
    /// It is written down.
    Finished,
    /// It was not this attempt's to finish any more.
    Overtaken,
}
