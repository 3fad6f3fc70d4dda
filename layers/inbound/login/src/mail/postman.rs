//! Sending what is due.

use std::{
    fmt,
    future::{Future, pending},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{
    FutureExt, StreamExt,
    future::{Either, select},
    stream::FuturesUnordered,
};
use towergate_core::{
    Clock, Random, StoreError,
    audit::Origin,
    outbox::Lanes,
    system::{OsRandom, SystemClock},
};
use towergate_identity::{
    ports::MailOutbox,
    rules::mail::{MailDelivery, OutboxMail},
};
use tracing::Instrument;

use super::{MailError, Mailer, Mailroom};

/// How long a mail is nobody else's while it is being sent; a mailer gives up sooner.
const LEASE: Duration = Duration::from_secs(120);

/// How long a mailer may take for one mail.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many mails are sent at once. Each is taken when its turn comes, so that none waits while its lease runs out.
const AT_ONCE: usize = 8;

/// How many of them to one domain: one whose servers are slow holds up no other.
const AT_ONE_DOMAIN: usize = 2;

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

    /// Draws what it needs from `random`.
    #[must_use]
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Sends everything that is due: at most eight mails at once, and two to one domain. A mail that cannot be sent now is tried
    /// again as [`Retry::STANDARD`](towergate_core::outbox::Retry::STANDARD) says, and then is a dead letter. Dropped midway, what
    /// was being sent is due again in two minutes.
    ///
    /// # Errors
    /// When the store fails; what was being sent is due again in two minutes.
    pub async fn deliver(&self) -> Result<Posted, StoreError> {
        self.deliver_until(pending()).await
    }

    /// The same until `stop` is ready: then no more mail is taken, and what is being sent is finished.
    ///
    /// # Errors
    /// When the store fails; what was being sent is due again in two minutes.
    pub async fn deliver_until(&self, stop: impl Future<Output = ()> + Send) -> Result<Posted, StoreError> {
        let mut posted = Posted::default();
        let (mut under_way, mut lanes) = (FuturesUnordered::new(), Lanes::new(AT_ONCE, AT_ONE_DOMAIN));
        let (mut stop, mut stopped, mut broken) = (pin!(stop.fuse()), false, None);
        loop {
            while !stopped && broken.is_none() && !lanes.is_full() {
                stopped = stop.as_mut().now_or_never().is_some();
                if stopped {
                    break;
                }
                match self.store.take_due_mails(self.clock.now(), LEASE, 1, lanes.busy()).await {
                    Ok(due) if due.is_empty() => break,
                    Ok(due) => under_way.extend(due.into_iter().map(|mail| {
                        lanes.enter(&mail.domain);
                        let span = towergate_core::work_span!("towergate.outbox", queue = "mail");
                        async { (mail.domain.clone(), self.send(mail).instrument(span).await) }
                    })),
                    Err(error) => broken = Some(error),
                }
            }
            if under_way.is_empty() {
                return broken.map_or(Ok(posted), Err);
            }
            let told = match select(under_way.next(), pin!(self.room.mail_queued())).await {
                Either::Left((told, _)) => told,
                // Whoever is written to meanwhile need not wait for those that are slow.
                Either::Right(_) if !stopped && broken.is_none() => continue,
                Either::Right(((), told)) => told.await,
            };
            let Some((domain, delivery)) = told else { continue };
            lanes.leave(&domain);
            match delivery {
                Ok(MailDelivery::Sent) => posted.sent += 1,
                Ok(MailDelivery::RetryAt { .. }) => posted.delayed += 1,
                Ok(MailDelivery::GivenUp { .. }) => posted.given_up += 1,
                Err(error) => broken = broken.or(Some(error)),
            }
        }
    }

    async fn send(&self, mail: OutboxMail) -> Result<MailDelivery, StoreError> {
        let delivery = self.attempt(&mail).await;
        let origin = Origin::detached(self.clock.now(), &self.random).map_err(StoreError::unavailable)?;
        self.store.finish_mail(mail.id, mail.attempt, delivery, origin).await?;
        Ok(delivery)
    }

    async fn attempt(&self, sealed: &OutboxMail) -> MailDelivery {
        if self.clock.now() >= sealed.expires_at {
            return MailDelivery::GivenUp { reason: "expired" };
        }
        let mail = match self.room.open(sealed) {
            Ok(mail) => mail,
            Err(error) => {
                tracing::error!(mail = %sealed.id, %error, "a mail in the outbox cannot be opened");
                return sealed.after_failure("sealed", self.clock.now(), &self.random);
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
                sealed.after_failure("unreachable", self.clock.now(), &self.random)
            }
            Err(_) => {
                tracing::warn!(mail = %sealed.id, "a mail took too long to send; it is tried again");
                sealed.after_failure("timeout", self.clock.now(), &self.random)
            }
        }
    }
}

impl<S, M> fmt::Debug for Postman<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postman").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
