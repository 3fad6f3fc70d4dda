//! The row of a passkey.

use sqlx::PgConnection;
use towergate_core::id::Uuid;
use towergate_identity::rules::{
    passkey::{Aaguid, Passkey, PasskeyId, PasskeyName, Transport},
    user::UserId,
};

use crate::{failure::Failure, fields::Fields, params::params, query};

/// The columns, in the order in which [`read`] reads them.
macro_rules! passkey_columns {
    () => {
        "id, user_id, credential_id, name, credential, count, aaguid, transports, verifies, backup_eligible,
         backed_up, created_at, last_used_at"
    };
}
pub(super) use passkey_columns;

const INSERT: &str = concat!(
    "INSERT INTO towergate_passkeys (",
    passkey_columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
);

pub(super) async fn insert(connection: &mut PgConnection, passkey: &Passkey) -> Result<(), Failure> {
    let transports: Vec<_> = passkey.transports.iter().map(|transport| transport.as_str()).collect();
    query::change(
        connection,
        INSERT,
        params![
            passkey.id.as_uuid(),
            passkey.user.as_uuid(),
            &passkey.credential_id,
            passkey.name.as_str(),
            &passkey.credential,
            passkey.count,
            Uuid::from_bytes(*passkey.aaguid.as_bytes()),
            transports.join(" "),
            passkey.verifies,
            passkey.backup_eligible,
            passkey.backed_up,
            passkey.created_at,
            passkey.last_used_at,
        ],
    )
    .await?;
    Ok(())
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Passkey, Failure> {
    fields.table("towergate_passkeys");
    Ok(Passkey {
        id: fields.uuid("id").map(PasskeyId::from_uuid)?,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        credential_id: fields.get("credential_id")?,
        name: fields.parse("name", |text| PasskeyName::parse(text).ok())?,
        credential: fields.get("credential")?,
        count: fields.count("count")?,
        aaguid: fields.uuid("aaguid").map(|id| Aaguid::from_bytes(id.into_bytes()))?,
        transports: fields.parse("transports", transports)?,
        verifies: fields.get("verifies")?,
        backup_eligible: fields.get("backup_eligible")?,
        backed_up: fields.get("backed_up")?,
        created_at: fields.time("created_at")?,
        last_used_at: fields.optional_time("last_used_at")?,
    })
}

fn transports(text: &str) -> Option<Vec<Transport>> {
    text.split(' ').filter(|word| !word.is_empty()).map(Transport::parse).collect()
}
