//! A grant as a row, and its end.

use sqlx::PgConnection;
use towergate_core::audit::Origin;
use towergate_oauth::rules::{
    client::ClientId,
    fact::OAuthFact,
    grant::{Grant, GrantId, RevocationReason, SignIn, Subject},
};
use towergate_oauth_types::Scope;

use crate::{
    failure::Failure,
    fields::Fields,
    params::{Params, params},
    query,
    step::Step,
};

pub(crate) const TABLE: &str = "towergate_grants";

/// The columns in the order in which [`read`] takes them, of a table called `g`.
macro_rules! grant_columns {
    () => {
        "g.id, g.client, g.subject, g.scope, g.audience, g.auth_time, g.acr, g.amr, g.sid, g.created_at, g.claims"
    };
}
pub(crate) use grant_columns;

const INSERT: &str = "INSERT INTO towergate_grants
    (id, client, subject, scope, audience, auth_time, acr, amr, sid, created_at, offline, claims)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

/// Revokes the living grants of which something is true, in an order in which no two who do so wait in a circle.
macro_rules! revoke {
    ($which:literal) => {
        concat!(
            "WITH dying AS (SELECT id FROM towergate_grants WHERE ",
            $which,
            " AND revoked_at IS NULL ORDER BY id FOR NO KEY UPDATE)
            UPDATE towergate_grants g SET revoked_at = $1 FROM dying WHERE g.id = dying.id RETURNING g.id, g.client"
        )
    };
}

pub(crate) const REVOKE_ONE: &str = "UPDATE towergate_grants SET revoked_at = $1
    WHERE id = $2 AND revoked_at IS NULL RETURNING id, client";

pub(crate) const REVOKE_OF_CLIENT: &str = revoke!("client = $2");

pub(crate) const REVOKE_OF_SUBJECT: &str = revoke!("subject = $2 AND client = $3");

pub(crate) const REVOKE_ALL_OF_SUBJECT: &str = revoke!("subject = $2");

pub(crate) const REVOKE_OF_SID: &str = revoke!("sid = $2 AND NOT offline");

pub(crate) const ALIVE_OF_SUBJECT: &str = concat!(
    "SELECT ",
    grant_columns!(),
    " FROM towergate_grants g WHERE g.subject = $1 AND g.revoked_at IS NULL
        AND (g.client, g.id) > ($2, $3) ORDER BY g.client, g.id LIMIT $4"
);

pub(crate) const SIDS_OF_SUBJECT: &str = "SELECT DISTINCT sid FROM towergate_grants
    WHERE subject = $1 AND revoked_at IS NULL AND sid IS NOT NULL ORDER BY sid";

pub(crate) async fn insert(connection: &mut PgConnection, grant: &Grant) -> Result<(), Failure> {
    let row = params![
        grant.id.as_uuid(),
        grant.client.as_str(),
        grant.subject.as_str(),
        grant.scope.to_string(),
        query::json(&grant.audience)?,
        grant.sign_in.auth_time,
        grant.sign_in.acr.as_deref(),
        query::json(&grant.sign_in.amr)?,
        grant.sign_in.sid.as_deref(),
        grant.created_at,
        grant.is_offline(),
        query::json(&grant.claims)?,
    ];
    query::change(connection, INSERT, row).await?;
    Ok(())
}

const END_SIGN_INS: &str = "INSERT INTO towergate_ended_sign_ins (sid, ended_at)
    SELECT sid, $2 FROM unnest($1) AS ended (sid) ORDER BY sid
    ON CONFLICT (sid) DO UPDATE SET ended_at = excluded.ended_at";

pub(crate) const IS_SIGN_IN_ENDED: &str = "SELECT 1 FROM towergate_ended_sign_ins WHERE sid = $1";

/// Remembers that sign-ins ended.
pub(super) async fn end_sign_ins(
    connection: &mut PgConnection,
    sids: &[String],
    origin: &Origin,
) -> Result<(), Failure> {
    query::change(connection, END_SIGN_INS, params![sids.to_vec(), origin.at]).await?;
    Ok(())
}

/// Whether the sign-in that the grant would be given in has ended.
pub(super) async fn sign_in_has_ended(connection: &mut PgConnection, grant: &Grant) -> Result<bool, Failure> {
    match &grant.sign_in.sid {
        Some(sid) => query::exists(connection, IS_SIGN_IN_ENDED, params![sid]).await,
        None => Ok(false),
    }
}

pub(crate) fn read(fields: &mut Fields<'_>) -> Result<Grant, Failure> {
    fields.table(TABLE);
    Ok(Grant {
        id: fields.uuid("id").map(GrantId::from_uuid)?,
        client: fields.parse("client", |text| ClientId::parse(text).ok())?,
        subject: fields.parse("subject", |text| Subject::parse(text).ok())?,
        scope: fields.parse("scope", |text| Scope::parse(text).ok())?,
        audience: fields.json("audience")?,
        sign_in: SignIn {
            auth_time: fields.time("auth_time")?,
            acr: fields.get("acr")?,
            amr: fields.json("amr")?,
            sid: fields.get("sid")?,
        },
        created_at: fields.time("created_at")?,
        claims: fields.json("claims")?,
    })
}

/// Revokes one grant; whether it was alive until now.
pub(crate) async fn revoke_one(
    step: &mut Step,
    grant: GrantId,
    reason: RevocationReason,
    origin: &Origin,
) -> Result<bool, Failure> {
    Ok(revoke(step, REVOKE_ONE, params![origin.at, grant.as_uuid()], reason, origin).await? > 0)
}

/// Revokes what one of the statements above names; answers how many were alive until now.
pub(crate) async fn revoke(
    step: &mut Step,
    sql: &'static str,
    key: Params,
    reason: RevocationReason,
    origin: &Origin,
) -> Result<u64, Failure> {
    let mut died = query::all(&mut step.connection, sql, key, |fields| {
        fields.table(TABLE);
        Ok((
            fields.uuid("id").map(GrantId::from_uuid)?,
            fields.parse("client", |text| ClientId::parse(text).ok())?,
        ))
    })
    .await?;
    died.sort();
    let mut count = 0;
    for (grant, client) in died {
        step.record(&OAuthFact::GrantRevoked { grant, client, reason }, origin).await?;
        count += 1;
    }
    Ok(count)
}
