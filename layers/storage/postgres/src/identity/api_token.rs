//! Tokens of people's programs.

use std::collections::BTreeSet;

use towergate_core::{StoreError, audit::Origin};
use towergate_identity::{
    ports::api_token::{ApiTokenStore, CreatingApiToken, NotingUse},
    rules::{
        api_token::{ApiToken, ApiTokenId, ApiTokenName, Permission},
        fact::{IdentityFact, SessionEnd},
        mail::OutboxMail,
        user::UserId,
    },
};

use super::{mail, user};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

const TABLE: &str = "towergate_api_tokens";

/// The columns in the order in which [`read`] takes them.
macro_rules! api_token_columns {
    () => {
        "id, user_id, name, permissions, created_at, expires_at, last_used_at"
    };
}

pub(crate) const FIND: &str =
    concat!("SELECT ", api_token_columns!(), " FROM towergate_api_tokens WHERE id = $1");

pub(crate) const LOCK: &str =
    concat!("SELECT ", api_token_columns!(), " FROM towergate_api_tokens WHERE id = $1 FOR UPDATE");

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    api_token_columns!(),
    " FROM towergate_api_tokens WHERE user_id = $1 ORDER BY created_at DESC, id DESC"
);

pub(crate) const COUNT_OF: &str =
    "SELECT count(*) FROM towergate_api_tokens WHERE user_id = $1 AND expires_at > $2";

const INSERT: &str = concat!(
    "INSERT INTO towergate_api_tokens (",
    api_token_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7)"
);

pub(crate) const USE: &str =
    "UPDATE towergate_api_tokens SET last_used_at = greatest(last_used_at, $2) WHERE id = $1";

pub(crate) const END: &str = "DELETE FROM towergate_api_tokens WHERE id = $1 AND user_id = $2";

pub(crate) const END_OF_USER: &str =
    concat!("DELETE FROM towergate_api_tokens WHERE user_id = $1 RETURNING ", api_token_columns!());

impl ApiTokenStore for PostgresStore {
    async fn create_api_token(
        &self,
        token: ApiToken,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<CreatingApiToken, StoreError> {
        self.write((token, most, notice, origin), |step, (token, most, notice, origin)| {
            Box::pin(create(step, token, *most, notice.as_ref(), origin))
        })
        .await
    }

    async fn find_api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        self.one(FIND, params![id.as_uuid()], read).await
    }

    async fn api_tokens_of(&self, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
        self.all(OF_USER, params![user.as_uuid()], read).await
    }

    async fn note_api_token_use(&self, id: ApiTokenId, origin: Origin) -> Result<NotingUse, StoreError> {
        self.write_by_locks((id, origin), |step, (id, origin)| Box::pin(note_use(step, *id, origin))).await
    }

    async fn revoke_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write_by_locks((user, id, origin), |step, (user, id, origin)| {
            Box::pin(async move {
                let (user, token) = (*user, *id);
                let key = params![token.as_uuid(), user.as_uuid()];
                if query::change(&mut step.connection, END, key).await? == 0 {
                    return Ok(false);
                }
                let reason = SessionEnd::RevokedByUser;
                step.record(&IdentityFact::ApiTokenRevoked { user, token, reason }, origin).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn revoke_api_tokens_of(&self, user: UserId, origin: Origin) -> Result<u64, StoreError> {
        self.write((user, origin), |step, (user, origin)| {
            Box::pin(async move {
                user::lock(&mut step.connection, *user).await?;
                end_of_user(step, *user, SessionEnd::RevokedByUser, origin).await
            })
        })
        .await
    }
}

/// Ends every token of a person; answers how many were good. What had ended by itself goes unnoticed.
pub(super) async fn end_of_user(
    step: &mut Step,
    user: UserId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<u64, Failure> {
    let mut ended = query::all(&mut step.connection, END_OF_USER, params![user.as_uuid()], read).await?;
    ended.retain(|token| token.is_alive(origin.at));
    ended.sort_by_key(|token| token.id);
    let mut count = 0;
    for token in ended {
        step.record(&IdentityFact::ApiTokenRevoked { user, token: token.id, reason }, origin).await?;
        count += 1;
    }
    Ok(count)
}

async fn create(
    step: &mut Step,
    token: &ApiToken,
    most: u32,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<CreatingApiToken, Failure> {
    let ApiToken { id, user, expires_at, .. } = *token;
    user::lock(&mut step.connection, user).await?;
    if !user::may_sign_in(&mut step.connection, user).await? {
        return Ok(CreatingApiToken::UserRefused);
    }
    let key = params![user.as_uuid(), origin.at];
    let theirs: Option<u32> =
        query::one(&mut step.connection, COUNT_OF, key, |fields| fields.count("count")).await?;
    if theirs.unwrap_or(0) >= most {
        return Ok(CreatingApiToken::TooMany);
    }
    let words: Vec<_> = token.permissions.iter().map(Permission::as_str).collect();
    let row = params![
        id.as_uuid(),
        user.as_uuid(),
        token.name.as_str(),
        query::json(&words)?,
        token.created_at,
        expires_at,
        token.last_used_at,
    ];
    query::change(&mut step.connection, INSERT, row).await?;
    let permissions = token.permissions.iter().cloned().collect();
    step.record(&IdentityFact::ApiTokenCreated { user, token: id, permissions, expires_at }, origin).await?;
    mail::queue_notice(step, notice, origin).await?;
    Ok(CreatingApiToken::Created)
}

async fn note_use(step: &mut Step, id: ApiTokenId, origin: &Origin) -> Result<NotingUse, Failure> {
    let token = query::one(&mut step.connection, LOCK, params![id.as_uuid()], read).await?;
    let Some(token) = token else { return Ok(NotingUse::Missing) };
    query::change(&mut step.connection, USE, params![id.as_uuid(), origin.at]).await?;
    if token.last_used_at.is_some() {
        return Ok(NotingUse::Noted);
    }
    step.record(&IdentityFact::ApiTokenUsedFirst { user: token.user, token: id }, origin).await?;
    Ok(NotingUse::First)
}

fn read(fields: &mut Fields<'_>) -> Result<ApiToken, Failure> {
    fields.table(TABLE);
    Ok(ApiToken {
        id: fields.uuid("id").map(ApiTokenId::from_uuid)?,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        name: fields.parse("name", |name| ApiTokenName::parse(name).ok())?,
        permissions: permissions(fields)?,
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
        last_used_at: fields.optional_time("last_used_at")?,
    })
}

fn permissions(fields: &mut Fields<'_>) -> Result<BTreeSet<Permission>, Failure> {
    let words: Vec<String> = fields.json("permissions")?;
    words.iter().map(|word| Permission::parse(word).map_err(|_| fields.unreadable("permissions"))).collect()
}
