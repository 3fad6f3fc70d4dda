//! Browsers that stay signed in.

use std::collections::BTreeSet;

use proptest::{option, prelude::*};
use towergate_core::{Digest, contract::model::Answers};

use super::{
    Model, Modelled,
    session::Signed,
    world::{LIFETIME, device, number, recent, remembered_id, session_id},
};
use crate::{
    ports::{
        remember::{Trade, Traded},
        visit::{Beyond, SessionLimit},
    },
    rules::{
        assurance::SessionCount,
        enrolment::EnrolmentDuty,
        fact::{IdentityFact, SessionEnd},
        remember::{Remembered, RememberedId, Traded as TradedCookie, Worth},
        session::{SessionId, SessionRecord, SessionStage},
        user::{UserId, UserState},
    },
};

/// What is done about browsers that stay signed in.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum RememberOperation {
    Find { family: u8 },
    Trade { family: u8, cookie: u8, duty: EnrolmentDuty, limit: Option<(u32, bool)>, notice: bool },
}

pub(super) fn operation() -> impl Strategy<Value = RememberOperation> {
    use RememberOperation as Do;
    let duty = prop_oneof![4 => Just(EnrolmentDuty::Free), 1 => Just(EnrolmentDuty::Now)];
    let cookie = prop_oneof![6 => Just(0_u8), 2 => Just(1), 1 => Just(2)];
    prop_oneof![
        1 => recent().prop_map(|family| Do::Find { family }),
        6 => (recent(), cookie, duty, option::weighted(0.2, (1..3_u32, any::<bool>())), any::<bool>()).prop_map(
            |(family, cookie, duty, limit, notice)| Do::Trade { family, cookie, duty, limit, notice },
        ),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = RememberOperation> {
    (0..=begun).map(|family| RememberOperation::Find { family })
}

/// So many sessions and no more.
pub(super) fn session_limit(limit: Option<(u32, bool)>) -> SessionLimit {
    let limit = limit.map(|(most, refuses)| SessionLimit {
        most: SessionCount::AtMost(most),
        beyond: if refuses { Beyond::RefuseNew } else { Beyond::EndOldest },
    });
    limit.unwrap_or_default()
}

impl Model {
    pub(super) async fn remember<S>(&mut self, store: &S, operation: &RememberOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            RememberOperation::Find { family } => {
                let id = remembered_id(number(self.sessions_begun, family));
                Answers::of(store.find_remembered(id).await, self.families.get(&id).cloned())
            }
            RememberOperation::Trade { family, cookie, duty, limit, notice } => {
                let trade = self.new_trade(family, cookie, duty, limit, notice);
                let answer = store.trade_remembered(trade.clone(), origin).await;
                Answers::of(answer, self.trade(trade))
            }
        }
    }

    fn trade(&mut self, trade: Trade) -> Traded {
        let (id, now) = (trade.family, self.trail.now());
        let Some(family) = self.families.get(&id).cloned() else { return Traded::Missing };
        let (user, expires_at) = (family.user, family.expires_at);
        if self.users.get(&user).is_none_or(|user| user.state != UserState::Active) {
            return Traded::Missing;
        }
        match family.judge(&trade.shown, now) {
            Worth::Newest => {}
            Worth::Expired => return Traded::Missing,
            Worth::JustTraded => {
                let sealed = family.traded.unwrap().sealed;
                let from = self.sessions.values().filter(|there| there.family == Some(id));
                let from = from.map(|there| &there.record).filter(|there| there.is_alive(now));
                let session = from.max_by_key(|there| (there.created_at, there.id)).cloned();
                return Traded::Repeated { sealed, session, expires_at };
            }
            Worth::Stolen => {
                self.tell(&IdentityFact::RememberedStolen { user, family: id });
                self.end_families(|family| family.id == id, SessionEnd::CookieStolen);
                trade.notice.into_iter().for_each(|notice| self.queue(notice));
                return Traded::Stolen;
            }
        }
        let browser = family.trusted_by.and_then(|browser| self.browsers.get(&browser));
        let is_trusted = browser.is_some_and(|browser| browser.is_trusted(now));
        if !family.stands(self.has_second_factor(user), trade.duty, is_trusted) {
            self.end_families(|family| family.id == id, SessionEnd::FactorsChanged);
            return Traded::Missing;
        }
        let before = self.sessions.values().filter(|there| there.family == Some(id));
        let before: BTreeSet<_> = before.map(|there| there.record.id).collect();
        if !self.make_room(user, trade.limit, &before) {
            return Traded::Full;
        }
        let session = family.session(trade.session, trade.session_digest, now, (&trade.lifetime, trade.duty));
        self.tell(&IdentityFact::RememberedUsed { user, family: id, session: session.id });
        let (sign_in, created) = (session.sign_in, session.id);
        self.tell(&IdentityFact::SessionCreated { session: created, sign_in, user });
        self.end(|there| before.contains(&there.id), SessionEnd::Replaced);
        let there = self.families.get_mut(&id).unwrap();
        let digest = std::mem::replace(&mut there.digest, trade.next);
        there.traded = Some(TradedCookie { digest, at: now, sealed: trade.sealed });
        there.last_seen_at = there.last_seen_at.max(now);
        there.device = trade.device.clone();
        let signed = Signed {
            record: session.clone(),
            values: Default::default(),
            device: trade.device,
            first_seen_at: family.created_at,
            family: Some(id),
            asked: false,
        };
        self.sessions.insert(created, signed);
        Traded::Traded(session, expires_at)
    }

    /// Ends whole sessions that are too many for one more, but none of these; `false` where one more may not begin.
    pub(super) fn make_room(
        &mut self,
        user: UserId,
        limit: SessionLimit,
        spared: &BTreeSet<SessionId>,
    ) -> bool {
        let mut others: Vec<_> = self.alive().filter(|there| there.user == user).cloned().collect();
        others.retain(|there| there.stage == SessionStage::Complete && !spared.contains(&there.id));
        others.sort_by_key(|there| (there.last_seen_at, there.id));
        let too_many = limit.too_many(others.len());
        if too_many > 0 && limit.beyond == Beyond::RefuseNew {
            return false;
        }
        let ending: Vec<_> = others.iter().take(too_many).map(|there| there.id).collect();
        self.end_sessions(|there| ending.contains(&there.id), SessionEnd::OverLimit);
        true
    }

    /// Ends these sessions, and the families that they came from; answers how many were alive.
    pub(super) fn end_sessions(&mut self, which: impl Fn(&SessionRecord) -> bool, reason: SessionEnd) -> u64 {
        let from = self.sessions.values().filter(|there| which(&there.record));
        let families: BTreeSet<_> = from.filter_map(|there| there.family).collect();
        let ended = self.end(which, reason);
        self.forget_families(|family| families.contains(&family.id), reason);
        ended
    }

    /// Ends these families, and the sessions that came from them.
    pub(super) fn end_families(&mut self, which: impl Fn(&Remembered) -> bool, reason: SessionEnd) {
        let families = self.families.values().filter(|there| which(there));
        let families: BTreeSet<_> = families.map(|there| there.id).collect();
        let from =
            self.sessions.values().filter(|there| there.family.is_some_and(|id| families.contains(&id)));
        let sessions: BTreeSet<_> = from.map(|there| there.record.id).collect();
        self.end(|there| sessions.contains(&there.id), reason);
        self.forget_families(which, reason);
    }

    /// Ends these families alone. What was over already goes unnoticed.
    pub(super) fn forget_families(&mut self, which: impl Fn(&Remembered) -> bool, reason: SessionEnd) {
        let now = self.trail.now();
        let ending = self.families.values().filter(|there| which(there));
        let ending: Vec<_> = ending.filter(|there| now < there.expires_at).cloned().collect();
        for Remembered { id: family, user, .. } in ending {
            self.tell(&IdentityFact::RememberedEnded { user, family, reason });
        }
        self.families.retain(|_, there| !which(there));
    }

    /// A trade of the newest cookie, or of one that came before it.
    fn new_trade(
        &mut self,
        family: u8,
        cookie: u8,
        duty: EnrolmentDuty,
        limit: Option<(u32, bool)>,
        notice: bool,
    ) -> Trade {
        let family = self.nth_family(family);
        let there = self.families.get(&family).cloned();
        let nothing = Digest::of(b"nothing");
        let shown = match (cookie, there.clone()) {
            (0, Some(there)) => there.digest,
            (1, Some(there)) => there.traded.map_or(nothing, |traded| traded.digest),
            _ => nothing,
        };
        let user = there.map_or_else(|| super::world::user_id(1), |there| there.user);
        let notice = self.notice(user, notice);
        self.sessions_begun += 1;
        let n = self.sessions_begun;
        Trade {
            family,
            shown,
            next: Digest::of(&[n, 7]),
            sealed: vec![n],
            session: session_id(n.into()),
            session_digest: Digest::of(&[n]),
            lifetime: LIFETIME,
            duty,
            limit: session_limit(limit),
            device: device(n),
            notice,
        }
    }

    /// Of those that are kept, the one that came before so many others.
    fn nth_family(&self, after: u8) -> RememberedId {
        let there = self.families.keys().rev().nth(after.into()).copied();
        there.unwrap_or_else(|| remembered_id(number(self.sessions_begun, after)))
    }
}
