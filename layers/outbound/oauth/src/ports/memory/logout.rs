//! Clients of sign-ins, and notices of their end, in memory.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use towergate_core::{
    StoreError, Timestamp,
    audit::Origin,
    outbox::{Backlog, DEAD_LETTER_KEPT, DeadLetter, Replaying},
};

use super::{Log, MemoryStore, client::Clients};
use crate::{
    ports::logout::{Finishing, LogoutStore},
    rules::{
        client::{ClientId, destination::host_of},
        fact::OAuthFact,
        grant::{Grant, Subject},
        logout::{
            Delivery, LogoutNotice, NoticeKey,
            notice::{CLIENT_KEPT, KEPT},
        },
    },
};

#[derive(Default)]
pub(super) struct Logouts {
    clients: BTreeMap<(String, ClientId), Seen>,
    notices: BTreeMap<(String, ClientId), NoticeRow>,
}

struct Seen {
    subject: Subject,
    at: Timestamp,
}

struct NoticeRow {
    /// As it was last taken.
    notice: LogoutNotice,
    state: State,
}

enum State {
    DueAt(Timestamp),
    Finished(Timestamp),
    Dead(Timestamp, &'static str),
}

impl LogoutStore for MemoryStore {
    async fn clients_of_session(&self, sid: &str) -> Result<Vec<ClientId>, StoreError> {
        self.step(|state| Ok(state.logouts.clients_of(sid).map(|(client, _)| client.clone()).collect()))
    }

    async fn take_due_logouts(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u16,
        busy: Vec<String>,
    ) -> Result<Vec<LogoutNotice>, StoreError> {
        self.step(|state| Ok(state.logouts.take(now, lease, usize::from(limit), &busy)))
    }

    async fn finish_logout(
        &self,
        notice: LogoutNotice,
        delivery: Delivery,
        origin: Origin,
    ) -> Result<Finishing, StoreError> {
        self.step(|state| {
            let key = (notice.sid, notice.client);
            let row =
                state.logouts.notices.get_mut(&key).filter(|row| {
                    matches!(row.state, State::DueAt(_)) && row.notice.attempt == notice.attempt
                });
            let Some(row) = row else { return Ok(Finishing::Overtaken) };
            row.state = match delivery {
                Delivery::RetryAt { at, .. } => State::DueAt(at),
                Delivery::Delivered => State::Finished(origin.at),
                Delivery::GivenUp { reason } => State::Dead(origin.at, reason),
            };
            let (sid, client) = key;
            state.log.write(&OAuthFact::of_delivery(sid, client, notice.attempt, delivery), &origin);
            Ok(Finishing::Finished)
        })
    }

    async fn dead_logouts(&self, limit: u16) -> Result<Vec<DeadLetter<NoticeKey>>, StoreError> {
        self.step(|state| {
            let mut dead: Vec<_> = state.logouts.notices.values().filter_map(NoticeRow::dead).collect();
            dead.sort_by(|a, b| (b.died_at, &b.id).cmp(&(a.died_at, &a.id)));
            dead.truncate(usize::from(limit));
            Ok(dead)
        })
    }

    async fn logout_backlog(&self) -> Result<Backlog, StoreError> {
        self.step(|state| {
            let count = |is: fn(&State) -> bool| {
                state.logouts.notices.values().filter(|row| is(&row.state)).count() as u64
            };
            let waiting = count(|state| matches!(state, State::DueAt(_)));
            Ok(Backlog { waiting, dead: count(|state| matches!(state, State::Dead(..))) })
        })
    }

    async fn replay_logout(&self, key: NoticeKey, origin: Origin) -> Result<Replaying, StoreError> {
        self.step(|state| {
            let NoticeKey { sid, client } = key;
            let row = state.logouts.notices.get_mut(&(sid.clone(), client.clone()));
            let Some(row) = row.filter(|row| matches!(row.state, State::Dead(..))) else {
                return Ok(Replaying::Missing);
            };
            row.state = State::DueAt(origin.at);
            row.notice.forgiven = row.notice.attempt;
            state.log.write(&OAuthFact::LogoutReplayed { sid, client }, &origin);
            Ok(Replaying::Replayed)
        })
    }
}

impl NoticeRow {
    fn dead(&self) -> Option<DeadLetter<NoticeKey>> {
        let State::Dead(died_at, reason) = self.state else { return None };
        let notice = &self.notice;
        Some(DeadLetter {
            id: NoticeKey { sid: notice.sid.clone(), client: notice.client.clone() },
            kind: "logout",
            destination: notice.host.clone(),
            reason: reason.to_owned(),
            attempts: notice.attempt,
            queued_at: notice.ended_at,
            died_at,
            ends_at: None,
        })
    }
}

impl Logouts {
    /// Remembers that a client has a grant in a sign-in.
    pub(super) fn saw(&mut self, grant: &Grant, now: Timestamp) {
        if let Some(sid) = grant.sign_in.sid.clone() {
            let seen = Seen { subject: grant.subject.clone(), at: now };
            self.clients.insert((sid, grant.client.clone()), seen);
        }
    }

    /// Writes a notice for each client that is to be told that the sign-in ended, and forgets what was long ago.
    pub(super) fn end_sign_in(&mut self, sid: &str, clients: &Clients, origin: &Origin, log: &mut Log) {
        let now = origin.at;
        self.clients.retain(|_, seen| now.since(seen.at) < CLIENT_KEPT);
        self.notices.retain(|_, row| match row.state {
            State::DueAt(_) => true,
            State::Finished(at) => now.since(at) < KEPT,
            State::Dead(at, _) => now.since(at) < DEAD_LETTER_KEPT,
        });
        let told: Vec<_> = self
            .clients_of(sid)
            .filter_map(|(client, seen)| {
                Some(LogoutNotice {
                    sid: sid.to_owned(),
                    client: client.clone(),
                    host: host_of(clients.logout_uri(client)?),
                    subject: seen.subject.clone(),
                    ended_at: now,
                    attempt: 0,
                    forgiven: 0,
                })
            })
            .collect();
        for notice in told {
            if let Entry::Vacant(row) = self.notices.entry((notice.sid.clone(), notice.client.clone())) {
                let fact = OAuthFact::LogoutQueued { sid: notice.sid.clone(), client: notice.client.clone() };
                log.write(&fact, origin);
                row.insert(NoticeRow { notice, state: State::DueAt(now) });
            }
        }
    }

    fn clients_of(&self, sid: &str) -> impl Iterator<Item = (&ClientId, &Seen)> {
        let clients = self.clients.iter().filter(move |((of, _), _)| of == sid);
        clients.map(|((_, client), seen)| (client, seen))
    }

    fn take(&mut self, now: Timestamp, lease: Duration, limit: usize, busy: &[String]) -> Vec<LogoutNotice> {
        let mut due: Vec<_> = self
            .notices
            .values_mut()
            .filter(|row| !busy.contains(&row.notice.host))
            .filter_map(|row| match row.state {
                State::DueAt(at) if at <= now => Some((at, row)),
                State::DueAt(_) | State::Finished(_) | State::Dead(..) => None,
            })
            .collect();
        due.sort_by(|(a, left), (b, right)| {
            (a, &left.notice.sid, &left.notice.client).cmp(&(b, &right.notice.sid, &right.notice.client))
        });
        let taken = due.into_iter().take(limit).map(|(_, row)| {
            row.state = State::DueAt(now.plus(lease));
            row.notice.attempt += 1;
            row.notice.clone()
        });
        taken.collect()
    }
}
