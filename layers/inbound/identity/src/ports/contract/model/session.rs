//! Sessions.

use std::{collections::BTreeMap, sync::Arc};

use proptest::{option, prelude::*};
use towergate_core::{Timestamp, contract::model::Answers};

use super::{
    Model, Modelled,
    establish::{self, Begins, In, Proves},
    world::{LIFETIME, number, person, recent, sign_in_id, user_id},
};
use crate::{
    ports::session::Establishment,
    rules::{
        device::Device,
        fact::{IdentityFact, SessionEnd},
        remember::RememberedId,
        session::{ReplacedSession, SessionId, SessionRecord},
        user::UserId,
    },
};

/// What is done about sessions.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum SessionOperation {
    Load {
        session: u8,
    },
    Touch {
        session: u8,
    },
    Establish {
        user: u8,
        begins: Begins,
        proves: Proves,
        limit: Option<(u32, bool)>,
        browser: Option<In>,
        remember: Option<bool>,
    },
    End {
        session: u8,
        reason: SessionEnd,
    },
    EndAll {
        user: u8,
        except: Option<u8>,
        reason: SessionEnd,
    },
    FindReplaced {
        session: u8,
    },
    IsSignInAlive {
        sign_in: u8,
    },
    Of {
        user: u8,
    },
    PeopleSignedIn {
        after: Option<u8>,
        limit: u16,
    },
    SetValue {
        session: u8,
        name: u8,
        value: Option<u8>,
    },
    Value {
        session: u8,
        name: u8,
    },
}

/// A session and what is noted beside it.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) record: SessionRecord,
    pub(super) values: BTreeMap<String, String>,
    pub(super) device: Device,
    pub(super) first_seen_at: Timestamp,
    /// The browser that stays signed in, from which it came or which began with it.
    pub(super) family: Option<RememberedId>,
    /// Whoever is half signed in asked to stay signed in.
    pub(super) asked: bool,
}

pub(super) fn operation() -> impl Strategy<Value = SessionOperation> {
    use SessionOperation::*;
    let reason = proptest::sample::select(vec![
        SessionEnd::Logout,
        SessionEnd::RevokedByOperator,
        SessionEnd::RevokedByUser,
    ]);
    prop_oneof![
        2 => recent().prop_map(|session| Load { session }),
        3 => recent().prop_map(|session| Touch { session }),
        12 => establish::operation(),
        2 => (recent(), reason.clone()).prop_map(|(session, reason)| End { session, reason }),
        1 => (person(), option::of(recent()), reason)
            .prop_map(|(user, except, reason)| EndAll { user, except, reason }),
        1 => recent().prop_map(|session| FindReplaced { session }),
        1 => recent().prop_map(|sign_in| IsSignInAlive { sign_in }),
        1 => person().prop_map(|user| Of { user }),
        1 => (option::of(person()), 0..3_u16).prop_map(|(after, limit)| PeopleSignedIn { after, limit }),
        3 => (recent(), 0..2_u8, option::weighted(0.8, 0..3_u8))
            .prop_map(|(session, name, value)| SetValue { session, name, value }),
        1 => (recent(), 0..2_u8).prop_map(|(session, name)| Value { session, name }),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = SessionOperation> {
    use SessionOperation::*;
    let each = (0..=begun).flat_map(|n| {
        let values = (0..2).map(move |name| Value { session: n, name });
        [Load { session: n }, FindReplaced { session: n }, IsSignInAlive { sign_in: n }]
            .into_iter()
            .chain(values)
    });
    each.chain((1..=3).map(|user| Of { user })).chain([PeopleSignedIn { after: None, limit: 9 }])
}

impl Model {
    pub(super) async fn session<S>(&mut self, store: &S, operation: &SessionOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            SessionOperation::Load { session } => {
                let id = self.nth_session(session);
                let answer =
                    store.load_session(id, now).await.map(|found| seen(found.map(Arc::unwrap_or_clone)));
                Answers::of(answer, seen(self.living(id).map(|there| there.record.clone())))
            }
            SessionOperation::Touch { session } => {
                let id = self.nth_session(session);
                Answers::of(store.touch_session(id, now, LIFETIME).await, self.touch_session(id))
            }
            SessionOperation::Establish { user, begins, proves, limit, browser, remember } => {
                let (session, replaces) = self.new_session(user, begins, proves);
                let visit = self.visit(session.user, limit, browser, remember);
                let establishment = Establishment {
                    session,
                    replaces,
                    is_login: !matches!(begins, Begins::Renews(_)),
                    rests_on_replaced: matches!(begins, Begins::RestsOn(_)),
                    visit,
                };
                let answer = store.establish_session(establishment.clone(), origin).await;
                Answers::of(answer, self.establish_session(establishment))
            }
            SessionOperation::End { session, reason } => {
                let id = self.nth_session(session);
                Answers::of(store.end_session(id, reason, origin).await, self.end_session(id, reason))
            }
            SessionOperation::EndAll { user, except, reason } => {
                let (user, except) = (user_id(user.into()), except.map(|n| self.nth_session(n)));
                let answer = store.end_sessions_of(user, except, reason, origin).await;
                Answers::of(answer, self.end_all_of(user, except, reason))
            }
            SessionOperation::FindReplaced { session } => {
                let id = self.nth_session(session);
                let found = self.replaced.get(&id).filter(|replaced| now < replaced.expires_at).cloned();
                let answer = store.find_replaced_session(id, now).await;
                let seen = |replaced: &ReplacedSession| (replaced.clone(), *replaced.digest.as_bytes());
                Answers::of(answer.map(|found| found.as_ref().map(seen)), found.as_ref().map(seen))
            }
            SessionOperation::IsSignInAlive { sign_in } => {
                let id = sign_in_id(number(self.sessions_begun, sign_in));
                let alive = self.alive().any(|there| there.sign_in == id);
                Answers::of(store.is_sign_in_alive(id, now).await, alive)
            }
            SessionOperation::Of { user } => {
                let user = user_id(user.into());
                let mut theirs: Vec<_> = self.alive().filter(|there| there.user == user).cloned().collect();
                theirs.sort_by_key(|there| std::cmp::Reverse((there.created_at, there.id)));
                Answers::of(store.sessions_of(user, now).await, theirs)
            }
            SessionOperation::PeopleSignedIn { after, limit } => {
                let after = after.map(|n| user_id(n.into()));
                let stay = self.families.values().filter(|there| now < there.expires_at);
                let mut people: Vec<_> = self.alive().map(|there| there.user).collect();
                people.extend(stay.map(|there| there.user));
                people.sort_unstable();
                people.dedup();
                people.retain(|user| after.is_none_or(|after| *user > after));
                people.truncate(limit.into());
                Answers::of(store.people_signed_in(after, limit, now).await, people)
            }
            SessionOperation::SetValue { session, name, value } => {
                let (id, name) = (self.nth_session(session), format!("name-{name}"));
                let value = value.map(|value| format!("value-{value}"));
                let answer = store.set_session_value(id, name.clone(), value.clone(), now).await;
                Answers::of(answer, self.set_session_value(id, name, value))
            }
            SessionOperation::Value { session, name } => {
                let (id, name) = (self.nth_session(session), format!("name-{name}"));
                let found = self.living(id).and_then(|there| there.values.get(&name).cloned());
                Answers::of(store.session_value(id, &name, now).await, found)
            }
        }
    }

    fn touch_session(&mut self, id: SessionId) -> bool {
        let now = self.trail.now();
        let Some(Signed { record, .. }) = self.living(id) else { return false };
        record.last_seen_at = record.last_seen_at.max(now);
        let idle_end = record.absolute_expires_at.min(now.plus(LIFETIME.idle));
        record.idle_expires_at = record.idle_expires_at.max(idle_end);
        true
    }

    fn set_session_value(&mut self, id: SessionId, name: String, value: Option<String>) -> bool {
        let Some(there) = self.living(id) else { return false };
        match value {
            Some(value) => there.values.insert(name, value),
            None => there.values.remove(&name),
        };
        true
    }

    fn end_session(&mut self, id: SessionId, reason: SessionEnd) -> bool {
        let now = self.trail.now();
        let gone_on = self.replaced.get(&id).filter(|replaced| now < replaced.expires_at);
        let gone_on = gone_on.map(|replaced| replaced.sign_in);
        self.end_sessions(|there| there.id == id || Some(there.sign_in) == gone_on, reason) > 0
    }

    /// Ends every session of somebody but one; answers how many were alive. With them end the browsers that stay signed in, and what else
    /// the reason takes along.
    pub(super) fn end_all_of(&mut self, user: UserId, except: Option<SessionId>, reason: SessionEnd) -> u64 {
        let spared = except.filter(|_| reason.is_only_an_end()).and_then(|id| self.sessions.get(&id));
        let spared = spared.and_then(|there| there.family);
        let ended = self.end(|there| there.user == user && Some(there.id) != except, reason);
        self.forget_families(|family| family.user == user && Some(family.id) != spared, reason);
        if reason == SessionEnd::AddressProven {
            self.browsers.retain(|_, there| there.user != user);
        }
        if !reason.is_only_an_end() {
            self.distrust(user);
        }
        if reason.ends_api_tokens() {
            self.end_api_tokens_of(user, reason);
        }
        ended
    }

    /// Ends these sessions alone; answers how many were alive, of which it is told.
    pub(super) fn end(&mut self, which: impl Fn(&SessionRecord) -> bool, reason: SessionEnd) -> u64 {
        let ended: Vec<_> = self.alive().filter(|there| which(there)).cloned().collect();
        for SessionRecord { id, sign_in, user, .. } in &ended {
            let (session, sign_in, user) = (*id, *sign_in, *user);
            self.tell(&IdentityFact::SessionRevoked { session, sign_in, user, reason });
        }
        self.sessions.retain(|_, there| !which(&there.record));
        ended.len().try_into().unwrap()
    }

    pub(super) fn living(&mut self, id: SessionId) -> Option<&mut Signed> {
        let now = self.trail.now();
        self.sessions.get_mut(&id).filter(|there| there.record.is_alive(now))
    }

    /// All that are alive by now.
    pub(super) fn alive(&self) -> impl Iterator<Item = &SessionRecord> {
        let now: Timestamp = self.trail.now();
        self.sessions.values().map(|there| &there.record).filter(move |there| there.is_alive(now))
    }
}

/// All of a session, the digest too.
fn seen(session: Option<SessionRecord>) -> Option<(SessionRecord, [u8; 32])> {
    session.map(|session| (session.clone(), *session.digest.as_bytes()))
}
