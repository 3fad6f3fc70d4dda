//! Mailed proofs.

use std::future::Future;

use towergate_core::{StoreError, Timestamp, audit::Origin};

use super::user::AddingUser;
use crate::rules::{
    email_token::{EmailToken, EmailTokenId, Purpose, Shown},
    fact::TokenRefusal,
    mail::{MailLimit, OutboxMail},
    user::{User, UserId},
};

/// Keeps mailed proofs.
pub trait EmailTokenStore: Send + Sync + 'static {
    /// Keeps a new person, the proof of their address and the mail that it goes out with, in one step, unless the address is
    /// taken. Writes `user.registered`, `email_token.issued` and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn register_user(
        &self,
        user: User,
        token: EmailToken,
        mail: OutboxMail,
        origin: Origin,
    ) -> impl Future<Output = Result<AddingUser, StoreError>> + Send;

    /// Keeps a proof and the mail that it goes out with, in one step; those before it of the same person and purpose are no
    /// longer good. Writes `email_token.issued` and `mail.queued`; or `email_token.unknown`, where it is refused.
    ///
    /// # Errors
    /// When the store fails.
    fn issue_email_token(
        &self,
        token: EmailToken,
        mail: OutboxMail,
        limit: MailLimit,
        origin: Origin,
    ) -> impl Future<Output = Result<Issuing, StoreError>> + Send;

    /// Does for an address that nobody may prove what [`issue_email_token`](Self::issue_email_token) does for somebody's, at the
    /// same cost: it counts, replaces and keeps as many rows of the same size, with the same indices, in places of their own that
    /// nothing is read from but that count. No proof is good by it, and no mail is sent; the rows go once the proof would have
    /// expired and the mail would count no more. Writes `email_token.unknown` and `mail.withheld`; or `email_token.unknown`
    /// alone, where there was enough mail.
    ///
    /// # Errors
    /// When the store fails.
    fn issue_in_vain(
        &self,
        vain: InVain,
        limit: MailLimit,
        origin: Origin,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The proof, good or not.
    ///
    /// # Errors
    /// When the store fails.
    fn find_email_token(
        &self,
        id: EmailTokenId,
    ) -> impl Future<Output = Result<Option<EmailToken>, StoreError>> + Send;

    /// The proof of a person that is still good for `purpose` at `now`, whatever was tried of its code.
    ///
    /// # Errors
    /// When the store fails.
    fn open_email_token_of(
        &self,
        user: UserId,
        purpose: Purpose,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<EmailToken>, StoreError>> + Send;

    /// Confirms the address that a proof was mailed to, if it is still its person's and
    /// [what is shown is good](EmailToken::judge); a wrong code is counted in the same step. Writes `email.confirmed`, or
    /// `email_token.refused`; nothing where there is no such proof of that purpose.
    ///
    /// Where a password comes with the proof and nobody had proven the address before, it takes the place of the one that was
    /// there, and every second factor and session of the person goes: they may be somebody else's. Writes `password.set`, and
    /// `session.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn confirm_email(
        &self,
        id: EmailTokenId,
        shown: Shown,
        grounded: bool,
        origin: Origin,
    ) -> impl Future<Output = Result<Confirming, StoreError>> + Send;
}

/// What is written for an address that nobody may prove.
#[derive(Debug, Clone)]
pub struct InVain {
    /// A proof for [nobody](crate::rules::nobody::nobody); its secret is thrown away.
    pub token: EmailToken,
    /// The mail that would have gone out with it.
    pub mail: OutboxMail,
    /// Who has the address all the same, and is shut out or has proven it already.
    pub person: Option<UserId>,
    /// What was asked for, as a stable lower-case word.
    pub asked: &'static str,
}

/// What became of [`EmailTokenStore::issue_email_token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuing {
    /// It is kept, and its mail waits.
    Issued,
    /// There was enough mail of this kind; nothing but the fact was written.
    TooMany,
    /// The person is disabled or gone, or has another address; nothing but the fact was written.
    UserRefused,
}

/// What became of [`EmailTokenStore::confirm_email`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirming {
    /// The address is confirmed.
    Confirmed {
        /// Whose.
        user: UserId,
        /// How many sessions ended because somebody else may have had them.
        sessions: u64,
    },
    /// It is not.
    Refused(TokenRefusal),
    /// There is no such proof.
    Missing,
}
