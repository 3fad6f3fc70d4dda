//! Tries at what can be guessed.

use std::time::Duration;

use proptest::prelude::*;
use towergate_core::{Timestamp, contract::model::Answers};

use super::{
    Model, Modelled,
    world::{person, user_id},
};
use crate::rules::{
    fact::IdentityFact,
    lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey, reserve},
};

/// What is done about tries.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is a method of the port")]
pub enum TryOperation {
    Reserve { whose: Option<u8>, class: CredentialClass, notice: bool },
    Forget { whose: Option<u8>, class: CredentialClass },
}

/// Five free tries, and no more than ten: so that a sequence comes to a block.
fn policy() -> LockoutPolicy {
    LockoutPolicy::default().free(2).limit(10)
}

pub(super) fn operation() -> impl Strategy<Value = TryOperation> {
    let class = || prop_oneof![3 => Just(CredentialClass::Password), 1 => Just(CredentialClass::Totp)];
    let whose = || proptest::option::weighted(0.7, person());
    prop_oneof![
        8 => (whose(), class(), any::<bool>())
            .prop_map(|(whose, class, notice)| TryOperation::Reserve { whose, class, notice }),
        1 => (whose(), class()).prop_map(|(whose, class)| TryOperation::Forget { whose, class }),
    ]
}

fn key(whose: Option<u8>, class: CredentialClass) -> TryKey {
    match whose {
        Some(user) => TryKey::of_user(class, user_id(user.into())),
        None => TryKey::of_nobody(class, "nobody@example.com"),
    }
}

impl Model {
    pub(super) async fn tries<S>(&mut self, store: &S, operation: &TryOperation) -> Answers
    where
        S: Modelled,
    {
        let origin = self.trail.origin();
        match *operation {
            TryOperation::Reserve { whose, class, notice } => {
                let key = key(whose, class);
                let notice = self.notice(user_id(whose.unwrap_or(1).into()), notice);
                let answer = store.reserve_try(key, policy(), notice.clone(), origin).await;
                let tries = self.tries.get(&key).map(|(tries, _)| *tries).unwrap_or_default();
                let (reserving, kept) = reserve(tries, &policy(), origin.at);
                self.tries.insert(key, (kept, origin.at));
                if reserving == (Reserving::Blocked { just_now: true }) {
                    self.tell(&IdentityFact::CredentialBlocked { class, user: key.user() });
                    notice.into_iter().for_each(|notice| self.queue(notice));
                }
                Answers::of(answer, reserving)
            }
            TryOperation::Forget { whose, class } => {
                let key = key(whose, class);
                self.tries.remove(&key);
                Answers::none(store.forget_tries(key).await)
            }
        }
    }

    /// A quiet day is enough where nobody has the address.
    pub(super) fn clean_tries(&mut self, now: Timestamp) {
        let day_ago = now.minus(Duration::from_secs(24 * 3600));
        self.tries.retain(|key, (_, last)| key.user().is_some() || *last > day_ago);
    }
}
