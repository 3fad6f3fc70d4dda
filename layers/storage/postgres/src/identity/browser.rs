//! Known and trusted browsers.

use sqlx::PgConnection;
use towergate_core::{Digest, Timestamp, audit::Origin};
use towergate_identity::{
    ports::visit::{BrowserMark, BrowserVisit, Visit},
    rules::{
        browser::{Browser, BrowserId, may_be_trusted},
        fact::IdentityFact,
        session::SessionRecord,
        user::UserId,
    },
};

use super::{device_row, mail};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step};

/// The columns in the order in which [`read`] takes them.
macro_rules! browser_columns {
    () => {
        "id, user_id, digest, agent, network, place, first_seen_at, last_seen_at, trusted_until"
    };
}

pub(crate) const FIND: &str =
    concat!("SELECT ", browser_columns!(), " FROM towergate_browsers WHERE user_id = $1 AND digest = $2");

pub(crate) const GET: &str = concat!("SELECT ", browser_columns!(), " FROM towergate_browsers WHERE id = $1");

pub(crate) const TRUSTED_OF: &str = concat!(
    "SELECT ",
    browser_columns!(),
    " FROM towergate_browsers WHERE user_id = $1 AND trusted_until > $2"
);

pub(crate) const HAS_ANY: &str = "SELECT 1 FROM towergate_browsers WHERE user_id = $1";

pub(crate) const IS_SHARED: &str = "SELECT 1 FROM towergate_browsers WHERE digest = $1";

pub(crate) const RENEW_COOKIE: &str = "UPDATE towergate_browsers SET digest = $2 WHERE digest = $1";

const ARRIVE: &str = "INSERT INTO towergate_browsers
    (id, user_id, digest, agent, network, place, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
    ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, agent = excluded.agent, network = excluded.network,
    place = excluded.place, last_seen_at = greatest(towergate_browsers.last_seen_at, excluded.last_seen_at)";

const TRUST: &str = "UPDATE towergate_browsers SET trusted_until = $2 WHERE id = $1";

pub(crate) const DISTRUST_ONE: &str = "UPDATE towergate_browsers SET trusted_until = NULL
    WHERE id = $1 AND user_id = $2 AND trusted_until > $3";

pub(crate) const DISTRUST: &str = "UPDATE towergate_browsers SET trusted_until = NULL
    WHERE user_id = $1 AND trusted_until IS NOT NULL";

pub(crate) const FORGET: &str = "DELETE FROM towergate_browsers WHERE user_id = $1";

/// The browser of a person that goes by this cookie.
pub(super) async fn find(
    connection: &mut PgConnection,
    user: UserId,
    digest: &Digest,
) -> Result<Option<Browser>, Failure> {
    query::one(connection, FIND, params![user.as_uuid(), digest.as_bytes()], read).await
}

/// Whether the browser is trusted.
pub(super) async fn is_trusted(
    connection: &mut PgConnection,
    id: BrowserId,
    now: Timestamp,
) -> Result<bool, Failure> {
    let browser = query::one(connection, GET, params![id.as_uuid()], read).await?;
    Ok(browser.is_some_and(|browser| browser.is_trusted(now)))
}

/// Those of a person that are trusted, newest activity first.
pub(super) async fn trusted(
    connection: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Browser>, Failure> {
    let key = params![user.as_uuid(), now];
    let mut trusted = query::all(connection, TRUSTED_OF, key, read).await?;
    trusted.sort_by_key(|browser| std::cmp::Reverse((browser.last_seen_at, browser.id)));
    Ok(trusted)
}

/// Trusts this browser of a person no more; `false` where it was not trusted.
pub(super) async fn distrust_one(
    step: &mut Step,
    user: UserId,
    id: BrowserId,
    origin: &Origin,
) -> Result<bool, Failure> {
    let key = params![id.as_uuid(), user.as_uuid(), origin.at];
    if query::change(&mut step.connection, DISTRUST_ONE, key).await? == 0 {
        return Ok(false);
    }
    step.record(&IdentityFact::BrowsersForgotten { user, count: 1 }, origin).await?;
    Ok(true)
}

/// Trusts no browser of a person any more; answers how many were trusted.
pub(super) async fn distrust(step: &mut Step, user: UserId, origin: &Origin) -> Result<u64, Failure> {
    let trusted = trusted(&mut step.connection, user, origin.at).await?;
    query::change(&mut step.connection, DISTRUST, params![user.as_uuid()]).await?;
    let count = u64::try_from(trusted.len()).unwrap_or(u64::MAX);
    if count > 0 {
        step.record(&IdentityFact::BrowsersForgotten { user, count }, origin).await?;
    }
    Ok(count)
}

/// Knows no browser of a person any more.
pub(super) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<(), Failure> {
    query::change(connection, FORGET, params![user.as_uuid()]).await?;
    Ok(())
}

/// Notes that a person is wholly signed in in a browser; answers by which cookie it is known.
pub(super) async fn arrive(
    step: &mut Step,
    session: &SessionRecord,
    visit: &Visit,
    browser: &BrowserVisit,
    origin: &Origin,
) -> Result<BrowserMark, Failure> {
    let (user, now) = (session.user, origin.at);
    let person = user.as_uuid();
    let BrowserVisit { shown, fresh: (fresh_id, fresh), .. } = browser;
    let there = match shown {
        Some(shown) => find(&mut step.connection, user, shown).await?,
        None => None,
    };
    let known = there.as_ref().is_some_and(|there| there.is_known(now));
    if !known && query::exists(&mut step.connection, HAS_ANY, params![person]).await? {
        step.record(&IdentityFact::DeviceNew { user, session: session.id }, origin).await?;
        if let Some(notice) = &browser.notice {
            mail::queue(step, notice, origin).await?;
        }
    }
    let trust = browser.trust_for.filter(|_| may_be_trusted(session));
    // A cookie that is trusted from now on is one that nobody saw before, for whoever else uses the browser too.
    let keeps = match shown {
        Some(shown) if trust.is_none() => {
            query::exists(&mut step.connection, IS_SHARED, params![shown.as_bytes()]).await?.then_some(shown)
        }
        Some(shown) => {
            query::change(&mut step.connection, RENEW_COOKIE, params![shown.as_bytes(), fresh.as_bytes()])
                .await?;
            None
        }
        None => None,
    };
    let id = there.map_or(*fresh_id, |there| there.id);
    let device = &visit.device;
    let row = params![
        id.as_uuid(),
        person,
        keeps.unwrap_or(fresh).as_bytes(),
        device.agent.as_ref(),
        device.network.as_ref(),
        device.place.as_ref(),
        now,
    ];
    query::change(&mut step.connection, ARRIVE, row).await?;
    if let Some(trust) = trust {
        let row = params![id.as_uuid(), now.plus(trust).unix_millis()];
        query::change(&mut step.connection, TRUST, row).await?;
        step.record(&IdentityFact::BrowserTrusted { user, browser: id }, origin).await?;
    }
    Ok(if keeps.is_some() { BrowserMark::Shown } else { BrowserMark::Fresh })
}

pub(super) fn read(fields: &mut Fields<'_>) -> Result<Browser, Failure> {
    fields.table("towergate_browsers");
    Ok(Browser {
        id: fields.uuid("id").map(BrowserId::from_uuid)?,
        user: fields.uuid("user_id").map(UserId::from_uuid)?,
        digest: fields.digest("digest")?,
        device: device_row::read(fields)?,
        first_seen_at: fields.time("first_seen_at")?,
        last_seen_at: fields.time("last_seen_at")?,
        trusted_until: fields.optional_time("trusted_until")?,
    })
}
