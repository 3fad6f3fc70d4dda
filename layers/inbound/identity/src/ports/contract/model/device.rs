//! What somebody has on their devices: sessions, browsers that stay signed in, browsers that are trusted.

use std::cmp::Reverse;

use proptest::prelude::*;
use towergate_core::{StoreError, audit::Event, contract::model::Answers};

use super::{
    Model, Modelled,
    world::{browser_digest, browser_id, number, person, recent, remembered_id, user_id},
};
use crate::{
    ports::{
        device::{DeviceRef, Devices, SessionDevice},
        visit::{BrowserMark, BrowserVisit, Visit},
    },
    rules::{
        activity::{self, Activity},
        browser::{Browser, may_be_trusted},
        fact::{IdentityFact, SessionEnd},
        session::{SessionRecord, SessionStage},
        user::UserId,
    },
};

/// What is done about devices.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum DeviceOperation {
    Of { user: u8 },
    End { user: u8, what: What },
    ForgetBrowsers { user: u8 },
    IsKnownBrowser { user: u8, browser: u8 },
    EventsOf { user: u8 },
}

/// One thing on a device.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the names say it")]
pub enum What {
    Session(u8),
    Remembered(u8),
    Trusted(u8),
}

pub(super) fn operation() -> impl Strategy<Value = DeviceOperation> {
    use DeviceOperation as Do;
    let what = prop_oneof![
        recent().prop_map(What::Session),
        recent().prop_map(What::Remembered),
        recent().prop_map(What::Trusted),
    ];
    prop_oneof![
        2 => person().prop_map(|user| Do::Of { user }),
        4 => (person(), what).prop_map(|(user, what)| Do::End { user, what }),
        1 => person().prop_map(|user| Do::ForgetBrowsers { user }),
        1 => (person(), recent()).prop_map(|(user, browser)| Do::IsKnownBrowser { user, browser }),
        1 => person().prop_map(|user| Do::EventsOf { user }),
    ]
}

pub(super) fn readings(begun: u8) -> impl Iterator<Item = DeviceOperation> {
    use DeviceOperation as Do;
    let known = (0..=begun).map(|browser| Do::IsKnownBrowser { user: 1, browser });
    (1..4).flat_map(|user| [Do::Of { user }, Do::EventsOf { user }]).chain(known)
}

impl Model {
    pub(super) async fn device<S>(&mut self, store: &S, operation: &DeviceOperation) -> Answers
    where
        S: Modelled,
    {
        let (origin, now) = (self.trail.origin(), self.trail.now());
        match *operation {
            DeviceOperation::Of { user } => {
                let user = user_id(user.into());
                Answers::of(store.devices_of(user, now).await, self.devices_of(user))
            }
            DeviceOperation::End { user, what } => {
                let (user, of) = (user_id(user.into()), |n| number(self.sessions_begun, n));
                let device = match what {
                    What::Session(n) => DeviceRef::Session(self.nth_session(n)),
                    What::Remembered(n) => DeviceRef::Remembered(remembered_id(of(n))),
                    What::Trusted(n) => DeviceRef::Trusted(browser_id(of(n))),
                };
                let answer = store.end_device(user, device, origin).await;
                Answers::of(answer, self.end_device(user, device))
            }
            DeviceOperation::ForgetBrowsers { user } => {
                let user = user_id(user.into());
                let answer = store.forget_browsers(user, origin).await;
                let count = self.distrust(user);
                self.end_families(
                    |family| family.user == user && family.trusted_by.is_some(),
                    SessionEnd::RevokedByUser,
                );
                Answers::of(answer, count)
            }
            DeviceOperation::IsKnownBrowser { user, browser } => {
                let user = user_id(user.into());
                let digest = browser_digest(number(self.sessions_begun, browser));
                let theirs = self.browsers.values().filter(|there| there.user == user);
                let known =
                    theirs.filter(|there| there.digest.matches(&digest)).any(|there| there.is_known(now));
                Answers::of(store.is_known_browser(user, &digest, now).await, known)
            }
            DeviceOperation::EventsOf { user } => {
                let user = user_id(user.into());
                let mut facts: Vec<_> =
                    self.trail.events().iter().filter_map(|event| shown(event, user)).collect();
                facts.sort_unstable();
                Answers::of(
                    store.events_of(user, None, 999).await.and_then(|events| in_order(&events)),
                    facts,
                )
            }
        }
    }

    fn devices_of(&self, user: UserId) -> Devices {
        let now = self.trail.now();
        let whole = self.sessions.values().filter(|there| {
            let record = &there.record;
            record.user == user && record.stage == SessionStage::Complete && record.is_alive(now)
        });
        let mut sessions: Vec<_> = whole
            .map(|there| SessionDevice {
                session: there.record.clone(),
                device: there.device.clone(),
                first_seen_at: there.first_seen_at,
                remembered: there.family,
            })
            .collect();
        sessions.sort_by_key(|there| Reverse((there.session.last_seen_at, there.session.id)));
        let families = self.families.values().filter(|there| there.user == user && now < there.expires_at);
        let mut remembered: Vec<_> = families.cloned().collect();
        remembered.sort_by_key(|there| Reverse((there.last_seen_at, there.id)));
        let browsers = self.browsers.values().filter(|there| there.user == user && there.is_trusted(now));
        let mut trusted: Vec<_> = browsers.cloned().collect();
        trusted.sort_by_key(|there| Reverse((there.last_seen_at, there.id)));
        Devices { sessions, remembered, trusted }
    }

    fn end_device(&mut self, user: UserId, device: DeviceRef) -> bool {
        let (reason, now) = (SessionEnd::RevokedByUser, self.trail.now());
        match device {
            DeviceRef::Session(id) => {
                self.end_sessions(|there| there.user == user && there.id == id, reason) > 0
            }
            DeviceRef::Remembered(id) => {
                let there = self.families.get(&id).filter(|there| there.user == user);
                let is_there = there.is_some_and(|there| now < there.expires_at);
                if is_there {
                    self.end_families(|family| family.id == id, reason);
                }
                is_there
            }
            DeviceRef::Trusted(id) => {
                let there = self.browsers.get_mut(&id).filter(|there| there.user == user);
                let Some(there) = there.filter(|there| there.is_trusted(now)) else { return false };
                there.trusted_until = None;
                self.tell(&IdentityFact::BrowsersForgotten { user, count: 1 });
                self.end_families(|family| family.trusted_by == Some(id), reason);
                true
            }
        }
    }

    /// Trusts no browser of theirs any more; answers how many were trusted.
    pub(super) fn distrust(&mut self, user: UserId) -> u64 {
        let (now, mut count) = (self.trail.now(), 0);
        for there in self.browsers.values_mut().filter(|there| there.user == user) {
            count += u64::from(there.is_trusted(now));
            there.trusted_until = None;
        }
        if count > 0 {
            self.tell(&IdentityFact::BrowsersForgotten { user, count });
        }
        count
    }

    /// Somebody is wholly signed in in a browser: it is known by a cookie, and trusted where they ask for it.
    pub(super) fn arrive(
        &mut self,
        session: &SessionRecord,
        visit: &Visit,
        browser: &BrowserVisit,
    ) -> BrowserMark {
        let (user, now) = (session.user, self.trail.now());
        let BrowserVisit { shown, fresh: (fresh_id, fresh), trust_for, notice, .. } = browser;
        let is_shown = |there: &Browser| shown.as_ref().is_some_and(|shown| there.digest.matches(shown));
        let theirs = self.browsers.values().find(|there| there.user == user && is_shown(there)).cloned();
        let been_before = self.browsers.values().any(|there| there.user == user);
        if been_before && !theirs.as_ref().is_some_and(|there| there.is_known(now)) {
            self.tell(&IdentityFact::DeviceNew { user, session: session.id });
            notice.clone().into_iter().for_each(|notice| self.queue(notice));
        }
        // A cookie that is trusted from now on is one that nobody saw before.
        let trust = trust_for.filter(|_| may_be_trusted(session));
        let stays = shown.clone().filter(|_| trust.is_none() && self.browsers.values().any(is_shown));
        let (digest, mark) = match stays {
            Some(shown) => (shown, BrowserMark::Shown),
            None => (fresh.clone(), BrowserMark::Fresh),
        };
        if trust.is_some() {
            for there in self.browsers.values_mut().filter(|there| is_shown(there)) {
                there.digest = digest.clone();
            }
        }
        let new = || Browser {
            id: *fresh_id,
            user,
            digest: digest.clone(),
            device: visit.device.clone(),
            first_seen_at: now,
            last_seen_at: now,
            trusted_until: None,
        };
        let mut there = theirs.unwrap_or_else(new);
        (there.digest, there.device) = (digest.clone(), visit.device.clone());
        there.last_seen_at = there.last_seen_at.max(now);
        let id = there.id;
        if let Some(trust) = trust {
            there.trusted_until = Some(now.plus(trust));
            self.tell(&IdentityFact::BrowserTrusted { user, browser: id });
        }
        self.browsers.insert(id, there);
        mark
    }
}

/// What happened, newest first and each in its own place; within a step in whatever order.
fn in_order(events: &[Activity]) -> Result<Vec<(i64, &'static str)>, StoreError> {
    if !events.is_sorted_by(|newer, older| newer.place > older.place) {
        return Err(StoreError::Refused(format!("not newest first: {events:?}")));
    }
    let mut events: Vec<_> = events.iter().map(|event| (event.at.unix_millis(), event.words)).collect();
    events.sort_unstable();
    Ok(events)
}

fn shown(event: &Event, user: UserId) -> Option<(i64, &'static str)> {
    let is_theirs =
        |party: &towergate_core::audit::Party| party.kind == "user" && party.id == user.to_string();
    let concerns = is_theirs(&event.actor) || is_theirs(&event.target);
    let words = activity::words(event.action)?;
    let shown = concerns && event.reason != Some(SessionEnd::Replaced.as_str());
    shown.then_some((event.origin.at.unix_millis(), words))
}
