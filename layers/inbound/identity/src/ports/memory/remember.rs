//! Browsers that stay signed in, in memory.

use std::collections::{BTreeMap, BTreeSet};

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::{MemoryStore, Tables, already_there, ending, mail};
use crate::{
    ports::remember::{RememberStore, Trade, Traded},
    rules::{
        fact::{IdentityFact, SessionEnd},
        remember::{self, Remembered, RememberedId, Worth},
        user::UserId,
    },
};

#[derive(Default)]
pub(super) struct Families(BTreeMap<RememberedId, Remembered>);

impl RememberStore for MemoryStore {
    async fn find_remembered(&self, id: RememberedId) -> Result<Option<Remembered>, StoreError> {
        self.step(|state| Ok(state.remembered.0.get(&id).cloned()))
    }

    async fn trade_remembered(&self, trade: Trade, origin: Origin) -> Result<Traded, StoreError> {
        self.step(|state| self::trade(state, trade, &origin))
    }
}

fn trade(state: &mut Tables, trade: Trade, origin: &Origin) -> Result<Traded, StoreError> {
    mail::check_fresh(state, trade.notice.as_ref())?;
    let Some(family) = state.remembered.0.get(&trade.family) else { return Ok(Traded::Missing) };
    let (id, user, now) = (family.id, family.user, origin.at);
    if !state.users.may_sign_in(user) {
        return Ok(Traded::Missing);
    }
    let expires_at = family.expires_at;
    match family.judge(&trade.shown, now) {
        Worth::Newest => {}
        Worth::JustTraded => {
            let sealed = family.traded.as_ref().map(|traded| traded.sealed.clone()).unwrap_or_default();
            let session = state.sessions.newest_of_family(id, now);
            return Ok(Traded::Repeated { sealed, session, expires_at });
        }
        Worth::Expired => return Ok(Traded::Missing),
        Worth::Stolen => {
            state.log.write(&IdentityFact::RememberedStolen { user, family: id }, origin);
            if let Some(notice) = trade.notice {
                mail::queue(state, notice, origin)?;
            }
            ending::end_families(state, |family| family.id == id, SessionEnd::CookieStolen, origin);
            return Ok(Traded::Stolen);
        }
    }
    let trusted = family.trusted_by.and_then(|browser| state.browsers.get(browser));
    let trusted = trusted.is_some_and(|browser| browser.is_trusted(now));
    if !family.stands(state.factors.has_second_factor(user), trade.duty, trusted) {
        ending::end_families(state, |family| family.id == id, SessionEnd::FactorsChanged, origin);
        return Ok(Traded::Missing);
    }
    if state.sessions.is_there(trade.session) {
        return Err(already_there("session", trade.session));
    }
    let session = family.session(trade.session, trade.session_digest, now, (&trade.lifetime, trade.duty));
    let before = state.sessions.of_families(&BTreeSet::from([id]));
    if !super::session::make_room(state, user, trade.limit, &before, origin) {
        return Ok(Traded::Full);
    }
    let Some(family) = state.remembered.0.get_mut(&id) else { return Ok(Traded::Missing) };
    let old = std::mem::replace(&mut family.digest, trade.next);
    family.traded = Some(remember::Traded { digest: old, at: now, sealed: trade.sealed });
    family.last_seen_at = family.last_seen_at.max(now);
    family.device = trade.device.clone();
    let began_at = family.created_at;
    state.log.write(&IdentityFact::RememberedUsed { user, family: id, session: session.id }, origin);
    state.sessions.end_where(
        |session| before.contains(&session.id),
        SessionEnd::Replaced,
        origin,
        &mut state.log,
    );
    let fact = IdentityFact::SessionCreated { session: session.id, sign_in: session.sign_in, user };
    state.log.write(&fact, origin);
    state.sessions.keep_remembered(session.clone(), trade.device, began_at, id);
    Ok(Traded::Traded(session, expires_at))
}

impl Families {
    pub(super) fn insert(&mut self, family: Remembered) {
        self.0.insert(family.id, family);
    }

    pub(super) fn contains(&self, id: RememberedId) -> bool {
        self.0.contains_key(&id)
    }

    /// Those of a person that are not too old, newest activity first.
    pub(super) fn of_user(&self, user: UserId, now: Timestamp) -> Vec<Remembered> {
        let alive = self.0.values().filter(|family| family.user == user && now < family.expires_at);
        let mut alive: Vec<_> = alive.cloned().collect();
        alive.sort_by_key(|family| std::cmp::Reverse((family.last_seen_at, family.id)));
        alive
    }

    /// Who stays signed in somewhere.
    pub(super) fn people(&self, now: Timestamp) -> impl Iterator<Item = UserId> {
        self.0.values().filter(move |family| now < family.expires_at).map(|family| family.user)
    }

    pub(super) fn ids_where(&self, which: impl Fn(&Remembered) -> bool) -> BTreeSet<RememberedId> {
        self.0.values().filter(|family| which(family)).map(|family| family.id).collect()
    }

    /// Takes them out; answers those that were not too old.
    pub(super) fn take_where(
        &mut self,
        which: impl Fn(&Remembered) -> bool,
        now: Timestamp,
    ) -> Vec<(RememberedId, UserId)> {
        let mut taken = Vec::new();
        self.0.retain(|_, family| {
            let ends = which(family);
            if ends && now < family.expires_at {
                taken.push((family.id, family.user));
            }
            !ends
        });
        taken
    }
}
