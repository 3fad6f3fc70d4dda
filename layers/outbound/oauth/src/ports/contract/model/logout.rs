//! Clients that are to learn that a sign-in ended.

use std::time::Duration;

use proptest::prelude::*;
use towergate_core::{
    Timestamp,
    contract::model::Answers,
    outbox::{Backlog, DeadLetter, Replaying},
};

use super::{
    Model, Modelled,
    world::{client_id, recent, sid, some_client, some_sign_in},
};
use crate::{
    ports::logout::Finishing,
    rules::{
        client::{ClientId, destination::host_of},
        fact::OAuthFact,
        grant::Subject,
        logout::{Delivery, LogoutNotice, NoticeKey},
    },
};

/// What is done about the ends of sign-ins.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum LogoutOperation {
    ClientsOf { sign_in: u8 },
    Take { limit: u16, busy: Option<u8> },
    Finish { taken: u8, ends: Ends },
    Dead { limit: u16 },
    Backlog,
    Replay { sign_in: u8, client: u8 },
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy)]
pub enum Ends {
    /// The client has heard it.
    Delivered,
    /// It is tried again later.
    Delayed,
    /// It is a dead letter.
    GivenUp,
}

/// A notice and what has become of it.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    notice: LogoutNotice,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    DueAt(Timestamp),
    Finished,
    Dead(Timestamp, &'static str),
}

const LEASE: Duration = Duration::from_secs(60);

pub(super) fn operation() -> impl Strategy<Value = LogoutOperation> {
    use LogoutOperation as Do;
    let ends = prop_oneof![Just(Ends::Delivered), Just(Ends::Delayed), Just(Ends::GivenUp)];
    prop_oneof![
        1 => some_sign_in().prop_map(|sign_in| Do::ClientsOf { sign_in }),
        4 => (0..3_u16, proptest::option::weighted(0.2, some_client()))
            .prop_map(|(limit, busy)| Do::Take { limit, busy }),
        3 => (recent(), ends).prop_map(|(taken, ends)| Do::Finish { taken, ends }),
        1 => (0..3_u16).prop_map(|limit| Do::Dead { limit }),
        1 => (some_sign_in(), some_client()).prop_map(|(sign_in, client)| Do::Replay { sign_in, client }),
    ]
}

pub(super) fn readings() -> impl Iterator<Item = LogoutOperation> {
    let clients = (1..4).map(|sign_in| LogoutOperation::ClientsOf { sign_in });
    clients.chain([
        LogoutOperation::Dead { limit: 99 },
        LogoutOperation::Backlog,
        LogoutOperation::Take { limit: 99, busy: None },
    ])
}

impl Model {
    pub(super) async fn logout<S>(&mut self, store: &S, operation: &LogoutOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            LogoutOperation::ClientsOf { sign_in } => {
                let sid = sid(sign_in);
                let clients = self.clients_of_sign_ins.keys().filter(|(of, _)| *of == sid);
                let clients: Vec<_> = clients.map(|(_, client)| client.clone()).collect();
                Answers::of(store.clients_of_session(&sid).await, clients)
            }
            LogoutOperation::Take { limit, busy } => {
                let busy: Vec<_> = busy.map(|n| format!("client-{n}.example")).into_iter().collect();
                let answer = store.take_due_logouts(now, LEASE, limit, busy.clone()).await;
                Answers::of(answer, self.take_due_logouts(limit.into(), &busy))
            }
            LogoutOperation::Finish { taken, ends } => {
                let at = self.taken.len().checked_sub(usize::from(taken) + 1);
                let Some(notice) = at.and_then(|at| self.taken.get(at)).cloned() else {
                    return Answers::none(Ok(()));
                };
                let delivery = match ends {
                    Ends::Delivered => Delivery::Delivered,
                    Ends::Delayed => Delivery::RetryAt { at: now.plus(LEASE), reason: "timeout" },
                    Ends::GivenUp => Delivery::GivenUp { reason: "refused" },
                };
                let answer = store.finish_logout(notice.clone(), delivery, origin).await;
                Answers::of(answer, self.finish_logout(notice, delivery))
            }
            LogoutOperation::Dead { limit } => {
                let mut dead: Vec<_> = self.notices.values().filter_map(Notice::dead).collect();
                dead.sort_by(|a, b| (b.died_at, &b.id).cmp(&(a.died_at, &a.id)));
                dead.truncate(limit.into());
                Answers::of(store.dead_logouts(limit).await, dead)
            }
            LogoutOperation::Backlog => {
                let count = |is: fn(&State) -> bool| {
                    self.notices.values().filter(|there| is(&there.state)).count().try_into().unwrap()
                };
                let waiting = count(|state| matches!(state, State::DueAt(_)));
                let dead = count(|state| matches!(state, State::Dead(..)));
                Answers::of(store.logout_backlog().await, Backlog { waiting, dead })
            }
            LogoutOperation::Replay { sign_in, client } => {
                let key = NoticeKey { sid: sid(sign_in), client: client_id(client) };
                let answer = store.replay_logout(key.clone(), origin).await;
                Answers::of(answer, self.replay_logout(key))
            }
        }
    }

    /// Those that are due, the longest due first; whoever takes one has it for a while.
    fn take_due_logouts(&mut self, limit: usize, busy: &[String]) -> Vec<LogoutNotice> {
        let now = self.trail.now();
        let due = self.notices.iter().filter(|(_, there)| !busy.contains(&there.notice.host));
        let due = due.filter_map(|(key, there)| match there.state {
            State::DueAt(at) if at <= now => Some((at, key.clone())),
            _ => None,
        });
        let mut due: Vec<_> = due.collect();
        due.sort();
        due.truncate(limit);
        let mut taken = Vec::new();
        for (_, key) in due {
            let there = self.notices.get_mut(&key).unwrap();
            there.notice.attempt += 1;
            there.state = State::DueAt(now.plus(LEASE));
            taken.push(there.notice.clone());
        }
        self.taken.extend(taken.iter().cloned());
        taken
    }

    fn finish_logout(&mut self, tried: LogoutNotice, delivery: Delivery) -> Finishing {
        let (now, LogoutNotice { sid, client, attempt, .. }) = (self.trail.now(), tried);
        let there = self.notices.get_mut(&(sid.clone(), client.clone()));
        let there = there.filter(|there| matches!(there.state, State::DueAt(_)));
        let Some(there) = there.filter(|there| there.notice.attempt == attempt) else {
            return Finishing::Overtaken;
        };
        there.state = match delivery {
            Delivery::Delivered => State::Finished,
            Delivery::RetryAt { at, .. } => State::DueAt(at),
            Delivery::GivenUp { reason } => State::Dead(now, reason),
        };
        self.tell(&OAuthFact::of_delivery(sid, client, attempt, delivery));
        Finishing::Finished
    }

    fn replay_logout(&mut self, key: NoticeKey) -> Replaying {
        let (now, NoticeKey { sid, client }) = (self.trail.now(), key);
        let there = self.notices.get_mut(&(sid.clone(), client.clone()));
        let Some(there) = there.filter(|there| matches!(there.state, State::Dead(..))) else {
            return Replaying::Missing;
        };
        there.state = State::DueAt(now);
        there.notice.forgiven = there.notice.attempt;
        self.tell(&OAuthFact::LogoutReplayed { sid, client });
        Replaying::Replayed
    }
}

impl Notice {
    pub(super) fn due(
        (sid, client): (String, ClientId),
        uri: &str,
        subject: Subject,
        now: Timestamp,
    ) -> Self {
        let (host, ended_at) = (host_of(uri), now);
        let notice = LogoutNotice { sid, client, host, subject, ended_at, attempt: 0, forgiven: 0 };
        Self { notice, state: State::DueAt(now) }
    }

    fn dead(&self) -> Option<DeadLetter<NoticeKey>> {
        let State::Dead(died_at, reason) = self.state else { return None };
        let LogoutNotice { sid, client, host, ended_at, attempt, .. } = self.notice.clone();
        Some(DeadLetter {
            id: NoticeKey { sid, client },
            kind: "logout",
            destination: host,
            reason: reason.to_owned(),
            attempts: attempt,
            queued_at: ended_at,
            died_at,
            ends_at: None,
        })
    }
}
