//! People who were sent to a provider and are to come back.

use sqlx::PgConnection;
use towergate_core::LocalPath;
use towergate_identity::rules::{
    linked_identity::{ProviderVisit, ProviderVisitId, VisitPurpose},
    session::SessionId,
    user::UserId,
};

use super::turn;
use crate::{failure::Failure, fields::Fields, params::params, query};

const INSERT: &str = "INSERT INTO towergate_provider_visits
    (id, digest, browser, provider, user_id, session_id, remember, return_to, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

pub(crate) const TAKE: &str = "DELETE FROM towergate_provider_visits WHERE id = $1
    RETURNING id, digest, browser, provider, user_id, session_id, remember, return_to, created_at, expires_at";

pub(crate) const OF_BROWSER: &str =
    "SELECT id FROM towergate_provider_visits WHERE browser = $1 AND expires_at > $2 ORDER BY id LIMIT 100";

pub(crate) const WAITING: &str = "SELECT count(*) FROM (SELECT 1 FROM towergate_provider_visits
    WHERE expires_at > $1 LIMIT $2) AS waiting";

pub(crate) const FORGET: &str = "DELETE FROM towergate_provider_visits WHERE id = ANY ($1)";

pub(super) async fn begin(
    connection: &mut PgConnection,
    visit: &ProviderVisit,
    each: u32,
    most: u32,
) -> Result<bool, Failure> {
    turn::take(connection, ("towergate visits of ", visit.browser.as_bytes())).await?;
    // Identifiers are time-ordered: the first is the oldest.
    let theirs = query::all(connection, OF_BROWSER, params![&visit.browser, visit.created_at], id).await?;
    let surplus = (theirs.len() + 1).saturating_sub(usize::try_from(each.max(1)).unwrap_or(usize::MAX));
    if surplus == 0 {
        let mut waiting = waiting(connection, visit, most).await?;
        if most.saturating_sub(waiting) < turn::CROWD {
            turn::take(connection, ("towergate visits", &[])).await?;
            waiting = self::waiting(connection, visit, most).await?;
        }
        if waiting >= most {
            return Ok(false);
        }
    }
    if surplus > 0 {
        let oldest: Vec<_> = theirs.iter().take(surplus).map(|id| *id.as_uuid()).collect();
        query::change(connection, FORGET, params![oldest]).await?;
    }
    let (user, session) = match &visit.purpose {
        VisitPurpose::SignIn => (None, None),
        VisitPurpose::Link { user, session } => (Some(user.as_uuid()), Some(session.as_uuid())),
    };
    let row = params![
        visit.id.as_uuid(),
        &visit.digest,
        &visit.browser,
        &visit.provider,
        user,
        session,
        visit.remember,
        visit.return_to.as_str(),
        visit.created_at,
        visit.expires_at,
    ];
    query::change(connection, INSERT, row).await?;
    Ok(true)
}

/// How many visits wait; no more than `most` are counted.
async fn waiting(connection: &mut PgConnection, visit: &ProviderVisit, most: u32) -> Result<u32, Failure> {
    let key = params![visit.created_at, most];
    let waiting = query::one(connection, WAITING, key, |fields| fields.count("count")).await?;
    Ok(waiting.unwrap_or(0))
}

pub(super) async fn take(
    connection: &mut PgConnection,
    id: ProviderVisitId,
) -> Result<Option<ProviderVisit>, Failure> {
    let taken = query::all(connection, TAKE, params![id.as_uuid()], read).await?;
    Ok(taken.into_iter().next())
}

fn id(fields: &mut Fields<'_>) -> Result<ProviderVisitId, Failure> {
    fields.table("towergate_provider_visits");
    fields.uuid("id").map(ProviderVisitId::from_uuid)
}

fn read(fields: &mut Fields<'_>) -> Result<ProviderVisit, Failure> {
    let id = id(fields)?;
    let (digest, browser) = (fields.digest("digest")?, fields.digest("browser")?);
    let provider = fields.get("provider")?;
    let user = fields.optional_uuid("user_id")?.map(UserId::from_uuid);
    let session = fields.optional_uuid("session_id")?.map(SessionId::from_uuid);
    let purpose = match (user, session) {
        (Some(user), Some(session)) => VisitPurpose::Link { user, session },
        _ => VisitPurpose::SignIn,
    };
    Ok(ProviderVisit {
        id,
        digest,
        browser,
        provider,
        purpose,
        remember: fields.get("remember")?,
        return_to: fields.parse("return_to", LocalPath::parse)?,
        created_at: fields.time("created_at")?,
        expires_at: fields.time("expires_at")?,
    })
}
