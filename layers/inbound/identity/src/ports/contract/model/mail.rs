//! Mail that waits to be sent.

use std::time::Duration;

use proptest::prelude::*;
use towergate_core::{
    Timestamp,
    contract::model::Answers,
    id::Uuid,
    outbox::{Backlog, DEAD_LETTER_KEPT, DeadLetter, Replaying},
};

use super::{
    Model, Modelled,
    world::{number, person, recent, user_id},
};
use crate::{
    ports::mail::{FinishingMail, Queuing},
    rules::{
        fact::IdentityFact,
        mail::{MailDelivery, MailId, MailKind, MailLimit, OutboxMail},
        notice::Notice,
        user::UserId,
    },
};

/// What is done about mail.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum MailOperation {
    Queue { user: u8, most: u32 },
    Take { limit: u16, busy: bool },
    Finish { taken: u8, ends: Ends },
    Dead { limit: u16 },
    Backlog,
    Replay { mail: u8 },
}

/// How a try ends.
#[derive(Debug, Clone, Copy)]
pub enum Ends {
    /// The next server has it.
    Sent,
    /// It is tried again later.
    Delayed,
    /// It is a dead letter.
    GivenUp,
}

/// A mail and what has become of it.
#[derive(Debug, Clone)]
pub(super) struct KeptMail {
    mail: OutboxMail,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    DueAt(Timestamp),
    Sent(Timestamp),
    Dead(Timestamp, &'static str),
}

const LEASE: Duration = Duration::from_secs(60);

/// How long a mail that was sent is remembered by a store that cleans.
const SENT_KEPT: Duration = Duration::from_secs(24 * 3600);

pub(super) fn operation() -> impl Strategy<Value = MailOperation> {
    use MailOperation as Do;
    let ends = prop_oneof![Just(Ends::Sent), Just(Ends::Delayed), Just(Ends::GivenUp)];
    prop_oneof![
        2 => (person(), 1..4_u32).prop_map(|(user, most)| Do::Queue { user, most }),
        4 => (0..4_u16, any::<bool>()).prop_map(|(limit, busy)| Do::Take { limit, busy }),
        4 => (recent(), ends).prop_map(|(taken, ends)| Do::Finish { taken, ends }),
        1 => (0..3_u16).prop_map(|limit| Do::Dead { limit }),
        2 => recent().prop_map(|mail| Do::Replay { mail }),
    ]
}

pub(super) fn readings() -> impl Iterator<Item = MailOperation> {
    [
        MailOperation::Dead { limit: 99 },
        MailOperation::Backlog,
        MailOperation::Take { limit: 999, busy: false },
    ]
    .into_iter()
}

impl Model {
    pub(super) async fn mail<S>(&mut self, store: &S, operation: &MailOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            MailOperation::Queue { user, most } => {
                let mail = self.new_mail(user_id(user.into()), MailKind::AddressTaken);
                let limit = limit(most);
                let answer = store.queue_mail(mail.clone(), limit, origin).await;
                let has_room = self.has_room(&mail, limit);
                if has_room {
                    self.queue(mail);
                }
                Answers::of(answer, if has_room { Queuing::Queued } else { Queuing::TooMany })
            }
            MailOperation::Take { limit, busy } => {
                let busy: Vec<_> = busy.then(|| String::from(SLOW)).into_iter().collect();
                let answer = store.take_due_mails(now, LEASE, limit, busy.clone()).await;
                Answers::of(answer, self.take_due_mails(limit.into(), &busy))
            }
            MailOperation::Finish { taken, ends } => {
                let at = self.mails_taken.len().checked_sub(usize::from(taken) + 1);
                let Some((id, attempt)) = at.and_then(|at| self.mails_taken.get(at)).copied() else {
                    return Answers::none(Ok(()));
                };
                let delivery = match ends {
                    Ends::Sent => MailDelivery::Sent,
                    Ends::Delayed => MailDelivery::RetryAt { at: now.plus(LEASE), reason: "timeout" },
                    Ends::GivenUp => MailDelivery::GivenUp { reason: "refused" },
                };
                let answer = store.finish_mail(id, attempt, delivery, origin).await;
                Answers::of(answer, self.finish_mail(id, attempt, delivery))
            }
            MailOperation::Dead { limit } => {
                let mut dead: Vec<_> = self.mails.values().filter_map(KeptMail::dead).collect();
                dead.sort_by_key(|letter| std::cmp::Reverse((letter.died_at, letter.id)));
                dead.truncate(limit.into());
                Answers::of(store.dead_mails(limit).await, dead)
            }
            MailOperation::Backlog => {
                let count = |is: fn(&State) -> bool| {
                    self.mails.values().filter(|there| is(&there.state)).count().try_into().unwrap()
                };
                let waiting = count(|state| matches!(state, State::DueAt(_)));
                let dead = count(|state| matches!(state, State::Dead(..)));
                Answers::of(store.mail_backlog().await, Backlog { waiting, dead })
            }
            MailOperation::Replay { mail } => {
                let id = mail_id(number(self.begun.mails, mail));
                Answers::of(store.replay_mail(id, origin).await, self.replay_mail(id))
            }
        }
    }

    /// Those that are due, the longest due first; whoever takes one has it for a while.
    fn take_due_mails(&mut self, limit: usize, busy: &[String]) -> Vec<OutboxMail> {
        let now = self.trail.now();
        let due = self.mails.values().filter(|there| !busy.contains(&there.mail.domain));
        let due = due.filter_map(|there| match there.state {
            State::DueAt(at) if at <= now => Some((at, there.mail.id)),
            _ => None,
        });
        let mut due: Vec<_> = due.collect();
        due.sort_unstable();
        due.truncate(limit);
        let mut taken = Vec::new();
        for (_, id) in due {
            let there = self.mails.get_mut(&id).unwrap();
            there.mail.attempt += 1;
            there.state = State::DueAt(now.plus(LEASE));
            self.mails_taken.push((id, there.mail.attempt));
            taken.push(there.mail.clone());
        }
        taken
    }

    fn finish_mail(&mut self, id: MailId, attempt: u32, delivery: MailDelivery) -> FinishingMail {
        let now = self.trail.now();
        let there = self.mails.get_mut(&id).filter(|there| matches!(there.state, State::DueAt(_)));
        let Some(there) = there.filter(|there| there.mail.attempt == attempt) else {
            return FinishingMail::Overtaken;
        };
        there.state = match delivery {
            MailDelivery::Sent => State::Sent(now),
            MailDelivery::RetryAt { at, .. } => State::DueAt(at),
            MailDelivery::GivenUp { reason } => State::Dead(now, reason),
        };
        let OutboxMail { user, kind, .. } = there.mail;
        self.tell(&IdentityFact::MailTried { mail: id, user, kind, attempt, delivery });
        FinishingMail::Finished
    }

    fn replay_mail(&mut self, id: MailId) -> Replaying {
        let now = self.trail.now();
        let there = self.mails.get_mut(&id).filter(|there| matches!(there.state, State::Dead(..)));
        let Some(there) = there else { return Replaying::Missing };
        if there.mail.expires_at <= now {
            return Replaying::TooLate;
        }
        there.state = State::DueAt(now);
        there.mail.forgiven = there.mail.attempt;
        let OutboxMail { user, kind, .. } = there.mail;
        self.tell(&IdentityFact::MailReplayed { mail: id, user, kind });
        Replaying::Replayed
    }

    /// Whether its person may get one more of its kind.
    pub(super) fn has_room(&self, mail: &OutboxMail, limit: MailLimit) -> bool {
        let since = self.trail.now().minus(limit.within);
        let alike = self.mails.values().filter(|there| {
            there.mail.user == mail.user && there.mail.kind == mail.kind && there.mail.created_at > since
        });
        alike.count() < limit.most.try_into().unwrap()
    }

    pub(super) fn queue(&mut self, mail: OutboxMail) {
        let OutboxMail { id, user, kind, .. } = mail;
        self.tell(&IdentityFact::MailQueued { mail: id, user, kind });
        let state = State::DueAt(self.trail.now());
        self.mails.insert(id, KeptMail { mail, state });
    }

    /// A mail that tells of a change, where one is to be sent.
    pub(super) fn notice(&mut self, user: UserId, is_sent: bool) -> Option<OutboxMail> {
        is_sent.then(|| self.new_mail(user, MailKind::Notice(Notice::PasswordChanged)))
    }

    pub(super) fn new_mail(&mut self, user: UserId, kind: MailKind) -> OutboxMail {
        self.begun.mails += 1;
        let (n, now) = (self.begun.mails, self.trail.now());
        OutboxMail {
            id: mail_id(n.into()),
            user,
            kind,
            domain: String::from(if n.is_multiple_of(2) { SLOW } else { "example.com" }),
            sealed: vec![n],
            created_at: now,
            expires_at: now.plus(SENT_KEPT),
            attempt: 0,
            forgiven: 0,
        }
    }

    pub(super) fn forget_mails(&mut self, user: UserId) {
        self.mails.retain(|_, there| there.mail.user != user);
    }
}

impl KeptMail {
    fn dead(&self) -> Option<DeadLetter<MailId>> {
        let State::Dead(died_at, reason) = self.state else { return None };
        let OutboxMail { id, kind, domain, attempt, created_at, expires_at, .. } = self.mail.clone();
        Some(DeadLetter {
            id,
            kind: kind.as_str(),
            destination: domain,
            reason: reason.to_owned(),
            attempts: attempt,
            queued_at: created_at,
            died_at,
            ends_at: Some(expires_at),
        })
    }

    /// Whether a store that cleans keeps it.
    pub(super) fn stays(&self, now: Timestamp) -> bool {
        match self.state {
            State::DueAt(_) => true,
            State::Sent(at) => now.minus(SENT_KEPT) < at,
            State::Dead(at, _) => now.minus(DEAD_LETTER_KEPT) < at,
        }
    }
}

const SLOW: &str = "slow.example";

fn mail_id(n: u128) -> MailId {
    MailId::from_uuid(Uuid::from_u128(0x6000 + n))
}

/// So many within an hour.
pub(super) const fn limit(most: u32) -> MailLimit {
    MailLimit { most, within: Duration::from_secs(3600) }
}
