//! Refresh tokens: looked up with their grant and successor, exchanged once.

use std::sync::Arc;

use rusqlite::{Connection, params};
use towergate_core::{audit::Origin, id::Uuid};
use towergate_oauth::{
    ports::grant::{Rotated, Rotation, StoredRefreshToken},
    rules::{
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
use crate::{failure::Failure, fields::Fields, query, writer::Step};

/// A successor that is no longer there counts as used.
pub(crate) const FIND: &str = concat!(
    "SELECT t.id, t.digest, t.grant_id, t.generation, t.issued_at, t.expires_at, t.absolute_expires_at,
        t.rotated_at, t.sealed_answer, s.id IS NULL OR s.rotated_at IS NOT NULL, g.revoked_at IS NOT NULL, ",
    grant_columns!(),
    " FROM towergate_refresh_tokens t
        JOIN towergate_grants g ON g.id = t.grant_id
        LEFT JOIN towergate_refresh_tokens s ON s.id = t.successor
      WHERE t.id = ?1"
);

const INSERT: &str = "INSERT INTO towergate_refresh_tokens
    (id, digest, grant_id, generation, issued_at, expires_at, absolute_expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const ROTATE: &str = "UPDATE towergate_refresh_tokens SET rotated_at = ?2, successor = ?3, sealed_answer = ?4
    WHERE id = ?1 AND rotated_at IS NULL";

pub(super) fn find(connection: &Connection, id: Uuid) -> Result<Option<StoredRefreshToken>, Failure> {
    query::one(connection, FIND, params![id.as_bytes()], read)
}

pub(super) fn insert(connection: &Connection, token: &RefreshToken) -> Result<(), Failure> {
    query::change(
        connection,
        INSERT,
        params![
            token.id.as_bytes(),
            token.digest.as_bytes(),
            token.grant.as_uuid().as_bytes(),
            token.generation,
            token.issued_at.unix_millis(),
            token.expires_at.unix_millis(),
            token.absolute_expires_at.unix_millis(),
        ],
    )?;
    Ok(())
}

pub(super) fn rotate(step: &mut Step<'_>, rotation: Rotation, origin: &Origin) -> Result<Rotated, Failure> {
    let Rotation { presented: token, client, access, refresh, sealed_answer, repeat_window } = rotation;
    let Some(stored) = find(step.connection, token)? else {
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
        step.record(&OAuthFact::TokenReused { token, grant, client }, origin)?;
        grant_row::revoke_one(step, grant, RevocationReason::RefreshTokenReused, origin)?;
        return Ok(Rotated::Reused { grant });
    }
    if origin.at >= stored.token.expires_at || origin.at >= stored.token.absolute_expires_at {
        return Ok(Rotated::Missing);
    }
    let successor = refresh.id;
    let key = params![token.as_bytes(), origin.at.unix_millis(), successor.as_bytes(), sealed_answer];
    query::change(step.connection, ROTATE, key)?;
    step.record(&OAuthFact::TokenRefreshed { token, successor, grant, client }, origin)?;
    access_token::issue(step, &access, GrantType::RefreshToken, origin)?;
    insert(step.connection, &refresh)?;
    Ok(Rotated::Rotated)
}

fn read(fields: &mut Fields<'_>) -> Result<StoredRefreshToken, Failure> {
    fields.table("towergate_refresh_tokens");
    let token = RefreshToken {
        id: fields.uuid("id")?,
        digest: fields.digest("digest")?,
        grant: fields.uuid("grant_id").map(GrantId::from_uuid)?,
        generation: fields.get("generation")?,
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
