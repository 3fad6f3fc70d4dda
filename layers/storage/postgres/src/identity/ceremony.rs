//! Challenges that wait for the answer of an authenticator.

use sqlx::PgConnection;
use towergate_core::Timestamp;
use towergate_identity::{
    ports::passkey::BeginningCeremony,
    rules::{
        passkey::{Ceremony, CeremonyId, CeremonyPurpose, CeremonyRoom},
        session::SessionId,
        user::UserId,
    },
};

use super::turn;
use crate::{failure::Failure, fields::Fields, params::params, query};

const INSERT: &str = "INSERT INTO towergate_passkey_ceremonies
    (id, browser, purpose, user_id, session_id, state, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub(crate) const TAKE: &str = "DELETE FROM towergate_passkey_ceremonies WHERE id = $1
    RETURNING id, browser, purpose, user_id, session_id, state, created_at, expires_at";

pub(crate) const OF_SESSION: &str = "SELECT id FROM towergate_passkey_ceremonies WHERE session_id = $1 AND expires_at > $2 ORDER BY id LIMIT 100";

pub(crate) const OF_BROWSER: &str = "SELECT id FROM towergate_passkey_ceremonies
    WHERE browser = $1 AND session_id IS NULL AND expires_at > $2 ORDER BY id LIMIT 100";

pub(crate) const STRANGERS: &str = "SELECT count(*) FROM (SELECT 1 FROM towergate_passkey_ceremonies
    WHERE session_id IS NULL AND expires_at > $1 LIMIT $2) AS waiting";

pub(crate) const FORGET_OF: &str = "DELETE FROM towergate_passkey_ceremonies WHERE user_id = $1";

pub(crate) const FORGET: &str = "DELETE FROM towergate_passkey_ceremonies WHERE id = ANY ($1)";

pub(super) async fn begin(
    connection: &mut PgConnection,
    ceremony: &Ceremony,
    room: CeremonyRoom,
) -> Result<BeginningCeremony, Failure> {
    let session = ceremony.purpose.session().map(|id| *id.as_uuid());
    let whose = session.as_ref().map_or(ceremony.browser.as_bytes().as_slice(), |id| id.as_bytes());
    turn::take(connection, ("towergate ceremonies of ", whose)).await?;
    // Identifiers are time-ordered: the first is the oldest.
    let theirs = match session {
        Some(session) => {
            query::all(connection, OF_SESSION, params![session, ceremony.created_at], id).await?
        }
        None => {
            query::all(connection, OF_BROWSER, params![&ceremony.browser, ceremony.created_at], id).await?
        }
    };
    let each = usize::try_from(room.each.max(1)).unwrap_or(usize::MAX);
    let surplus = (theirs.len() + 1).saturating_sub(each);
    if session.is_none() && surplus == 0 {
        let mut waiting = strangers(connection, ceremony, room).await?;
        if room.strangers.saturating_sub(waiting) < turn::CROWD {
            turn::take(connection, ("towergate ceremonies of strangers", &[])).await?;
            waiting = strangers(connection, ceremony, room).await?;
        }
        if waiting >= room.strangers {
            return Ok(BeginningCeremony::Full);
        }
    }
    if surplus > 0 {
        let oldest: Vec<_> = theirs.iter().take(surplus).map(|id| *id.as_uuid()).collect();
        query::change(connection, FORGET, params![oldest]).await?;
    }
    let user = ceremony.purpose.user();
    query::change(
        connection,
        INSERT,
        params![
            ceremony.id.as_uuid(),
            &ceremony.browser,
            ceremony.purpose.as_str(),
            user.map(|id| *id.as_uuid()),
            session,
            &ceremony.state,
            ceremony.created_at,
            ceremony.expires_at,
        ],
    )
    .await?;
    Ok(BeginningCeremony::Begun)
}

/// How many ceremonies of strangers wait; no more than there is room for are counted.
async fn strangers(
    connection: &mut PgConnection,
    ceremony: &Ceremony,
    room: CeremonyRoom,
) -> Result<u32, Failure> {
    let key = params![ceremony.created_at, room.strangers];
    let waiting = query::one(connection, STRANGERS, key, |fields| fields.count("count")).await?;
    Ok(waiting.unwrap_or(0))
}

pub(super) async fn take(
    connection: &mut PgConnection,
    id: CeremonyId,
    now: Timestamp,
) -> Result<Option<Ceremony>, Failure> {
    let taken = query::all(connection, TAKE, params![id.as_uuid()], read).await?;
    Ok(taken.into_iter().next().filter(|ceremony| ceremony.is_open(now)))
}

/// Forgets every ceremony of a person.
pub(super) async fn forget_of(connection: &mut PgConnection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET_OF, params![user.as_uuid()]).await?;
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
    let user = fields.optional_uuid("user_id")?.map(UserId::from_uuid);
    let session = fields.optional_uuid("session_id")?.map(SessionId::from_uuid);
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
