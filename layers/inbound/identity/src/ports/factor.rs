//! Second factors.

use std::future::Future;

use towergate_core::{Digest, StoreError, audit::Origin};

use crate::rules::{
    factor::TotpFactor, mail::OutboxMail, second_factor::Spending, session::SessionId, totp::TotpStep,
    user::UserId,
};

/// Keeps authenticator apps and backup codes.
pub trait FactorStore: Send + Sync + 'static {
    /// The app of `user`, one that waits for its first code too.
    ///
    /// # Errors
    /// When the store fails.
    fn find_totp(&self, user: UserId) -> impl Future<Output = Result<Option<TotpFactor>, StoreError>> + Send;

    /// Keeps a new sealed secret for `user` that waits for its first code, in the place of one that did.
    ///
    /// # Errors
    /// When the store fails.
    fn begin_totp(
        &self,
        user: UserId,
        sealed: Vec<u8>,
        origin: Origin,
    ) -> impl Future<Output = Result<BeginningTotp, StoreError>> + Send;

    /// Makes the app with `sealed` count, whose first code was of `step`, with `codes` as the backup codes, if it is still
    /// the one that waits at `origin.at`, and queues its notice. Writes `factor.enrolled`, `backup_codes.renewed` and
    /// `mail.queued`.
    ///
    /// Every other session of the person than `keeps` ends with it (`session.revoked`): they were begun without it.
    ///
    /// # Errors
    /// When the store fails.
    fn enrol_totp(
        &self,
        enrolment: Enrolment,
        origin: Origin,
    ) -> impl Future<Output = Result<EnrollingTotp, StoreError>> + Send;

    /// Spends a step of the app of `user`, and every earlier one. Writes `factor.used`.
    ///
    /// # Errors
    /// When the store fails.
    fn spend_totp(
        &self,
        user: UserId,
        step: TotpStep,
        origin: Origin,
    ) -> impl Future<Output = Result<Spending, StoreError>> + Send;

    /// Spends a backup code of `user`. Writes `factor.used`.
    ///
    /// # Errors
    /// When the store fails.
    fn spend_backup_code(
        &self,
        user: UserId,
        code: Digest,
        origin: Origin,
    ) -> impl Future<Output = Result<Spending, StoreError>> + Send;

    /// How many backup codes `user` has left.
    ///
    /// # Errors
    /// When the store fails.
    fn backup_codes_left(&self, user: UserId) -> impl Future<Output = Result<usize, StoreError>> + Send;

    /// Replaces all backup codes of `user`, who has an app that counts or is asked for a passkey, and queues `notice`; `false` when they have none.
    /// Writes `backup_codes.renewed`, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn renew_backup_codes(
        &self,
        user: UserId,
        codes: Vec<Digest>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes the app of `user`, and all backup codes unless a passkey is asked for, and ends every session of theirs but `keeps`. `false` when they have
    /// none. Where it counted it queues `notice`, and writes `factor.removed`, `session.revoked` for each, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn remove_totp(
        &self,
        user: UserId,
        keeps: Option<SessionId>,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// An app that its first code has proven.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Whose.
    pub user: UserId,
    /// The sealed secret that the code was of.
    pub sealed: Vec<u8>,
    /// The step of the code; it is spent.
    pub step: TotpStep,
    /// The digests of the backup codes.
    pub codes: Vec<Digest>,
    /// The session that goes on.
    pub keeps: Option<SessionId>,
    /// The mail that tells them of it.
    pub notice: Option<OutboxMail>,
}

/// What became of [`FactorStore::begin_totp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeginningTotp {
    /// It waits for its first code.
    Begun,
    /// They have one that counts; nothing was written.
    Enrolled,
    /// There is no such person, or they are shut out; nothing was written.
    UserRefused,
}

/// What became of [`FactorStore::enrol_totp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrollingTotp {
    /// It counts from now on.
    Enrolled,
    /// Another one waits by now, it counts already, it waited for too long, or there is none; nothing was written.
    Changed,
}
