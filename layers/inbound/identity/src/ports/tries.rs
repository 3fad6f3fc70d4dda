//! Tries at what can be guessed.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use crate::rules::{
    lockout::{LockoutPolicy, Reserving, TryKey},
    mail::OutboxMail,
};

/// Counts tries.
pub trait TryStore: Send + Sync + 'static {
    /// Asks whether somebody may try at `origin.at`, and counts the try as a failure if so, in one step
    /// ([`reserve`](crate::rules::lockout::reserve)). Writes `credential.blocked` when it comes to that, and then queues
    /// `notice`; else it is thrown away.
    ///
    /// # Errors
    /// When the store fails.
    fn reserve_try(
        &self,
        key: TryKey,
        policy: LockoutPolicy,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<Reserving, StoreError>> + Send;

    /// Forgets all tries: after a success, when the credential was set anew, or because an operator says so. A store may
    /// forget by itself what nobody tried for a day, where nobody has the address.
    ///
    /// # Errors
    /// When the store fails.
    fn forget_tries(&self, key: TryKey) -> impl Future<Output = Result<(), StoreError>> + Send;
}
