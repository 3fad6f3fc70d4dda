//! New passwords.

use std::future::Future;

use towergate_core::{Secret, StoreError, audit::Origin};

use crate::rules::{
    email_token::{EmailTokenId, Shown},
    fact::TokenRefusal,
    mail::OutboxMail,
    second_factor::{FactorUse, Spending},
    session::SessionId,
    user::UserId,
};

/// Sets passwords, and ends what rested on those before them.
pub trait PasswordStore: Send + Sync + 'static {
    /// Sets a forgotten password anew, by a mailed link that [is good](crate::rules::email_token::EmailToken::judge) and, where somebody who has proven
    /// the address has an app that counts, by a code that is spent with it. Writes `password.reset`, and `factor.used` for the
    /// code.
    ///
    /// In the same step every session of the person ends (`session.revoked` for each), every other proof that was mailed to
    /// them dies but the one that undoes a change of address, the tries at the password are forgotten, and `notice` is
    /// queued (`mail.queued`).
    ///
    /// Where nobody had proven the address before, it is proven now (`email.confirmed`), and every second factor and passkey of
    /// the person goes: they may be somebody else's.
    ///
    /// A link that is not good writes `email_token.refused`; in all other cases in which nothing is set, nothing is written, and
    /// the link is as good as before.
    ///
    /// # Errors
    /// When the store fails.
    fn reset_password(
        &self,
        reset: PasswordReset,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<ResettingPassword, StoreError>> + Send;

    /// Replaces the hash `old` of somebody who may sign in by `new`, if it is still there; `None` is somebody without a password.
    /// Writes `password.changed`, or `password.set` for a first one.
    ///
    /// In the same step every session but `keeps` ends, the proofs that were mailed to them
    /// [die](crate::rules::email_token::Purpose::dies_with_a_change) which somebody else may have asked for, the tries are
    /// forgotten, and `notice` is queued.
    ///
    /// # Errors
    /// When the store fails.
    fn change_password(
        &self,
        change: PasswordChange,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<ChangingPassword, StoreError>> + Send;
}

/// A forgotten password about to be set anew.
#[derive(Debug, Clone)]
pub struct PasswordReset {
    /// The proof.
    pub token: EmailTokenId,
    /// What is shown of it.
    pub shown: Shown,
    /// The PHC string of the new password.
    pub hash: Secret<String>,
    /// The code that goes with it.
    pub factor: Option<FactorUse>,
}

/// What became of [`PasswordStore::reset_password`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResettingPassword {
    /// It is set.
    Reset {
        /// Whose.
        user: UserId,
        /// How many sessions ended.
        sessions: u64,
    },
    /// The code is not good: it was spent before, or is none.
    FactorRefused(Spending),
    /// There is no such proof.
    Missing,
    /// The link is not good.
    Refused(TokenRefusal),
    /// A code is due, and none came.
    SecondFactorDue,
}

/// A password about to be changed, or to be the first.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// Whose.
    pub user: UserId,
    /// The PHC string that there is.
    pub old: Option<Secret<String>>,
    /// The PHC string of the new one.
    pub new: Secret<String>,
    /// The session that goes on.
    pub keeps: Option<SessionId>,
}

/// What became of [`PasswordStore::change_password`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangingPassword {
    /// It is the new one.
    Changed {
        /// How many sessions ended.
        sessions: u64,
    },
    /// Another password is there by now, or the person is disabled or gone; nothing was written.
    Overtaken,
}
