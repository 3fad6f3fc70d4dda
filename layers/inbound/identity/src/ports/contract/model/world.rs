//! The small world: who is in it, and what time it is.

use proptest::prelude::*;
pub(super) use towergate_core::contract::model::Breach;
use towergate_core::{Digest, clock::KEPT_PAST_END, contract::model::Answers, id::Uuid};

use super::{Model, Modelled};
pub(super) use crate::ports::contract::fixture::{LIFETIME, email, session_id, sign_in_id, user_id};
use crate::rules::{
    browser::{BrowserId, KNOWN},
    device::Device,
    fact::IdentityFact,
    remember::RememberedId,
    session::SessionId,
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
const HOPS: [i64; 12] = [
    1,
    1000,
    30_000,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
    DAY,
    8 * DAY,
    31 * DAY,
    -1000,
    -10 * MINUTE,
];
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

pub(super) fn operation() -> impl Strategy<Value = WorldOperation> {
    prop_oneof![
        4 => proptest::sample::select(HOPS.to_vec()).prop_map(|by| WorldOperation::SetClock { by }),
        1 => Just(WorldOperation::Clean),
    ]
}

/// One of the three people, by number.
pub(super) fn person() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(1), 2 => Just(2), 1 => Just(3)]
}

/// One of those that came lately: how many came after it.
pub(super) fn recent() -> impl Strategy<Value = u8> {
    prop_oneof![5 => Just(0_u8), 3 => Just(1), 1 => 2_u8..5]
}

/// The number of what came `after` others before the last of `begun`; none has number 0.
pub(super) fn number(begun: u8, after: u8) -> u128 {
    begun.saturating_sub(after).into()
}

impl Model {
    pub(super) async fn world<S>(&mut self, store: &S, operation: &WorldOperation) -> Answers
    where
        S: Modelled,
    {
        match operation {
            WorldOperation::SetClock { by } => {
                self.trail.set_clock(*by);
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

    /// What is over goes, by the slowest clock that there may be.
    fn clean(&mut self) {
        let now = self.trail.now().minus(KEPT_PAST_END);
        self.sessions.retain(|_, there| now < there.record.idle_expires_at);
        self.replaced.retain(|_, there| now < there.expires_at);
        self.families.retain(|_, there| now < there.expires_at);
        self.email_tokens.retain(|_, there| now < there.expires_at);
        self.ceremonies.retain(|_, there| now < there.expires_at);
        self.visits.retain(|_, there| now < there.expires_at);
        self.api_tokens.retain(|_, there| now < there.expires_at);
        self.mails.retain(|_, there| there.stays(now));
        self.clean_tries(now);
        // The browser in which somebody was last stays.
        let all: Vec<_> =
            self.browsers.values().map(|there| (there.user, there.last_seen_at, there.id)).collect();
        self.browsers.retain(|_, there| {
            let newer = |(user, at, id): &(_, _, _)| {
                *user == there.user && (*at, *id) > (there.last_seen_at, there.id)
            };
            there.last_seen_at > now.minus(KNOWN) || !all.iter().any(newer)
        });
    }

    pub(super) fn tell(&mut self, fact: &IdentityFact) {
        self.trail.tell(fact);
    }

    /// The session that came before so many others.
    pub(super) fn nth_session(&self, after: u8) -> SessionId {
        session_id(number(self.sessions_begun, after))
    }
}

/// What a browser goes by that was new with the session of this number.
pub(super) fn browser_id(n: u128) -> BrowserId {
    BrowserId::from_uuid(Uuid::from_u128(0xc000 + n))
}

pub(super) fn browser_digest(n: u128) -> Digest {
    Digest::of(format!("browser {n}").as_bytes())
}

pub(super) fn remembered_id(n: u128) -> RememberedId {
    RememberedId::from_uuid(Uuid::from_u128(0xd000 + n))
}

pub(super) fn device(n: u8) -> Device {
    Device { agent: Some(format!("agent {n}")), network: None, place: None }
}
