//! Passkeys that are asked for after whatever else their person signs in by.

use std::future::Future;

use towergate_core::{Digest, StoreError, audit::Origin};

use crate::rules::{mail::OutboxMail, session::SessionId, user::UserId};

/// Keeps who wants to be asked for a passkey at every sign-in.
///
/// Whoever does has a second factor: [`establish_session`](super::SessionStore::establish_session) and
/// [`reset_password`](super::PasswordStore::reset_password) ask for one, and backup codes are theirs. It goes with the last passkey
/// that its person [removes](super::PasskeyStore::remove_passkey), and with the means of whoever had none of them before an
/// address was given back. A key that is revoked for its count leaves it: the backup codes open then.
pub trait PasskeyFactorStore: Send + Sync + 'static {
    /// Whether `user` is asked for a passkey at every sign-in.
    ///
    /// # Errors
    /// When the store fails.
    fn has_passkey_factor(&self, user: UserId) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Asks its person, who has a passkey, for one at every sign-in from now on; `switch.codes` take the place of all backup
    /// codes, every other session of theirs than `switch.keeps` ends, and the notice is queued. Writes
    /// `passkey_factor.switched_on`, `backup_codes.renewed`, `session.revoked` for each, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn switch_on_passkey_factor(
        &self,
        switch: PasskeyFactorSwitch,
        origin: Origin,
    ) -> impl Future<Output = Result<SwitchingOn, StoreError>> + Send;

    /// Asks `user` no more, and ends every session of theirs but `keeps`; the backup codes go unless an app counts. `false` when
    /// they were not asked. Writes `passkey_factor.switched_off`, `session.revoked` for each, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn switch_off_passkey_factor(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// Somebody who wants to be asked for a passkey.
#[derive(Debug, Clone)]
pub struct PasskeyFactorSwitch {
    /// Who.
    pub user: UserId,
    /// The digests of the backup codes.
    pub codes: Vec<Digest>,
    /// The session that goes on.
    pub keeps: Option<SessionId>,
    /// The mail that tells them of it.
    pub notice: Option<OutboxMail>,
}

/// What became of [`PasskeyFactorStore::switch_on_passkey_factor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchingOn {
    /// They are asked from now on.
    SwitchedOn,
    /// They were asked already; nothing was written.
    OnAlready,
    /// They have no passkey; nothing was written.
    NoPasskey,
    /// There is no such person, or they are shut out; nothing was written.
    UserRefused,
}
