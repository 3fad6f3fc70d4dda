//! Codes: looked up with their grant, spent once.

use std::sync::Arc;

use rusqlite::{Connection, params};
use towergate_core::{audit::Origin, id::Uuid};
use towergate_oauth::{
    ports::grant::{Redeemed, Redemption, StoredCode},
    rules::{
        client::GrantType,
        code::{Code, ConsumedCode},
        fact::OAuthFact,
        grant::{Grant, GrantId, RevocationReason},
    },
};
use towergate_oauth_types::pkce::CodeChallenge;

use super::{
    access_token,
    grant_row::{self, grant_columns},
    logout, refresh_token, unused_client,
};
use crate::{failure::Failure, fields::Fields, query, writer::Step};

pub(crate) const FIND: &str = concat!(
    "SELECT c.id, c.digest, c.grant_id, c.redirect_uri, c.redirect_uri_was_sent, c.code_challenge, c.nonce,
        c.expires_at, c.spent_at IS NOT NULL, g.revoked_at IS NOT NULL, ",
    grant_columns!(),
    " FROM towergate_codes c JOIN towergate_grants g ON g.id = c.grant_id WHERE c.id = ?1"
);

const INSERT: &str = "INSERT INTO towergate_codes
    (id, digest, grant_id, redirect_uri, redirect_uri_was_sent, code_challenge, nonce, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

const SPEND: &str = "UPDATE towergate_codes SET spent_at = ?2 WHERE id = ?1 AND spent_at IS NULL";

pub(super) fn find(connection: &Connection, id: Uuid) -> Result<Option<StoredCode>, Failure> {
    query::one(connection, FIND, params![id.as_bytes()], read)
}

/// Keeps a grant and the code that stands for it.
pub(super) fn issue(step: &mut Step<'_>, grant: Grant, code: &Code, origin: &Origin) -> Result<(), Failure> {
    grant_row::insert(step.connection, &grant)?;
    logout::saw(step.connection, &grant, origin.at)?;
    unused_client::end(step.connection, &grant.client)?;
    query::change(
        step.connection,
        INSERT,
        params![
            code.id.as_bytes(),
            code.digest.as_bytes(),
            code.grant.as_uuid().as_bytes(),
            code.redirect_uri,
            code.redirect_uri_was_sent,
            code.code_challenge.as_ref().map(CodeChallenge::as_bytes),
            code.nonce,
            code.expires_at.unix_millis(),
        ],
    )?;
    let Grant { id, client, subject, .. } = grant;
    step.record(&OAuthFact::CodeIssued { code: code.id, grant: id, client, subject }, origin)
}

pub(super) fn redeem(
    step: &mut Step<'_>,
    redemption: Redemption,
    origin: &Origin,
) -> Result<Redeemed, Failure> {
    let Redemption { code, client, access, refresh } = redemption;
    let Some(stored) = find(step.connection, code)? else {
        return Ok(Redeemed::Missing);
    };
    if stored.revoked || stored.grant.client != client {
        return Ok(Redeemed::Missing);
    }
    let grant = stored.grant.id;
    if stored.spent {
        step.record(&OAuthFact::CodeReplayed { code, grant, client }, origin)?;
        grant_row::revoke_one(step, grant, RevocationReason::CodeReplayed, origin)?;
        return Ok(Redeemed::Replayed { grant });
    }
    if origin.at >= stored.code.expires_at {
        return Ok(Redeemed::Missing);
    }
    query::change(step.connection, SPEND, params![code.as_bytes(), origin.at.unix_millis()])?;
    step.record(&OAuthFact::CodeRedeemed { code, grant, client }, origin)?;
    access_token::issue(step, &access, GrantType::AuthorizationCode, origin)?;
    if let Some(refresh) = refresh {
        refresh_token::insert(step.connection, &refresh)?;
    }
    Ok(Redeemed::Consumed(ConsumedCode::by_atomic_step_of_a_store()))
}

fn read(fields: &mut Fields<'_>) -> Result<StoredCode, Failure> {
    fields.table("towergate_codes");
    let code = Code {
        id: fields.uuid("id")?,
        digest: fields.digest("digest")?,
        grant: fields.uuid("grant_id").map(GrantId::from_uuid)?,
        redirect_uri: fields.get("redirect_uri")?,
        redirect_uri_was_sent: fields.get("redirect_uri_was_sent")?,
        code_challenge: fields.get::<Option<_>>("code_challenge")?.map(CodeChallenge::from_stored),
        nonce: fields.get("nonce")?,
        expires_at: fields.time("expires_at")?,
    };
    let spent = fields.get("spent_at")?;
    let revoked = fields.get("revoked_at")?;
    Ok(StoredCode { code, spent, revoked, grant: Arc::new(grant_row::read(fields)?) })
}
