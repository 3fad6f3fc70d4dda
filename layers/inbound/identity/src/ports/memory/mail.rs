//! The outbox in memory.

use std::{collections::BTreeMap, time::Duration};

use towergate_core::{
    StoreError, Timestamp,
    audit::Origin,
    outbox::{Backlog, DeadLetter, Replaying},
};

use super::{MemoryStore, Tables, already_there};
use crate::{
    ports::mail::{FinishingMail, MailOutbox, Queuing},
    rules::{
        fact::IdentityFact,
        mail::{MailDelivery, MailId, MailLimit, OutboxMail},
        user::UserId,
    },
};

#[derive(Default)]
pub(super) struct Mails(BTreeMap<MailId, Row>);

struct Row {
    mail: OutboxMail,
    due_at: Option<Timestamp>,
    /// When it was given up, and why.
    died: Option<(Timestamp, &'static str)>,
}

impl MailOutbox for MemoryStore {
    async fn queue_mail(
        &self,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> Result<Queuing, StoreError> {
        self.step(|state| {
            if !state.mails.has_room(&mail, limit, origin.at) {
                return Ok(Queuing::TooMany);
            }
            queue(state, mail, &origin)?;
            Ok(Queuing::Queued)
        })
    }

    async fn take_due_mails(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u16,
        busy: Vec<String>,
    ) -> Result<Vec<OutboxMail>, StoreError> {
        self.step(|state| {
            let rows = state.mails.0.values_mut().filter(|row| !busy.contains(&row.mail.domain));
            let mut due: Vec<_> = rows.filter(|row| row.due_at.is_some_and(|at| at <= now)).collect();
            due.sort_by_key(|row| (row.due_at, row.mail.id));
            let taken = due.into_iter().take(usize::from(limit)).map(|row| {
                row.mail.attempt = row.mail.attempt.saturating_add(1);
                row.due_at = Some(now.plus(lease));
                row.mail.clone()
            });
            Ok(taken.collect())
        })
    }

    async fn finish_mail(
        &self,
        id: MailId,
        attempt: u32,
        delivery: MailDelivery,
        origin: Origin,
    ) -> Result<FinishingMail, StoreError> {
        self.step(|state| {
            let row = state.mails.0.get_mut(&id);
            let Some(row) = row.filter(|row| row.due_at.is_some() && row.mail.attempt == attempt) else {
                return Ok(FinishingMail::Overtaken);
            };
            row.due_at = match delivery {
                MailDelivery::RetryAt { at, .. } => Some(at),
                MailDelivery::Sent | MailDelivery::GivenUp { .. } => None,
            };
            match delivery {
                MailDelivery::Sent => row.mail.sealed = Vec::new(),
                MailDelivery::GivenUp { reason } => row.died = Some((origin.at, reason)),
                MailDelivery::RetryAt { .. } => {}
            }
            let OutboxMail { user, kind, .. } = row.mail;
            state.log.write(&IdentityFact::MailTried { mail: id, user, kind, attempt, delivery }, &origin);
            Ok(FinishingMail::Finished)
        })
    }

    async fn dead_mails(&self, limit: u16) -> Result<Vec<DeadLetter<MailId>>, StoreError> {
        self.step(|state| {
            let mut dead: Vec<_> = state.mails.0.values().filter_map(Row::dead).collect();
            dead.sort_by_key(|letter| std::cmp::Reverse((letter.died_at, letter.id)));
            dead.truncate(usize::from(limit));
            Ok(dead)
        })
    }

    async fn mail_backlog(&self) -> Result<Backlog, StoreError> {
        self.step(|state| {
            let count = |is: fn(&&Row) -> bool| state.mails.0.values().filter(is).count() as u64;
            Ok(Backlog { waiting: count(|row| row.due_at.is_some()), dead: count(|row| row.died.is_some()) })
        })
    }

    async fn replay_mail(&self, id: MailId, origin: Origin) -> Result<Replaying, StoreError> {
        self.step(|state| {
            let Some(row) = state.mails.0.get_mut(&id).filter(|row| row.died.is_some()) else {
                return Ok(Replaying::Missing);
            };
            if row.mail.expires_at <= origin.at {
                return Ok(Replaying::TooLate);
            }
            (row.died, row.due_at) = (None, Some(origin.at));
            row.mail.forgiven = row.mail.attempt;
            let OutboxMail { user, kind, .. } = row.mail;
            state.log.write(&IdentityFact::MailReplayed { mail: id, user, kind }, &origin);
            Ok(Replaying::Replayed)
        })
    }
}

impl Row {
    fn dead(&self) -> Option<DeadLetter<MailId>> {
        let (died_at, reason) = self.died?;
        let mail = &self.mail;
        Some(DeadLetter {
            id: mail.id,
            kind: mail.kind.as_str(),
            destination: mail.domain.clone(),
            reason: reason.to_owned(),
            attempts: mail.attempt,
            queued_at: mail.created_at,
            died_at,
            ends_at: Some(mail.expires_at),
        })
    }
}

impl Mails {
    /// Forgets every mail to a person, sent or not.
    pub(super) fn forget(&mut self, user: UserId) {
        self.0.retain(|_, row| row.mail.user != user);
    }

    /// Whether one more mail of its kind may be written to its person.
    pub(super) fn has_room(&self, mail: &OutboxMail, limit: MailLimit, now: Timestamp) -> bool {
        let since = now.minus(limit.within);
        let of_kind = |row: &&Row| {
            (row.mail.user, row.mail.kind) == (mail.user, mail.kind) && row.mail.created_at > since
        };
        u32::try_from(self.0.values().filter(of_kind).count()).is_ok_and(|there| there < limit.most)
    }

    pub(super) fn contains(&self, id: MailId) -> bool {
        self.0.contains_key(&id)
    }
}

/// Writes the mail that tells of a change, if there is one.
pub(super) fn queue_notice(
    state: &mut Tables,
    notice: Option<OutboxMail>,
    origin: &Origin,
) -> Result<(), StoreError> {
    notice.map_or(Ok(()), |notice| queue(state, notice, origin))
}

/// Writes a mail, due at once.
pub(super) fn queue(state: &mut Tables, mail: OutboxMail, origin: &Origin) -> Result<(), StoreError> {
    if state.mails.contains(mail.id) {
        return Err(already_there("mail", mail.id));
    }
    let OutboxMail { id, user, kind, .. } = mail;
    state.log.write(&IdentityFact::MailQueued { mail: id, user, kind }, origin);
    state.mails.0.insert(id, Row { mail, due_at: Some(origin.at), died: None });
    Ok(())
}

/// A step is done whole or not at all: a mail that could not be queued is looked at before anything is written.
pub(super) fn check_fresh(state: &Tables, mail: Option<&OutboxMail>) -> Result<(), StoreError> {
    match mail {
        Some(mail) if state.mails.contains(mail.id) => Err(already_there("mail", mail.id)),
        Some(_) | None => Ok(()),
    }
}
