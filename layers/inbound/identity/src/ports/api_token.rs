//! Tokens that people make for their own programs.
//!
//! This port is no part of [`IdentityStore`](super::IdentityStore): a host without such tokens needs none of it. A store that
//! has it ends tokens in the very steps that end sessions, for the reasons of
//! [`SessionEnd::ends_api_tokens`](crate::rules::fact::SessionEnd::ends_api_tokens).

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use crate::rules::{
    api_token::{ApiToken, ApiTokenId},
    mail::OutboxMail,
    user::UserId,
};

/// Keeps what is to be known of tokens, which is nothing by which one could be shown.
pub trait ApiTokenStore: Send + Sync + 'static {
    /// Keeps a token of somebody who may sign in and has fewer than `most` that are still good, and queues the mail that tells
    /// of it. Writes `api_token.created`, and `mail.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn create_api_token(
        &self,
        token: ApiToken,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> impl Future<Output = Result<CreatingApiToken, StoreError>> + Send;

    /// A token, good or ended by itself. What was revoked is not there.
    ///
    /// # Errors
    /// When the store fails.
    fn find_api_token(
        &self,
        id: ApiTokenId,
    ) -> impl Future<Output = Result<Option<ApiToken>, StoreError>> + Send;

    /// The tokens of `user`, newest first.
    ///
    /// # Errors
    /// When the store fails.
    fn api_tokens_of(&self, user: UserId) -> impl Future<Output = Result<Vec<ApiToken>, StoreError>> + Send;

    /// Notes a use, never backwards. Writes `api_token.used_first` when it is the first; of many at once, one is.
    ///
    /// # Errors
    /// When the store fails.
    fn note_api_token_use(
        &self,
        id: ApiTokenId,
        origin: Origin,
    ) -> impl Future<Output = Result<NotingUse, StoreError>> + Send;

    /// Ends a token of `user`; `false` when they have no such token. Of many at once, one ends it. Writes `api_token.revoked`.
    ///
    /// # Errors
    /// When the store fails.
    fn revoke_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends every token of `user`; answers how many were still good. Writes `api_token.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn revoke_api_tokens_of(
        &self,
        user: UserId,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// What became of [`ApiTokenStore::create_api_token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatingApiToken {
    /// It is kept.
    Created,
    /// They have so many already; nothing was written.
    TooMany,
    /// There is no such person, or they are shut out; nothing was written.
    UserRefused,
}

/// What became of [`ApiTokenStore::note_api_token_use`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotingUse {
    /// It is the first.
    First,
    /// It is noted, or one after it was.
    Noted,
    /// There is no such token any more: it is not to be taken.
    Missing,
}
