//! Signing in by mail.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use crate::rules::{
    email_token::{EmailTokenId, Shown},
    mail_sign_in::MailSpending,
};

/// Spends the proofs by which people sign in.
pub trait MailSignInStore: Send + Sync + 'static {
    /// Spends a proof [to sign in](crate::rules::email_token::Purpose::SignIn), if the address it was mailed to is still its
    /// person's and [what is shown is good](crate::rules::email_token::EmailToken::judge); a wrong code is counted in the same
    /// step. Writes `email_token.spent`, or `email_token.refused`; nothing where there is no such proof of that purpose.
    ///
    /// Where nobody had proven the address before, it is confirmed with it (`email.confirmed`), and all that was set until
    /// then goes: the password (`password.removed`), every second factor and session (`session.revoked` for each), and every
    /// other mailed proof of the person. It may be somebody else's.
    ///
    /// # Errors
    /// When the store fails.
    fn spend_mail_sign_in(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> impl Future<Output = Result<MailSpending, StoreError>> + Send;
}
