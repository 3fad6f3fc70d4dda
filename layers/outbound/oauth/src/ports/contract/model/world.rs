//! The small world: who is in it, and what time it is.

use std::time::Duration;

use proptest::prelude::*;
pub(super) use towergate_core::contract::model::Breach;
use towergate_core::{Timestamp, clock::KEPT_PAST_END, contract::model::Answers};

use super::{Model, Modelled};
use crate::rules::{
    client::ClientId,
    fact::OAuthFact,
    grant::{ENDED_SIGN_IN_KEPT, Subject},
};

/// What happens by itself.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub enum WorldOperation {
    /// The clock is set by so many milliseconds, also back.
    SetClock { by: i64 },
    /// What can no longer matter is thrown away.
    Clean,
}

/// Times at which something ends, and those beside them.
const HOPS: [i64; 11] =
    [1, 1000, 10_000, MINUTE, 10 * MINUTE, 15 * MINUTE, DAY / 2, DAY, 2 * DAY, -1000, -MINUTE];
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// No sequence lasts for as long as messages are remembered that are done with: some stores forget those at the next end of a sign-in,
/// and some when they are cleaned.
const LASTS: Duration = Duration::from_secs(6 * 24 * 3600);

pub(super) fn operation() -> impl Strategy<Value = WorldOperation> {
    prop_oneof![
        4 => proptest::sample::select(HOPS.to_vec()).prop_map(|by| WorldOperation::SetClock { by }),
        1 => Just(WorldOperation::Clean),
    ]
}

/// One of two people.
pub(super) fn person() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(1_u8), 1 => Just(2)]
}

/// One of the clients: the first two are there from the beginning.
pub(super) fn some_client() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(1_u8), 2 => Just(2), 1 => 3_u8..6]
}

/// One of three sign-ins.
pub(super) fn some_sign_in() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(1_u8), 1 => 2_u8..4]
}

/// One of those that came lately: how many came after it.
pub(super) fn recent() -> impl Strategy<Value = u8> {
    prop_oneof![5 => Just(0_u8), 3 => Just(1), 1 => 2_u8..5]
}

/// The number of what came `after` others before the last of `begun`; none has number 0.
pub(super) fn number(begun: u8, after: u8) -> u128 {
    begun.saturating_sub(after).into()
}

pub(super) fn subject(n: u8) -> Subject {
    Subject::parse(&format!("person-{n}")).unwrap()
}

pub(super) fn client_id(n: u8) -> ClientId {
    ClientId::parse(&format!("client-{n}")).unwrap()
}

pub(super) fn sid(n: u8) -> String {
    format!("sid-{n}")
}

impl Model {
    pub(super) async fn world<S>(&mut self, store: &S, operation: &WorldOperation) -> Answers
    where
        S: Modelled,
    {
        match operation {
            WorldOperation::SetClock { by } => {
                self.trail.set_clock(*by);
                let latest = towergate_core::contract::NOW.plus(LASTS);
                let beyond = self.trail.now().unix_millis() - latest.unix_millis();
                self.trail.set_clock(-beyond.max(0));
                Answers::none(Ok(()))
            }
            WorldOperation::Clean => {
                let cleaned = store.clean(self.trail.now()).await;
                if matches!(cleaned, Ok(true)) {
                    self.trail.cleaned();
                    self.clean();
                }
                Answers::none(cleaned.map(drop))
            }
        }
    }

    /// What expired goes, by the slowest clock that there may be; a spent code stays as long as a token of its grant does.
    fn clean(&mut self) {
        let now = self.trail.now().minus(KEPT_PAST_END);
        self.interactions.retain(|_, there| now < there.expires_at);
        self.pushed.retain(|_, there| now < there.expires_at);
        self.clients.retain(|_, there| !super::client::is_over(there, now));
        self.access_tokens.retain(|_, there| now < there.token.expires_at);
        self.refresh_tokens.retain(|_, there| now < there.token.absolute_expires_at);
        for there in self.refresh_tokens.values_mut() {
            there.forget_answer(now);
        }
        let access = self.access_tokens.values().filter_map(|there| there.token.grant);
        let live: Vec<_> =
            access.chain(self.refresh_tokens.values().map(|there| there.token.grant)).collect();
        self.codes.retain(|_, there| match there.spent {
            true => live.contains(&there.code.grant),
            false => now < there.code.expires_at,
        });
        let stays: Vec<_> = self.codes.values().map(|there| there.code.grant).collect();
        self.grants.retain(|id, _| stays.contains(id));
    }

    /// When a store forgets that a sign-in ended long ago is its own affair: it is asked, and believed.
    pub(super) async fn settle<S>(&mut self, store: &S)
    where
        S: Modelled,
    {
        let now: Timestamp = self.trail.now();
        let long_ago = self.ended_sign_ins.iter().filter(|(_, at)| now.since(**at) >= ENDED_SIGN_IN_KEPT);
        let long_ago: Vec<_> = long_ago.map(|(sid, _)| sid.clone()).collect();
        for sid in long_ago {
            if !store.has_sign_in_ended(&sid).await.unwrap() {
                self.ended_sign_ins.remove(&sid);
            }
        }
    }

    pub(super) fn tell(&mut self, fact: &OAuthFact) {
        self.trail.tell(fact);
    }
}
