//! Tries in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, audit::Origin};

use super::{MemoryStore, mail};
use crate::{
    ports::tries::TryStore,
    rules::{
        fact::IdentityFact,
        lockout::{LockoutPolicy, Reserving, Tries, TryKey, reserve},
        mail::OutboxMail,
        user::UserId,
    },
};

#[derive(Default)]
pub(super) struct TryCounts(BTreeMap<TryKey, Tries>);

impl TryCounts {
    /// Forgets the tries at what was a person's.
    pub(super) fn forget(&mut self, user: UserId) {
        self.0.retain(|key, _| key.user() != Some(user));
    }

    /// Forgets the tries at one credential.
    pub(super) fn forget_at(&mut self, key: &TryKey) {
        self.0.remove(key);
    }
}

impl TryStore for MemoryStore {
    async fn reserve_try(
        &self,
        key: TryKey,
        policy: LockoutPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<Reserving, StoreError> {
        self.step(|state| {
            let tries = state.tries.0.get(&key).copied().unwrap_or_default();
            let (reserving, kept) = reserve(tries, &policy, origin.at);
            state.tries.0.insert(key, kept);
            if reserving == (Reserving::Blocked { just_now: true }) {
                let fact = IdentityFact::CredentialBlocked { class: key.class(), user: key.user() };
                state.log.write(&fact, &origin);
                mail::queue_notice(state, notice, &origin)?;
            }
            Ok(reserving)
        })
    }

    async fn forget_tries(&self, key: TryKey) -> Result<(), StoreError> {
        self.step(|state| {
            state.tries.forget_at(&key);
            Ok(())
        })
    }
}
