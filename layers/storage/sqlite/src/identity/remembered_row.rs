//! A browser that stays signed in, as a row.

use rusqlite::{Connection, params};
use towergate_identity::rules::{
    browser::BrowserId,
    remember::{Remembered, RememberedId, Traded},
    session::SignInId,
    user::UserId,
};

use super::{device_row, session_row};
use crate::{failure::Failure, fields::Fields, query};

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
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// Keeps a family whose first cookie was not traded yet.
pub(super) fn insert(connection: &Connection, family: &Remembered) -> Result<(), Failure> {
    let methods: Vec<_> = family.methods.iter().map(|method| method.as_str()).collect();
    query::change(
        connection,
        INSERT,
        params![
            family.id.as_uuid().as_bytes(),
            family.digest.as_bytes(),
            family.user.as_uuid().as_bytes(),
            family.sign_in.as_uuid().as_bytes(),
            query::json(&methods)?,
            family.proven_at.unix_millis(),
            family.trusted_by.as_ref().map(|id| id.as_uuid().as_bytes()),
            family.device.agent,
            family.device.network,
            family.device.place,
            family.created_at.unix_millis(),
            family.last_seen_at.unix_millis(),
            family.expires_at.unix_millis(),
        ],
    )?;
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
