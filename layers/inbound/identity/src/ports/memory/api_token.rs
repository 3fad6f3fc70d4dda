//! Tokens of people's programs, in memory.

use std::collections::BTreeMap;

use towergate_core::{StoreError, audit::Origin};

use super::{MemoryStore, Tables, already_there, mail, passkey::check_notice};
use crate::{
    ports::api_token::{ApiTokenStore, CreatingApiToken, NotingUse},
    rules::{
        api_token::{ApiToken, ApiTokenId},
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        user::UserId,
    },
};

#[derive(Default)]
pub(super) struct ApiTokens(BTreeMap<ApiTokenId, ApiToken>);

impl ApiTokenStore for MemoryStore {
    async fn create_api_token(
        &self,
        token: ApiToken,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<CreatingApiToken, StoreError> {
        self.step(|state| {
            let ApiToken { id, user, .. } = token;
            if !state.users.may_sign_in(user) {
                return Ok(CreatingApiToken::UserRefused);
            }
            let rows = &state.api_tokens.0;
            let theirs = rows.values().filter(|row| row.user == user && row.is_alive(origin.at)).count();
            if theirs >= usize::try_from(most).unwrap_or(usize::MAX) {
                return Ok(CreatingApiToken::TooMany);
            }
            if rows.contains_key(&id) {
                return Err(already_there("API token", id));
            }
            check_notice(state, notice.as_ref())?;
            let (permissions, expires_at) = (token.permissions.iter().cloned().collect(), token.expires_at);
            let fact = IdentityFact::ApiTokenCreated { user, token: id, permissions, expires_at };
            state.log.write(&fact, &origin);
            state.api_tokens.0.insert(id, token);
            mail::queue_notice(state, notice, &origin)?;
            Ok(CreatingApiToken::Created)
        })
    }

    async fn find_api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        self.step(|state| Ok(state.api_tokens.0.get(&id).cloned()))
    }

    async fn api_tokens_of(&self, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
        self.step(|state| {
            let rows = state.api_tokens.0.values();
            let mut theirs: Vec<_> = rows.filter(|row| row.user == user).cloned().collect();
            theirs.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
            Ok(theirs)
        })
    }

    async fn note_api_token_use(&self, id: ApiTokenId, origin: Origin) -> Result<NotingUse, StoreError> {
        self.step(|state| {
            let Some(row) = state.api_tokens.0.get_mut(&id) else { return Ok(NotingUse::Missing) };
            let before = row.last_used_at;
            row.last_used_at = before.max(Some(origin.at));
            if before.is_some() {
                return Ok(NotingUse::Noted);
            }
            let user = row.user;
            state.log.write(&IdentityFact::ApiTokenUsedFirst { user, token: id }, &origin);
            Ok(NotingUse::First)
        })
    }

    async fn revoke_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.step(|state| {
            if state.api_tokens.0.get(&id).is_none_or(|row| row.user != user) {
                return Ok(false);
            }
            state.api_tokens.0.remove(&id);
            let reason = SessionEnd::RevokedByUser;
            state.log.write(&IdentityFact::ApiTokenRevoked { user, token: id, reason }, &origin);
            Ok(true)
        })
    }

    async fn revoke_api_tokens_of(&self, user: UserId, origin: Origin) -> Result<u64, StoreError> {
        self.step(|state| Ok(end_of_user(state, user, SessionEnd::RevokedByUser, &origin)))
    }
}

/// Ends every token of a person; answers how many were good. What had ended by itself goes unnoticed.
pub(super) fn end_of_user(state: &mut Tables, user: UserId, reason: SessionEnd, origin: &Origin) -> u64 {
    let rows = &mut state.api_tokens.0;
    let ended: Vec<ApiTokenId> = rows.values().filter(|row| row.user == user).map(|row| row.id).collect();
    let mut count = 0;
    for token in ended {
        if state.api_tokens.0.remove(&token).is_some_and(|row| row.is_alive(origin.at)) {
            state.log.write(&IdentityFact::ApiTokenRevoked { user, token, reason }, origin);
            count += 1;
        }
    }
    count
}
