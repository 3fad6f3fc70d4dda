//! Identifiers that sessions went by before.

use sqlx::PgConnection;
use towergate_core::Timestamp;
use towergate_identity::rules::session::{ReplacedSession, SessionId, SignInId};

use crate::{failure::Failure, fields::Fields, params::params, query};

pub(crate) const FIND: &str = "SELECT id, digest, sign_in, expires_at FROM towergate_replaced_sessions
    WHERE id = $1 AND expires_at > $2";

const INSERT: &str =
    "INSERT INTO towergate_replaced_sessions (id, digest, sign_in, expires_at) VALUES ($1, $2, $3, $4)";

pub(super) async fn find(
    connection: &mut PgConnection,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<ReplacedSession>, Failure> {
    query::one(connection, FIND, params![id.as_uuid(), now], read).await
}

pub(super) async fn insert(connection: &mut PgConnection, replaced: &ReplacedSession) -> Result<(), Failure> {
    query::change(
        connection,
        INSERT,
        params![
            replaced.id.as_uuid(),
            replaced.digest.as_bytes(),
            replaced.sign_in.as_uuid(),
            replaced.expires_at,
        ],
    )
    .await?;
    Ok(())
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<ReplacedSession, Failure> {
    fields.table("towergate_replaced_sessions");
    Ok(ReplacedSession {
        id: fields.uuid("id").map(SessionId::from_uuid)?,
        digest: fields.digest("digest")?,
        sign_in: fields.uuid("sign_in").map(SignInId::from_uuid)?,
        expires_at: fields.time("expires_at")?,
    })
}
