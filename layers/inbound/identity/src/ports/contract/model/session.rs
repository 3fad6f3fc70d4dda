//! Sessions.

use std::collections::BTreeMap;

use proptest::{option, prelude::*};
use towergate_core::{Digest, Timestamp, contract::model::Answers};

use super::{
    Model, Modelled,
    world::{Breach, LIFETIME, number, person, recent, session_id, sign_in_id, user_id},
};
use crate::{
    ports::{
        session::{Established, Establishment},
        visit::{Beyond, Marks, SessionLimit, Visit},
    },
    rules::{
        assurance::SessionCount,
        fact::{IdentityFact, SessionEnd},
        login_proof::Method,
        session::{SessionId, SessionRecord, SessionStage},
        user::{UserId, UserState},
    },
};

/// What is done about sessions.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum SessionOperation {
    Load { session: u8 },
    Touch { session: u8 },
    Establish { user: u8, begins: Begins, proves: Proves, limit: Option<(u32, bool)> },
    End { session: u8, reason: SessionEnd },
    EndAll { user: u8, except: Option<u8>, reason: SessionEnd },
    FindReplaced { session: u8 },
    IsSignInAlive { sign_in: u8 },
    Of { user: u8 },
    PeopleSignedIn { after: Option<u8>, limit: u16 },
    SetValue { session: u8, name: u8, value: Option<u8> },
    Value { session: u8, name: u8 },
}

/// In whose place a session begins.
#[derive(Debug, Clone, Copy)]
pub enum Begins {
    /// In a browser without one.
    Anew,
    /// A login in a browser with a session.
    Over(u8),
    /// A second factor.
    RestsOn(u8),
    /// Another identifier.
    Renews(u8),
}

/// What is proven.
#[derive(Debug, Clone, Copy)]
pub enum Proves {
    /// A password.
    OneFactor,
    /// A password, and a code.
    TwoFactors,
    /// One, where two are asked of everybody.
    OneOfTwo,
}

/// A session and what is noted beside it.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) record: SessionRecord,
    values: BTreeMap<String, String>,
}

pub(super) fn operation() -> impl Strategy<Value = SessionOperation> {
    use SessionOperation::*;
    let begins = prop_oneof![
        3 => Just(Begins::Anew),
        2 => recent().prop_map(Begins::Over),
        1 => recent().prop_map(Begins::RestsOn),
        2 => recent().prop_map(Begins::Renews),
    ];
    let proves = prop_oneof![Just(Proves::OneFactor), Just(Proves::TwoFactors), Just(Proves::OneOfTwo)];
    let limit = option::weighted(0.3, (1..3_u32, any::<bool>()));
    let reason = proptest::sample::select(vec![
        SessionEnd::Logout,
        SessionEnd::RevokedByOperator,
        SessionEnd::RevokedByUser,
    ]);
    prop_oneof![
        2 => recent().prop_map(|session| Load { session }),
        3 => recent().prop_map(|session| Touch { session }),
        10 => (person(), begins, proves, limit)
            .prop_map(|(user, begins, proves, limit)| Establish { user, begins, proves, limit }),
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
                let answer = store.load_session(id, now).await.map(seen);
                Answers::of(answer, seen(self.living(id).map(|there| there.record.clone())))
            }
            SessionOperation::Touch { session } => {
                let id = self.nth_session(session);
                Answers::of(store.touch_session(id, now, LIFETIME).await, self.touch_session(id))
            }
            SessionOperation::Establish { user, begins, proves, limit } => {
                let establishment = self.establishment(user, begins, proves, limit);
                let answer = store.establish_session(establishment.clone(), origin).await;
                Answers::tried(answer, self.establish_session(establishment))
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
                let seen = |replaced: &crate::rules::session::ReplacedSession| {
                    (replaced.clone(), *replaced.digest.as_bytes())
                };
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
                let mut people: Vec<_> = self.alive().map(|there| there.user).collect();
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

    fn establishment(
        &mut self,
        user: u8,
        begins: Begins,
        proves: Proves,
        limit: Option<(u32, bool)>,
    ) -> Establishment {
        let replaces = match begins {
            Begins::Anew => None,
            Begins::Over(n) | Begins::RestsOn(n) | Begins::Renews(n) => Some(self.nth_session(n)),
        };
        self.sessions_begun += 1;
        let (n, now) = (self.sessions_begun.into(), self.trail.now());
        let (stage, methods) = match proves {
            Proves::OneFactor => (SessionStage::Complete, vec![Method::Password]),
            Proves::TwoFactors => (SessionStage::Complete, vec![Method::Password, Method::Otp]),
            Proves::OneOfTwo => (SessionStage::AwaitsEnrolment, vec![Method::Password]),
        };
        let limit = limit.map(|(most, refuses)| SessionLimit {
            most: SessionCount::AtMost(most),
            beyond: if refuses { Beyond::RefuseNew } else { Beyond::EndOldest },
        });
        let session = SessionRecord {
            id: session_id(n),
            digest: Digest::of(&[self.sessions_begun]),
            sign_in: sign_in_id(n),
            user: user_id(user.into()),
            stage,
            methods,
            passkey: None,
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now.plus(LIFETIME.idle),
            absolute_expires_at: now.plus(LIFETIME.absolute),
        };
        Establishment {
            session: session.at_stage(stage),
            replaces,
            is_login: !matches!(begins, Begins::Renews(_)),
            rests_on_replaced: matches!(begins, Begins::RestsOn(_)),
            visit: Visit { limit: limit.unwrap_or_default(), ..Visit::default() },
        }
    }

    fn establish_session(&mut self, new: Establishment) -> Result<Established, Breach> {
        let Establishment { mut session, replaces, is_login, rests_on_replaced, visit } = new;
        if is_login {
            session = session.admitted(false);
        }
        match self.users.get(&session.user).map(|user| user.state) {
            Some(UserState::Active) => {}
            Some(UserState::Leaving) => session = session.leaving(),
            Some(UserState::Disabled | UserState::Deleted) | None => return Ok(Established::UserRefused),
        }
        let before = replaces.and_then(|id| self.living(id)).cloned();
        if replaces.is_some() && before.is_none() && (rests_on_replaced || !is_login) {
            return Ok(Established::Superseded);
        }
        let goes_on = before.as_ref().is_some_and(|before| before.record.goes_on_in(&session, is_login));
        let signs_in = is_login && session.stage == SessionStage::Complete;
        if signs_in {
            let mut others: Vec<_> = self.alive().filter(|there| there.user == session.user).collect();
            others.retain(|there| there.stage == SessionStage::Complete && Some(there.id) != replaces);
            others.sort_by_key(|there| (there.last_seen_at, there.id));
            let too_many = visit.limit.too_many(others.len());
            if too_many > 0 && visit.limit.beyond == Beyond::RefuseNew {
                return Ok(Established::Full);
            }
            let ending: Vec<_> = others.iter().take(too_many).map(|there| there.id).collect();
            self.end(|there| ending.contains(&there.id), SessionEnd::OverLimit);
        }
        let mut values = BTreeMap::new();
        if let Some(Signed { record, values: kept }) = before.clone().filter(|_| goes_on) {
            session.sign_in = record.sign_in;
            values = kept;
            self.replaced.insert(record.id, record.replaced());
        }
        if is_login {
            self.tell(&IdentityFact::of_login(&session));
        }
        let (sign_in, stage) = (session.sign_in, session.stage);
        self.tell(&IdentityFact::SessionCreated { session: session.id, sign_in, user: session.user });
        if before.is_some() {
            self.end(|there| Some(there.id) == replaces, SessionEnd::Replaced);
        }
        self.sessions.insert(session.id, Signed { record: session, values });
        let ended = before.filter(|_| !goes_on).map(|before| before.record.sign_in);
        Ok(Established::Established { sign_in, stage, ended, marks: Marks::default() })
    }

    fn end_session(&mut self, id: SessionId, reason: SessionEnd) -> bool {
        let now = self.trail.now();
        let gone_on = self.replaced.get(&id).filter(|replaced| now < replaced.expires_at);
        let gone_on = gone_on.map(|replaced| replaced.sign_in);
        self.end(|there| there.id == id || Some(there.sign_in) == gone_on, reason) > 0
    }

    /// Ends every session of somebody but one; answers how many were alive.
    pub(super) fn end_all_of(&mut self, user: UserId, except: Option<SessionId>, reason: SessionEnd) -> u64 {
        self.end(|there| there.user == user && Some(there.id) != except, reason)
    }

    /// Ends these sessions; answers how many were alive, of which it is told.
    fn end(&mut self, which: impl Fn(&SessionRecord) -> bool, reason: SessionEnd) -> u64 {
        let ended: Vec<_> = self.alive().filter(|there| which(there)).cloned().collect();
        for SessionRecord { id, sign_in, user, .. } in &ended {
            let (session, sign_in, user) = (*id, *sign_in, *user);
            self.tell(&IdentityFact::SessionRevoked { session, sign_in, user, reason });
        }
        self.sessions.retain(|_, there| !which(&there.record));
        ended.len().try_into().unwrap()
    }

    fn living(&mut self, id: SessionId) -> Option<&mut Signed> {
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
