//! The outbox: mail that is written in the step of what it tells, and sent until it is gone.

use std::{future::Future, time::Duration};

use towergate_core::{
    StoreError, Timestamp,
    audit::Origin,
    outbox::{Backlog, DeadLetter, Replaying},
};

use crate::rules::mail::{MailDelivery, MailId, MailLimit, OutboxMail};

/// Keeps mail until it is sent.
pub trait MailOutbox: Send + Sync + 'static {
    /// Keeps a mail that comes with no other change, due at once, unless there was enough of its kind. Writes
    /// `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn queue_mail(
        &self,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> impl Future<Output = Result<Queuing, StoreError>> + Send;

    /// Takes at most `limit` mails that are due at `now`, the longest due first and none to a domain that is `busy`, each with
    /// its try counted. They are nobody else's for `lease`; whoever dies meanwhile leaves them due again after it.
    ///
    /// # Errors
    /// When the store fails.
    fn take_due_mails(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u16,
        busy: Vec<String>,
    ) -> impl Future<Output = Result<Vec<OutboxMail>, StoreError>> + Send;

    /// Notes how a try ended. A mail that was sent loses its text for good; one that was given up is a dead letter, and
    /// keeps it sealed. Writes `mail.sent`, `mail.delayed` or `mail.given_up`.
    ///
    /// # Errors
    /// When the store fails.
    fn finish_mail(
        &self,
        id: MailId,
        attempt: u32,
        delivery: MailDelivery,
        origin: Origin,
    ) -> impl Future<Output = Result<FinishingMail, StoreError>> + Send;

    /// At most `limit` dead letters, those first that were given up last. They are kept for
    /// [`DEAD_LETTER_KEPT`](towergate_core::outbox::DEAD_LETTER_KEPT).
    ///
    /// # Errors
    /// When the store fails.
    fn dead_mails(
        &self,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<DeadLetter<MailId>>, StoreError>> + Send;

    /// How much mail waits, and how much was given up.
    ///
    /// # Errors
    /// When the store fails.
    fn mail_backlog(&self) -> impl Future<Output = Result<Backlog, StoreError>> + Send;

    /// Makes a dead letter due now, with all its tries before it. Writes `mail.replayed`.
    ///
    /// # Errors
    /// When the store fails.
    fn replay_mail(
        &self,
        id: MailId,
        origin: Origin,
    ) -> impl Future<Output = Result<Replaying, StoreError>> + Send;
}

/// What became of [`MailOutbox::queue_mail`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queuing {
    /// It waits.
    Queued,
    /// There was enough mail of this kind; nothing was written.
    TooMany,
}

/// What became of [`MailOutbox::finish_mail`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishingMail {
    /// It is noted.
    Finished,
    /// Somebody else tried it since, or it is finished already; nothing was written.
    Overtaken,
}
