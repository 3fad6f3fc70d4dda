//! Challenges that wait for the answer of an authenticator.

use rusqlite::{Connection, params};
use towergate_core::Timestamp;
use towergate_identity::{
    ports::passkey::BeginningCeremony,
    rules::{
        passkey::{Ceremony, CeremonyId, CeremonyPurpose, CeremonyRoom},
        session::SessionId,
        user::UserId,
    },
};

use crate::{failure::Failure, fields::Fields, query};

const INSERT: &str = "INSERT INTO towergate_passkey_ceremonies
    (id, browser, purpose, user_id, session_id, state, created_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

pub(crate) const TAKE: &str = "DELETE FROM towergate_passkey_ceremonies WHERE id = ?1
    RETURNING id, browser, purpose, user_id, session_id, state, created_at, expires_at";

pub(crate) const OF_SESSION: &str = "SELECT id FROM towergate_passkey_ceremonies WHERE session_id = ?1 AND expires_at > ?2 ORDER BY id LIMIT 100";

pub(crate) const OF_BROWSER: &str = "SELECT id FROM towergate_passkey_ceremonies
    WHERE browser = ?1 AND session_id IS NULL AND expires_at > ?2 ORDER BY id LIMIT 100";

pub(crate) const STRANGERS: &str =
    "SELECT count(*) FROM towergate_passkey_ceremonies WHERE session_id IS NULL AND expires_at > ?1";

pub(crate) const FORGET_OF: &str = "DELETE FROM towergate_passkey_ceremonies WHERE user_id = ?1";

const FORGET: &str = "DELETE FROM towergate_passkey_ceremonies WHERE id = ?1";

pub(super) fn begin(
    connection: &Connection,
    ceremony: &Ceremony,
    room: CeremonyRoom,
) -> Result<BeginningCeremony, Failure> {
    let session = ceremony.purpose.session();
    let session = session.as_ref().map(|id| id.as_uuid().as_bytes());
    let now = ceremony.created_at.unix_millis();
    // Identifiers are time-ordered: the first is the oldest.
    let theirs = match session {
        Some(session) => query::all(connection, OF_SESSION, params![session, now], id)?,
        None => query::all(connection, OF_BROWSER, params![ceremony.browser.as_bytes(), now], id)?,
    };
    let each = usize::try_from(room.each.max(1)).unwrap_or(usize::MAX);
    let surplus = (theirs.len() + 1).saturating_sub(each);
    if session.is_none() && surplus == 0 {
        let waiting = query::one(connection, STRANGERS, params![now], |fields| fields.get::<u32>("count"))?;
        if waiting.unwrap_or(0) >= room.strangers {
            return Ok(BeginningCeremony::Full);
        }
    }
    for oldest in theirs.iter().take(surplus) {
        query::change(connection, FORGET, params![oldest.as_uuid().as_bytes()])?;
    }
    let user = ceremony.purpose.user();
    query::change(
        connection,
        INSERT,
        params![
            ceremony.id.as_uuid().as_bytes(),
            ceremony.browser.as_bytes(),
            ceremony.purpose.as_str(),
            user.as_ref().map(|id| id.as_uuid().as_bytes()),
            session,
            ceremony.state,
            ceremony.created_at.unix_millis(),
            ceremony.expires_at.unix_millis(),
        ],
    )?;
    Ok(BeginningCeremony::Begun)
}

pub(super) fn take(
    connection: &Connection,
    id: CeremonyId,
    now: Timestamp,
) -> Result<Option<Ceremony>, Failure> {
    let taken = query::all(connection, TAKE, params![id.as_uuid().as_bytes()], read)?;
    Ok(taken.into_iter().next().filter(|ceremony| ceremony.is_open(now)))
}

/// Forgets every ceremony of a person.
pub(super) fn forget_of(connection: &Connection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_OF, params![user.as_uuid().as_bytes()])?;
    Ok(())
}

fn id(fields: &mut Fields<'_>) -> Result<CeremonyId, Failure> {
    fields.table("towergate_passkey_ceremonies");
    fields.uuid("id").map(CeremonyId::from_uuid)
}

fn read(fields: &mut Fields<'_>) -> Result<Ceremony, Failure> {
    let id = id(fields)?;
    let browser = fields.digest("browser")?;
    let word: String = fields.get("purpose")?;
    let user = optional_id(fields, "user_id")?.map(UserId::from_uuid);
    let session = optional_id(fields, "session_id")?.map(SessionId::from_uuid);
    let purpose = CeremonyPurpose::parse(&word, user, session).ok_or_else(|| fields.unreadable("purpose"))?;
    Ok(Ceremony {
        id,
        browser,
        purpose,
        state: fields.get("state")?,
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
    })
}

fn optional_id(
    fields: &mut Fields<'_>,
    column: &'static str,
) -> Result<Option<towergate_core::id::Uuid>, Failure> {
    fields.get::<Option<[u8; 16]>>(column).map(|bytes| bytes.map(towergate_core::id::Uuid::from_bytes))
}
