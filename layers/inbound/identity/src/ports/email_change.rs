//! Another address for somebody.

use std::future::Future;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::email_token::Issuing;
use crate::rules::{
    email::EmailAddress,
    email_token::{EmailToken, EmailTokenId, Shown},
    fact::TokenRefusal,
    mail::{MailLimit, OutboxMail},
    session::SessionId,
    user::UserId,
};

/// Changes addresses. A change that waits to be proven is the open proof of it, and nothing else.
pub trait EmailChangeStore: Send + Sync + 'static {
    /// Keeps the proof of a new address of somebody, and the mail that goes out with it; those before it are no longer good.
    /// The proofs of its person are counted by `limit`; the mail is left out where its own person had enough of its kind.
    /// Writes `email_token.issued`, and `mail.queued`.
    ///
    /// Whether the address is somebody else's makes no difference: such a proof is never good, and the mail tells whose it is.
    ///
    /// # Errors
    /// When the store fails.
    fn ask_email_change(
        &self,
        token: EmailToken,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> impl Future<Output = Result<Issuing, StoreError>> + Send;

    /// Gives somebody the address that a proof was mailed to, if [what is shown is good](EmailToken::judge), the proof is
    /// theirs, the session that they show it in is alive, and the address is nobody else's and kept for nobody else. A wrong
    /// code is counted. Every other proof of the person dies but those that put an older address back, and every other
    /// session ends. Where the address before was proven, the way back is kept and mailed to it, and until that ends nobody
    /// else can have that address. Writes `email_token.spent`, `email.changed`, `session.revoked` for each,
    /// `email_token.issued` and `mail.queued`; or `email_token.refused`.
    ///
    /// # Errors
    /// When the store fails.
    fn change_email(
        &self,
        change: EmailChange,
        origin: Origin,
    ) -> impl Future<Output = Result<ChangingEmail, StoreError>> + Send;

    /// Ends a change that waits to be proven; `false` when there is none. Writes `email_change.cancelled`.
    ///
    /// # Errors
    /// When the store fails.
    fn cancel_email_change(
        &self,
        user: UserId,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Gives somebody back the address that a [way back](crate::rules::email_token::Purpose::UndoEmailChange) was mailed to,
    /// and queues `notices`. Whoever changed it may be a thief, who did more than that since the proof's
    /// [`created_at`](EmailToken::created_at): every session, family and trust ends, the password opens nothing any more, the
    /// person does not leave, and what was added since goes: an authenticator app with its backup codes, backup codes that
    /// were renewed, passkeys, accounts elsewhere, browsers that are known. So does every proof but those that put a still
    /// older address back. Writes `email_token.spent`, `email_change.undone`, `deletion.withdrawn`, `password.removed`,
    /// `factor.removed` or `backup_codes.renewed` with a count of none, `passkey.removed` and `identity.unlinked` for each,
    /// `session.revoked` and `remembered.ended` for each, `browsers.forgotten`, and `mail.queued`; or `email_token.refused`.
    ///
    /// # Errors
    /// When the store fails.
    fn undo_email_change(
        &self,
        id: EmailTokenId,
        shown: Shown,
        notices: Vec<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<ChangingEmail, StoreError>> + Send;

    /// For whom an address is kept that nobody has, because they may put it back.
    ///
    /// # Errors
    /// When the store fails.
    fn find_address_keeper(
        &self,
        email: &EmailAddress,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<UserId>, StoreError>> + Send;
}

/// A change of address that is proven.
#[derive(Debug, Clone)]
pub struct EmailChange {
    /// The proof.
    pub id: EmailTokenId,
    /// What is shown of it.
    pub shown: Shown,
    /// Who shows it.
    pub user: UserId,
    /// In which session; it goes on.
    pub keeps: SessionId,
    /// The way back, and the mail that it goes out with, both to the address until now.
    pub undo: (EmailToken, OutboxMail),
}

/// What became of [`EmailChangeStore::change_email`] or [`EmailChangeStore::undo_email_change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangingEmail {
    /// The person has the address.
    Changed {
        /// Who.
        user: UserId,
        /// How many sessions ended.
        sessions: u64,
    },
    /// They do not.
    Refused(TokenRefusal),
    /// There is no such proof.
    Missing,
}
