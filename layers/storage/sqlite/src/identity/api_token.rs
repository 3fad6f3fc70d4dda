//! Tokens of people's programs.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use towergate_core::{StoreError, Timestamp, audit::Origin};
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
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

const TABLE: &str = "towergate_api_tokens";

/// The columns in the order in which [`read`] takes them.
macro_rules! api_token_columns {
    () => {
        "id, user_id, name, permissions, created_at, expires_at, last_used_at"
    };
}

pub(crate) const FIND: &str =
    concat!("SELECT ", api_token_columns!(), " FROM towergate_api_tokens WHERE id = ?1");

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    api_token_columns!(),
    " FROM towergate_api_tokens WHERE user_id = ?1 ORDER BY created_at DESC, id DESC"
);

pub(crate) const COUNT_OF: &str =
    "SELECT count(*) FROM towergate_api_tokens WHERE user_id = ?1 AND expires_at > ?2";

const INSERT: &str = concat!(
    "INSERT INTO towergate_api_tokens (",
    api_token_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
);

pub(crate) const USE: &str = "UPDATE towergate_api_tokens
    SET last_used_at = max(coalesce(last_used_at, ?2), ?2) WHERE id = ?1";

pub(crate) const END: &str = "DELETE FROM towergate_api_tokens WHERE id = ?1 AND user_id = ?2";

pub(crate) const END_OF_USER: &str =
    concat!("DELETE FROM towergate_api_tokens WHERE user_id = ?1 RETURNING ", api_token_columns!());

impl ApiTokenStore for SqliteStore {
    async fn create_api_token(
        &self,
        token: ApiToken,
        most: u32,
        notice: Option<OutboxMail>,
        origin: Origin,
    ) -> Result<CreatingApiToken, StoreError> {
        self.write(move |step| create(step, &token, most, notice.as_ref(), &origin)).await
    }

    async fn find_api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    async fn api_tokens_of(&self, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
        let key = params![user.as_uuid().as_bytes()];
        self.read(|connection| query::all(connection, OF_USER, key, read))
    }

    async fn note_api_token_use(&self, id: ApiTokenId, origin: Origin) -> Result<NotingUse, StoreError> {
        self.write(move |step| {
            let Some(token) = find(step.connection, id)? else { return Ok(NotingUse::Missing) };
            query::change(step.connection, USE, params![id.as_uuid().as_bytes(), origin.at.unix_millis()])?;
            if token.last_used_at.is_some() {
                return Ok(NotingUse::Noted);
            }
            step.record(&IdentityFact::ApiTokenUsedFirst { user: token.user, token: id }, &origin)?;
            Ok(NotingUse::First)
        })
        .await
    }

    async fn revoke_api_token(
        &self,
        user: UserId,
        id: ApiTokenId,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            let key = params![id.as_uuid().as_bytes(), user.as_uuid().as_bytes()];
            if query::change(step.connection, END, key)? == 0 {
                return Ok(false);
            }
            let reason = SessionEnd::RevokedByUser;
            step.record(&IdentityFact::ApiTokenRevoked { user, token: id, reason }, &origin)?;
            Ok(true)
        })
        .await
    }

    async fn revoke_api_tokens_of(&self, user: UserId, origin: Origin) -> Result<u64, StoreError> {
        self.write(move |step| end_of_user(step, user, SessionEnd::RevokedByUser, &origin)).await
    }
}

/// Ends every token of a person; answers how many were good. What had ended by itself goes unnoticed.
pub(super) fn end_of_user(
    step: &mut Step<'_>,
    user: UserId,
    reason: SessionEnd,
    origin: &Origin,
) -> Result<u64, Failure> {
    let mut ended = query::all(step.connection, END_OF_USER, params![user.as_uuid().as_bytes()], read)?;
    ended.retain(|token| token.is_alive(origin.at));
    ended.sort_by_key(|token| token.id);
    let mut count = 0;
    for token in ended {
        step.record(&IdentityFact::ApiTokenRevoked { user, token: token.id, reason }, origin)?;
        count += 1;
    }
    Ok(count)
}

fn create(
    step: &mut Step<'_>,
    token: &ApiToken,
    most: u32,
    notice: Option<&OutboxMail>,
    origin: &Origin,
) -> Result<CreatingApiToken, Failure> {
    let ApiToken { id, user, expires_at, .. } = *token;
    if !user::may_sign_in(step.connection, user)? {
        return Ok(CreatingApiToken::UserRefused);
    }
    let key = params![user.as_uuid().as_bytes(), origin.at.unix_millis()];
    let theirs: Option<u32> = query::one(step.connection, COUNT_OF, key, |fields| fields.get("count"))?;
    if theirs.unwrap_or(0) >= most {
        return Ok(CreatingApiToken::TooMany);
    }
    let words: Vec<_> = token.permissions.iter().map(Permission::as_str).collect();
    let row = params![
        id.as_uuid().as_bytes(),
        user.as_uuid().as_bytes(),
        token.name.as_str(),
        query::json(&words)?,
        token.created_at.unix_millis(),
        expires_at.unix_millis(),
        token.last_used_at.map(Timestamp::unix_millis),
    ];
    query::change(step.connection, INSERT, row)?;
    let permissions = token.permissions.iter().cloned().collect();
    step.record(&IdentityFact::ApiTokenCreated { user, token: id, permissions, expires_at }, origin)?;
    mail::queue_notice(step, notice, origin)?;
    Ok(CreatingApiToken::Created)
}

fn find(connection: &Connection, id: ApiTokenId) -> Result<Option<ApiToken>, Failure> {
    query::one(connection, FIND, params![id.as_uuid().as_bytes()], read)
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
