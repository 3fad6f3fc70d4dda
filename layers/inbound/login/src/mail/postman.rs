//! Sending what is due.

use std::{fmt, sync::Arc, time::Duration};

use towergate_core::{
    Clock, Random, StoreError,
    audit::Origin,
    system::{OsRandom, SystemClock},
};
use towergate_identity::{
    ports::MailOutbox,
    rules::mail::{MailDelivery, OutboxMail},
};

use super::{MailError, Mailer, Mailroom};

/// How long a mail is nobody else's while it is being sent; a mailer gives up sooner.
const LEASE: Duration = Duration::from_secs(120);

/// How long a mailer may take for one mail.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends the mail of a store. The host calls [`deliver`](Self::deliver) again and again, on one machine or several:
///
/// ```no_run
/// # use std::time::Duration;
/// # use towergate_identity::ports::MailOutbox;
/// # use towergate_login::mail::{Mailer, Mailroom, Postman};
/// async fn deliver<S: MailOutbox, M: Mailer>(store: S, room: Mailroom, mailer: M) {
///     let postman = Postman::new(store, room.clone(), mailer);
///     loop {
///         if let Err(error) = postman.deliver().await {
///             eprintln!("no mail went out; trying again soon: {error}");
///         }
///         tokio::select! {
///             () = room.mail_queued() => {}
///             () = tokio::time::sleep(Duration::from_secs(30)) => {} // what could not go out before
///         }
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Postman<S, M> {
    store: S,
    room: Mailroom,
    mailer: M,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

/// What became of the mails that were due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Posted {
    /// Sent.
    pub sent: u32,
    /// To be tried again.
    pub delayed: u32,
    /// Given up.
    pub given_up: u32,
}

impl<S: MailOutbox, M: Mailer> Postman<S, M> {
    /// Sends what `room` sealed into `store`, by `mailer`.
    pub fn new(store: S, room: Mailroom, mailer: M) -> Self {
        Self { store, room, mailer, clock: Arc::new(SystemClock), random: Arc::new(OsRandom::new()) }
    }

    /// Asks `clock` for the time.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sends everything that is due, one after the other.
    ///
    /// # Errors
    /// When the store fails; what was being sent is due again in two minutes.
    pub async fn deliver(&self) -> Result<Posted, StoreError> {
        let mut posted = Posted::default();
        loop {
            let due = self.store.take_due_mails(self.clock.now(), LEASE, 1).await?;
            let Some(mail) = due.into_iter().next() else { return Ok(posted) };
            let delivery = self.attempt(&mail).await;
            match delivery {
                MailDelivery::Sent => posted.sent += 1,
                MailDelivery::RetryAt { .. } => posted.delayed += 1,
                MailDelivery::GivenUp { .. } => posted.given_up += 1,
            }
            let now = self.clock.now();
            let origin = Origin::detached(now, &self.random).map_err(StoreError::unavailable)?;
            self.store.finish_mail(mail.id, mail.attempt, delivery, origin).await?;
        }
    }

    async fn attempt(&self, sealed: &OutboxMail) -> MailDelivery {
        if self.clock.now() >= sealed.expires_at {
            return MailDelivery::GivenUp { reason: "expired" };
        }
        let mail = match self.room.open(sealed) {
            Ok(mail) => mail,
            Err(error) => {
                tracing::error!(mail = %sealed.id, %error, "a mail in the outbox cannot be opened");
                return sealed.after_failure("sealed", self.clock.now());
            }
        };
        let sending = tokio::time::timeout(PATIENCE, self.mailer.send(&mail)).await;
        match sending {
            Ok(Ok(())) => MailDelivery::Sent,
            Ok(Err(MailError::Never(error))) => {
                tracing::warn!(mail = %sealed.id, %error, "a mail is refused");
                MailDelivery::GivenUp { reason: "refused" }
            }
            Ok(Err(MailError::Later(error))) => {
                tracing::warn!(mail = %sealed.id, %error, "a mail could not be sent; it is tried again");
                sealed.after_failure("unreachable", self.clock.now())
            }
            Err(_) => {
                tracing::warn!(mail = %sealed.id, "a mail took too long to send; it is tried again");
                sealed.after_failure("timeout", self.clock.now())
            }
        }
    }
}

impl<S, M> fmt::Debug for Postman<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postman").finish_non_exhaustive()
    }
}
