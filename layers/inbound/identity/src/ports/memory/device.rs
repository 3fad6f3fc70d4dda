//! Where somebody is signed in, in memory.

use towergate_core::{
    Digest, StoreError, Timestamp,
    audit::{Event, Origin},
};

use super::{MemoryStore, ending};
use crate::{
    ports::device::{DeviceRef, DeviceStore, Devices},
    rules::{
        activity::{self, Activity},
        fact::{IdentityFact, SessionEnd},
        user::UserId,
    },
};

impl DeviceStore for MemoryStore {
    async fn devices_of(&self, user: UserId, now: Timestamp) -> Result<Devices, StoreError> {
        self.step(|state| {
            Ok(Devices {
                sessions: state.sessions.devices_of(user, now),
                remembered: state.remembered.of_user(user, now),
                trusted: state.browsers.trusted(user, now),
            })
        })
    }

    async fn end_device(&self, user: UserId, device: DeviceRef, origin: Origin) -> Result<bool, StoreError> {
        let reason = SessionEnd::RevokedByUser;
        self.step(|state| match device {
            DeviceRef::Session(id) => {
                let ends =
                    |session: &crate::rules::session::SessionRecord| session.user == user && session.id == id;
                Ok(ending::end_sessions(state, ends, reason, &origin) > 0)
            }
            DeviceRef::Remembered(id) => {
                let there = state.remembered.of_user(user, origin.at).iter().any(|family| family.id == id);
                if there {
                    ending::end_families(state, |family| family.id == id, reason, &origin);
                }
                Ok(there)
            }
            DeviceRef::Trusted(id) => {
                let trusted = state.browsers.distrust_one(user, id, origin.at);
                if trusted {
                    state.log.write(&IdentityFact::BrowsersForgotten { user, count: 1 }, &origin);
                    ending::end_families(state, |family| family.trusted_by == Some(id), reason, &origin);
                }
                Ok(trusted)
            }
        })
    }

    async fn forget_browsers(&self, user: UserId, origin: Origin) -> Result<u64, StoreError> {
        self.step(|state| {
            let count = state.browsers.distrust(user, &origin, &mut state.log);
            let rests = |family: &crate::rules::remember::Remembered| {
                family.user == user && family.trusted_by.is_some()
            };
            ending::end_families(state, rests, SessionEnd::RevokedByUser, &origin);
            Ok(count)
        })
    }

    async fn is_known_browser(
        &self,
        user: UserId,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.step(|state| Ok(state.browsers.find(user, digest).is_some_and(|browser| browser.is_known(now))))
    }

    async fn events_of(
        &self,
        user: UserId,
        before: Option<u64>,
        limit: u16,
    ) -> Result<Vec<Activity>, StoreError> {
        let id = user.to_string();
        let events = (1..).zip(self.events());
        let shown = events.filter_map(|(place, event)| {
            let words = activity::words(event.action).filter(|_| is_shown(&event, &id))?;
            Some(Activity { place, at: event.origin.at, words })
        });
        let mut shown: Vec<_> =
            shown.filter(|shown| before.is_none_or(|before| shown.place < before)).collect();
        shown.reverse();
        shown.truncate(usize::from(limit));
        // Asked through a step, so that a store that is away says so.
        self.step(|_| Ok(shown))
    }
}

fn is_shown(event: &Event, user: &str) -> bool {
    let concerns = [&event.actor, &event.target].iter().any(|party| party.kind == "user" && party.id == user);
    concerns && event.reason != Some(SessionEnd::Replaced.as_str())
}
