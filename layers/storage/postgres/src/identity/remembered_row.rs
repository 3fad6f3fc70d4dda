//! A browser that stays signed in, as a row.

use sqlx::PgConnection;
use towergate_identity::rules::{
    browser::BrowserId,
    remember::{Remembered, RememberedId, Traded},
    session::SignInId,
    user::UserId,
};

use super::{device_row, session_row};
use crate::{failure::Failure, fields::Fields, params::params, query};

/// The columns in the order in which [`read`] takes them.
macro_rules! remembered_columns {
    () => {
        "id, digest, traded, traded_at, sealed, user_id, sign_in, methods, proven_at, trusted_by, agent, network, place,
         created_at, last_seen_at, expires_at"
    };
}
pub(crate) use remembered_columns;

const INSERT: &str =
    "INSERT INTO towergate_remembered (id, digest, user_id, sign_in, methods, proven_at, trusted_by,
    agent, network, place, created_at, last_seen_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

/// Keeps a family whose first cookie was not traded yet.
pub(super) async fn insert(connection: &mut PgConnection, family: &Remembered) -> Result<(), Failure> {
    let methods: Vec<_> = family.methods.iter().map(|method| method.as_str()).collect();
    query::change(
        connection,
        INSERT,
        params![
            family.id.as_uuid(),
            family.digest.as_bytes(),
            family.user.as_uuid(),
            family.sign_in.as_uuid(),
            query::json(&methods)?,
            family.proven_at,
            family.trusted_by.map(|id| *id.as_uuid()),
            family.device.agent.as_ref(),
            family.device.network.as_ref(),
            family.device.place.as_ref(),
            family.created_at,
            family.last_seen_at,
            family.expires_at,
        ],
    )
    .await?;
    Ok(())
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Remembered, Failure> {
    fields.table("towergate_remembered");
    let (id, digest) = (fields.uuid("id").map(RememberedId::from_uuid)?, fields.digest("digest")?);
    let (traded, at) = (fields.optional_digest("traded")?, fields.optional_time("traded_at")?);
    let sealed: Option<Vec<u8>> = fields.get("sealed")?;
    let traded = traded.zip(at).zip(sealed).map(|((digest, at), sealed)| Traded { digest, at, sealed });
    Ok(Remembered {
        id,
        digest,
        traded,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        sign_in: fields.uuid("sign_in").map(SignInId::from_uuid)?,
        methods: fields.parse("methods", session_row::methods)?,
        proven_at: fields.time("proven_at")?,
        trusted_by: fields.optional_uuid("trusted_by")?.map(BrowserId::from_uuid),
        device: device_row::read(fields)?,
        created_at: fields.time("created_at")?,
        last_seen_at: fields.time("last_seen_at")?,
        expires_at: fields.time("expires_at")?,
    })
}
