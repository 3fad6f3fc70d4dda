//! Codes: looked up with their grant, spent once.

use std::sync::Arc;

use towergate_core::audit::Origin;
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
    logout,
    refresh_token::{self, keep_pair},
    unused_client,
};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step};

macro_rules! find {
    () => {
        concat!(
            "SELECT c.id, c.digest, c.grant_id, c.redirect_uri, c.redirect_uri_was_sent, c.code_challenge, c.nonce,
        c.expires_at, c.spent_at IS NOT NULL, g.revoked_at IS NOT NULL, ",
            grant_columns!(),
            " FROM towergate_codes c JOIN towergate_grants g ON g.id = c.grant_id WHERE c.id = $1"
        )
    };
}

pub(crate) const FIND: &str = find!();

/// The same, for whoever is going to spend it: whoever had to wait reads what the one before left.
pub(crate) const LOCK: &str = concat!(find!(), " FOR NO KEY UPDATE OF g, c");

const INSERT: &str = "INSERT INTO towergate_codes
    (id, digest, grant_id, redirect_uri, redirect_uri_was_sent, code_challenge, nonce, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Spends a code and keeps what it was exchanged for.
const SPEND: &str = concat!(
    "WITH spent AS (UPDATE towergate_codes SET spent_at = $18 WHERE id = $17 AND spent_at IS NULL), ",
    keep_pair!()
);

/// Keeps a grant and the code that stands for it.
pub(super) async fn issue(
    step: &mut Step,
    grant: &Grant,
    code: &Code,
    origin: &Origin,
) -> Result<(), Failure> {
    grant_row::insert(&mut step.connection, grant).await?;
    logout::saw(&mut step.connection, grant, origin.at).await?;
    unused_client::end(&mut step.connection, &grant.client).await?;
    let row = params![
        code.id,
        &code.digest,
        code.grant.as_uuid(),
        &code.redirect_uri,
        code.redirect_uri_was_sent,
        code.code_challenge.as_ref().map(CodeChallenge::as_bytes),
        code.nonce.as_deref(),
        code.expires_at,
    ];
    query::change(&mut step.connection, INSERT, row).await?;
    let (client, subject) = (grant.client.clone(), grant.subject.clone());
    step.record(&OAuthFact::CodeIssued { code: code.id, grant: grant.id, client, subject }, origin).await
}

pub(super) async fn redeem(
    step: &mut Step,
    redemption: Redemption,
    origin: &Origin,
) -> Result<Redeemed, Failure> {
    let Redemption { code, client, access, refresh } = redemption;
    let Some(stored) = query::one(&mut step.connection, LOCK, params![code], read).await? else {
        return Ok(Redeemed::Missing);
    };
    if stored.revoked || stored.grant.client != client {
        return Ok(Redeemed::Missing);
    }
    let grant = stored.grant.id;
    if stored.spent {
        step.record(&OAuthFact::CodeReplayed { code, grant, client }, origin).await?;
        grant_row::revoke_one(step, grant, RevocationReason::CodeReplayed, origin).await?;
        return Ok(Redeemed::Replayed { grant });
    }
    if origin.at >= stored.code.expires_at {
        return Ok(Redeemed::Missing);
    }
    let pair = refresh_token::pair(&access, refresh.as_ref())?;
    query::change(&mut step.connection, SPEND, pair.with(code).with(origin.at)).await?;
    step.record(&OAuthFact::CodeRedeemed { code, grant, client }, origin).await?;
    access_token::record(step, &access, GrantType::AuthorizationCode, origin).await?;
    Ok(Redeemed::Consumed(ConsumedCode::by_atomic_step_of_a_store()))
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<StoredCode, Failure> {
    fields.table("towergate_codes");
    let code = Code {
        id: fields.uuid("id")?,
        digest: fields.digest("digest")?,
        grant: fields.uuid("grant_id").map(GrantId::from_uuid)?,
        redirect_uri: fields.get("redirect_uri")?,
        redirect_uri_was_sent: fields.get("redirect_uri_was_sent")?,
        code_challenge: fields.optional_bytes("code_challenge")?.map(CodeChallenge::from_stored),
        nonce: fields.get("nonce")?,
        expires_at: fields.time("expires_at")?,
    };
    let spent = fields.get("spent_at")?;
    let revoked = fields.get("revoked_at")?;
    Ok(StoredCode { code, spent, revoked, grant: Arc::new(grant_row::read(fields)?) })
}
