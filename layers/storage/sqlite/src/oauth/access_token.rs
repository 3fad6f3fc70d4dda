//! Access tokens: looked up with what they live by, a grant or a client.

use std::sync::Arc;

use rusqlite::{Connection, params};
use towergate_core::{Digest, audit::Origin, id::Uuid};
use towergate_oauth::{
    ports::grant::{Revocation, StoredAccessToken},
    rules::{
        access_token::AccessToken,
        client::{ClientId, GrantType},
        fact::OAuthFact,
        grant::{GrantId, Subject},
    },
};
use towergate_oauth_types::Scope;

use super::grant_row::{self, grant_columns};
use crate::{failure::Failure, fields::Fields, query, writer::Step};

/// A token that was revoked is dead. With a grant, so is one whose grant is; without, when its client is disabled or gone.
pub(crate) const FIND: &str = concat!(
    "SELECT t.id, t.digest, t.grant_id, t.client, t.subject, t.scope, t.audience, t.issued_at, t.expires_at,
        CASE WHEN t.revoked_at IS NOT NULL THEN 1
             WHEN t.grant_id IS NULL THEN c.state IS NOT 'active'
             ELSE g.id IS NULL OR g.revoked_at IS NOT NULL END,
        g.id IS NOT NULL, ",
    grant_columns!(),
    " FROM towergate_access_tokens t
        LEFT JOIN towergate_grants g ON g.id = t.grant_id
        LEFT JOIN towergate_clients c ON c.id = t.client AND t.grant_id IS NULL
      WHERE t.id = ?1"
);

const INSERT: &str = "INSERT INTO towergate_access_tokens
    (id, digest, grant_id, client, subject, scope, audience, issued_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

pub(crate) const REVOKE: &str = "UPDATE towergate_access_tokens SET revoked_at = ?1
    WHERE id = ?2 AND revoked_at IS NULL";

/// What a client got for itself.
pub(crate) const REVOKE_OWN: &str = "UPDATE towergate_access_tokens SET revoked_at = ?1
    WHERE client = ?2 AND grant_id IS NULL AND revoked_at IS NULL";

pub(super) fn find(connection: &Connection, id: Uuid) -> Result<Option<StoredAccessToken>, Failure> {
    query::one(connection, FIND, params![id.as_bytes()], read)
}

/// Keeps a token and writes down that it was issued.
pub(super) fn issue(
    step: &mut Step<'_>,
    token: &AccessToken,
    grant_type: GrantType,
    origin: &Origin,
) -> Result<(), Failure> {
    query::change(
        step.connection,
        INSERT,
        params![
            token.id.as_bytes(),
            token.digest.as_ref().map(Digest::as_bytes),
            token.grant.as_ref().map(|grant| grant.as_uuid().as_bytes()),
            token.client.as_str(),
            token.subject.as_ref().map(Subject::as_str),
            token.scope.to_string(),
            query::json(&token.audience)?,
            token.issued_at.unix_millis(),
            token.expires_at.unix_millis(),
        ],
    )?;
    let (client, subject) = (token.client.clone(), token.subject.clone());
    step.record(&OAuthFact::TokenIssued { token: token.id, client, subject, grant_type }, origin)
}

/// Revokes one living token of this client.
pub(super) fn revoke(
    step: &mut Step<'_>,
    token: Uuid,
    client: ClientId,
    origin: &Origin,
) -> Result<Revocation, Failure> {
    let living = find(step.connection, token)?.is_some_and(|stored| {
        stored.token.client == client && !stored.revoked && origin.at < stored.token.expires_at
    });
    if !living {
        return Ok(Revocation::AlreadyDead);
    }
    query::change(step.connection, REVOKE, params![origin.at.unix_millis(), token.as_bytes()])?;
    step.record(&OAuthFact::TokenRevoked { token, client }, origin)?;
    Ok(Revocation::Revoked)
}

fn read(fields: &mut Fields<'_>) -> Result<StoredAccessToken, Failure> {
    fields.table("towergate_access_tokens");
    let token = AccessToken {
        id: fields.uuid("id")?,
        digest: fields.optional_digest("digest")?,
        grant: fields.optional_uuid("grant_id")?.map(GrantId::from_uuid),
        client: fields.parse("client", |text| ClientId::parse(text).ok())?,
        subject: fields.parse_optional("subject", |text| Subject::parse(text).ok())?,
        scope: fields.parse("scope", |text| Scope::parse(text).ok())?,
        audience: fields.json("audience")?,
        issued_at: fields.time("issued_at")?,
        expires_at: fields.time("expires_at")?,
    };
    let revoked = fields.get("revoked_at")?;
    let grant = if fields.get("grant")? { Some(Arc::new(grant_row::read(fields)?)) } else { None };
    Ok(StoredAccessToken { token: Arc::new(token), grant, revoked })
}
