//! Browsers that stay signed in: a cookie is traded for the next and a session.

use sqlx::PgConnection;
use towergate_core::{StoreError, Timestamp, audit::Origin};
use towergate_identity::{
    ports::remember::{RememberStore, Trade, Traded},
    rules::{
        fact::{IdentityFact, SessionEnd},
        remember::{Remembered, RememberedId, Worth},
        user::UserId,
    },
};

use super::{
    browser, ending, factor, mail,
    remembered_row::{self as row, remembered_columns},
    session_mark, session_row, user,
};
use crate::{failure::Failure, params::params, query, step::Step, store::PostgresStore};

pub(crate) const FIND: &str =
    concat!("SELECT ", remembered_columns!(), " FROM towergate_remembered WHERE id = $1");

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    remembered_columns!(),
    " FROM towergate_remembered WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, id DESC"
);

pub(crate) const LOCK_OWNER: &str = "SELECT 1 FROM towergate_users WHERE id =
    (SELECT user_id FROM towergate_remembered WHERE id = $1) FOR UPDATE";

const TRADE: &str =
    "UPDATE towergate_remembered SET traded = digest, traded_at = $2, sealed = $3, digest = $4,
    agent = $5, network = $6, place = $7, last_seen_at = greatest(last_seen_at, $2) WHERE id = $1";

impl RememberStore for PostgresStore {
    async fn find_remembered(&self, id: RememberedId) -> Result<Option<Remembered>, StoreError> {
        self.one(FIND, params![id.as_uuid()], row::read).await
    }

    async fn trade_remembered(&self, trade: Trade, origin: Origin) -> Result<Traded, StoreError> {
        self.write((trade, origin), |step, (trade, origin)| Box::pin(self::trade(step, trade, origin))).await
    }
}

/// Those of a person that are not too old, newest activity first.
pub(super) async fn of_user(
    connection: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Remembered>, Failure> {
    query::all(connection, OF_USER, params![user.as_uuid(), now], row::read).await
}

async fn find(connection: &mut PgConnection, id: RememberedId) -> Result<Option<Remembered>, Failure> {
    query::one(connection, FIND, params![id.as_uuid()], row::read).await
}

async fn trade(step: &mut Step, trade: &Trade, origin: &Origin) -> Result<Traded, Failure> {
    query::exists(&mut step.connection, LOCK_OWNER, params![trade.family.as_uuid()]).await?;
    let Some(family) = find(&mut step.connection, trade.family).await? else { return Ok(Traded::Missing) };
    let (id, user, now) = (family.id, family.user, origin.at);
    if !user::may_sign_in(&mut step.connection, user).await? {
        return Ok(Traded::Missing);
    }
    match family.judge(&trade.shown, now) {
        Worth::Newest => {}
        Worth::JustTraded => {
            let session = session_mark::newest_of_family(&mut step.connection, id, now).await?;
            let sealed = family.traded.map(|traded| traded.sealed).unwrap_or_default();
            return Ok(Traded::Repeated { sealed, session, expires_at: family.expires_at });
        }
        Worth::Expired => return Ok(Traded::Missing),
        Worth::Stolen => {
            step.record(&IdentityFact::RememberedStolen { user, family: id }, origin).await?;
            if let Some(notice) = &trade.notice {
                mail::queue(step, notice, origin).await?;
            }
            ending::end_family(step, &family, SessionEnd::CookieStolen, origin).await?;
            return Ok(Traded::Stolen);
        }
    }
    let trusted = match family.trusted_by {
        Some(browser) => browser::is_trusted(&mut step.connection, browser, now).await?,
        None => false,
    };
    if !family.stands(factor::has_second_factor(&mut step.connection, user).await?, trade.duty, trusted) {
        ending::end_family(step, &family, SessionEnd::FactorsChanged, origin).await?;
        return Ok(Traded::Missing);
    }
    if !session_mark::make_room(step, user, trade.limit, (None, Some(id)), origin).await? {
        return Ok(Traded::Full);
    }
    let session =
        family.session(trade.session, trade.session_digest.clone(), now, (&trade.lifetime, trade.duty));
    let device = &trade.device;
    let change = params![
        id.as_uuid(),
        now,
        &trade.sealed,
        trade.next.as_bytes(),
        device.agent.as_ref(),
        device.network.as_ref(),
        device.place.as_ref(),
    ];
    query::change(&mut step.connection, TRADE, change).await?;
    step.record(&IdentityFact::RememberedUsed { user, family: id, session: session.id }, origin).await?;
    ending::end_of_family(step, id, SessionEnd::Replaced, origin).await?;
    session_row::insert(&mut step.connection, &session).await?;
    let created = IdentityFact::SessionCreated { session: session.id, sign_in: session.sign_in, user };
    step.record(&created, origin).await?;
    let mark = session_mark::Mark {
        device: device.clone(),
        began_at: Some(family.created_at),
        remembered: Some(id),
        asked: false,
    };
    session_mark::write(&mut step.connection, session.id, &mark).await?;
    Ok(Traded::Traded(session, family.expires_at))
}
