//! Known and trusted browsers in memory.

use std::collections::BTreeMap;

use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};

use super::{Log, Tables, mail};
use crate::{
    ports::visit::{BrowserMark, BrowserVisit, Visit},
    rules::{
        browser::{Browser, BrowserId, may_be_trusted},
        fact::IdentityFact,
        session::SessionRecord,
        user::UserId,
    },
};

#[derive(Default)]
pub(super) struct Browsers(BTreeMap<BrowserId, Browser>);

impl Browsers {
    /// The browser of a person that goes by this cookie.
    pub(super) fn find(&self, user: UserId, digest: &Digest) -> Option<&Browser> {
        self.0.values().find(|browser| browser.user == user && browser.digest.matches(digest))
    }

    pub(super) fn get(&self, id: BrowserId) -> Option<&Browser> {
        self.0.get(&id)
    }

    /// Those that are trusted, newest activity first.
    pub(super) fn trusted(&self, user: UserId, now: Timestamp) -> Vec<Browser> {
        let trusted = self.0.values().filter(|browser| browser.user == user && browser.is_trusted(now));
        let mut trusted: Vec<_> = trusted.cloned().collect();
        trusted.sort_by_key(|browser| std::cmp::Reverse((browser.last_seen_at, browser.id)));
        trusted
    }

    /// Trusts this browser of theirs no more; `false` where it was not trusted.
    pub(super) fn distrust_one(&mut self, user: UserId, id: BrowserId, now: Timestamp) -> bool {
        let browser = self.0.get_mut(&id).filter(|browser| browser.user == user && browser.is_trusted(now));
        browser.is_some_and(|browser| browser.trusted_until.take().is_some())
    }

    /// Knows none of theirs any more: it may be somebody else who came in them.
    pub(super) fn forget(&mut self, user: UserId) {
        self.0.retain(|_, browser| browser.user != user);
    }

    /// Knows those of theirs no more that came since then.
    pub(super) fn forget_since(&mut self, user: UserId, since: Timestamp) {
        self.0.retain(|_, browser| browser.user != user || browser.first_seen_at < since);
    }

    /// Trusts none of theirs any more; answers how many were trusted.
    pub(super) fn distrust(&mut self, user: UserId, origin: &Origin, log: &mut Log) -> u64 {
        let mut count = 0;
        for browser in self.0.values_mut().filter(|browser| browser.user == user) {
            count += u64::from(browser.is_trusted(origin.at));
            browser.trusted_until = None;
        }
        if count > 0 {
            log.write(&IdentityFact::BrowsersForgotten { user, count }, origin);
        }
        count
    }
}

/// Notes that a person is wholly signed in in a browser; answers by which cookie it is known, and which browser of theirs it is.
pub(super) fn arrive(
    state: &mut Tables,
    session: &SessionRecord,
    visit: &Visit,
    browser: &BrowserVisit,
    origin: &Origin,
) -> Result<BrowserMark, StoreError> {
    let (user, now) = (session.user, origin.at);
    let BrowserVisit { shown, fresh: (fresh_id, fresh), .. } = browser;
    let there = shown.as_ref().and_then(|shown| state.browsers.find(user, shown));
    let (known, there) = (there.is_some_and(|there| there.is_known(now)), there.map(|there| there.id));
    let been_before = state.browsers.0.values().any(|browser| browser.user == user);
    if !known && been_before {
        state.log.write(&IdentityFact::DeviceNew { user, session: session.id }, origin);
        if let Some(notice) = browser.notice.clone() {
            mail::queue(state, notice, origin)?;
        }
    }
    let trust = browser.trust_for.filter(|_| may_be_trusted(session));
    // A cookie that is trusted from now on is one that nobody saw before, for whoever else uses the browser too.
    let shared = |shown: &Digest| state.browsers.0.values().any(|browser| browser.digest.matches(shown));
    let keeps = shown.as_ref().filter(|shown| trust.is_none() && shared(shown));
    let digest = keeps.unwrap_or(fresh).clone();
    let mark = if keeps.is_some() { BrowserMark::Shown } else { BrowserMark::Fresh };
    if let Some(shown) = shown.as_ref().filter(|_| trust.is_some()) {
        for browser in state.browsers.0.values_mut().filter(|browser| browser.digest.matches(shown)) {
            browser.digest = digest.clone();
        }
    }
    let id = there.unwrap_or(*fresh_id);
    let row = state.browsers.0.entry(id).or_insert_with(|| Browser {
        id,
        user,
        digest: digest.clone(),
        device: visit.device.clone(),
        first_seen_at: now,
        last_seen_at: now,
        trusted_until: None,
    });
    row.digest = digest;
    row.device = visit.device.clone();
    row.last_seen_at = row.last_seen_at.max(now);
    if let Some(trust) = trust {
        row.trusted_until = Some(now.plus(trust));
        state.log.write(&IdentityFact::BrowserTrusted { user, browser: id }, origin);
    }
    Ok(mark)
}
