//! Refresh tokens: looked up with their grant and successor, exchanged once.

use std::sync::Arc;

use sqlx::PgConnection;
use towergate_core::{audit::Origin, id::Uuid};
use towergate_oauth::{
    ports::grant::{Rotated, Rotation, StoredRefreshToken},
    rules::{
        access_token::AccessToken,
        client::GrantType,
        fact::OAuthFact,
        grant::{GrantId, RevocationReason},
        refresh_token::{RefreshToken, RefreshTokenState, is_repetition},
    },
};

use super::{
    access_token,
    grant_row::{self, grant_columns},
};
use crate::{
    failure::Failure,
    fields::Fields,
    params::{Params, params},
    query,
    step::Step,
};

/// A successor that is no longer there counts as used.
macro_rules! find {
    () => {
        concat!(
            "SELECT t.id, t.digest, t.grant_id, t.generation, t.issued_at, t.expires_at, t.absolute_expires_at,
        t.rotated_at, t.sealed_answer, s.id IS NULL OR s.rotated_at IS NOT NULL, g.revoked_at IS NOT NULL, ",
            grant_columns!(),
            " FROM towergate_refresh_tokens t
        JOIN towergate_grants g ON g.id = t.grant_id
        LEFT JOIN towergate_refresh_tokens s ON s.id = t.successor
      WHERE t.id = $1"
        )
    };
}

pub(crate) const FIND: &str = find!();

/// The same, for whoever is going to exchange it. Whoever had to wait reads grant and token as the one before left them,
/// but not yet the successor.
pub(crate) const LOCK: &str = concat!(find!(), " FOR NO KEY UPDATE OF g, t");

/// Keeps the access token and the refresh token of [`pair`], after whatever goes before in the same statement.
macro_rules! keep_pair {
    () => {
        concat!(
            "access AS (",
            $crate::oauth::access_token::insert_access_token!(),
            ") INSERT INTO towergate_refresh_tokens
            (id, digest, grant_id, generation, issued_at, expires_at, absolute_expires_at)
            SELECT $10, $11, $12, $13, $14, $15, $16 WHERE $10 IS NOT NULL"
        )
    };
}
pub(super) use keep_pair;

/// Exchanges a token and keeps what it was exchanged for.
const ROTATE: &str = concat!(
    "WITH rotated AS (UPDATE towergate_refresh_tokens SET rotated_at = $18, successor = $10, sealed_answer = $19
        WHERE id = $17 AND rotated_at IS NULL), ",
    keep_pair!()
);

/// What `$1` to `$16` of [`keep_pair!`] are.
pub(super) fn pair(access: &AccessToken, refresh: Option<&RefreshToken>) -> Result<Params, Failure> {
    Ok(access_token::values(access)?
        .with(refresh.map(|refresh| refresh.id))
        .with(refresh.map(|refresh| &refresh.digest))
        .with(refresh.map(|refresh| *refresh.grant.as_uuid()))
        .with(refresh.map(|refresh| refresh.generation))
        .with(refresh.map(|refresh| refresh.issued_at))
        .with(refresh.map(|refresh| refresh.expires_at))
        .with(refresh.map(|refresh| refresh.absolute_expires_at)))
}

pub(super) async fn rotate(step: &mut Step, rotation: Rotation, origin: &Origin) -> Result<Rotated, Failure> {
    let Rotation { presented: token, client, access, refresh, sealed_answer, repeat_window } = rotation;
    let Some(stored) = find_locked(&mut step.connection, token).await? else {
        return Ok(Rotated::Missing);
    };
    if stored.revoked || stored.grant.client != client {
        return Ok(Rotated::Missing);
    }
    let grant = stored.grant.id;
    if let RefreshTokenState::Rotated { at, successor_used, sealed_answer } = stored.state {
        if !successor_used && is_repetition(at, origin.at, repeat_window) {
            return Ok(Rotated::Repeated { sealed_answer });
        }
        step.record(&OAuthFact::TokenReused { token, grant, client }, origin).await?;
        grant_row::revoke_one(step, grant, RevocationReason::RefreshTokenReused, origin).await?;
        return Ok(Rotated::Reused { grant });
    }
    if origin.at >= stored.token.expires_at || origin.at >= stored.token.absolute_expires_at {
        return Ok(Rotated::Missing);
    }
    let successor = refresh.id;
    let row = pair(&access, Some(&refresh))?.with(token).with(origin.at).with(sealed_answer);
    query::change(&mut step.connection, ROTATE, row).await?;
    step.record(&OAuthFact::TokenRefreshed { token, successor, grant, client }, origin).await?;
    access_token::record(step, &access, GrantType::RefreshToken, origin).await?;
    Ok(Rotated::Rotated)
}

async fn find_locked(connection: &mut PgConnection, id: Uuid) -> Result<Option<StoredRefreshToken>, Failure> {
    match query::one(connection, LOCK, params![id], read).await? {
        Some(StoredRefreshToken { state: RefreshTokenState::Rotated { .. }, .. }) => {
            query::one(connection, FIND, params![id], read).await
        }
        found => Ok(found),
    }
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<StoredRefreshToken, Failure> {
    fields.table("towergate_refresh_tokens");
    let token = RefreshToken {
        id: fields.uuid("id")?,
        digest: fields.digest("digest")?,
        grant: fields.uuid("grant_id").map(GrantId::from_uuid)?,
        generation: fields.count("generation")?,
        issued_at: fields.time("issued_at")?,
        expires_at: fields.time("expires_at")?,
        absolute_expires_at: fields.time("absolute_expires_at")?,
    };
    let rotated_at = fields.optional_time("rotated_at")?;
    let sealed_answer: Option<Vec<u8>> = fields.get("sealed_answer")?;
    let successor_used = fields.get("successor")?;
    let state = match (rotated_at, sealed_answer) {
        (None, None) => RefreshTokenState::Unused,
        (Some(at), Some(sealed_answer)) => RefreshTokenState::Rotated { at, successor_used, sealed_answer },
        _ => return Err(fields.unreadable("sealed_answer")),
    };
    let revoked = fields.get("revoked_at")?;
    Ok(StoredRefreshToken { token, state, revoked, grant: Arc::new(grant_row::read(fields)?) })
}
