//! Browsers that stay signed in: a cookie is traded for the next and a session.

use rusqlite::{Connection, params};
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
use crate::{failure::Failure, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    concat!("SELECT ", remembered_columns!(), " FROM towergate_remembered WHERE id = ?1");

pub(crate) const OF_USER: &str = concat!(
    "SELECT ",
    remembered_columns!(),
    " FROM towergate_remembered WHERE user_id = ?1 AND expires_at > ?2 ORDER BY last_seen_at DESC, id DESC"
);

const TRADE: &str =
    "UPDATE towergate_remembered SET traded = digest, traded_at = ?2, sealed = ?3, digest = ?4,
    agent = ?5, network = ?6, place = ?7, last_seen_at = max(last_seen_at, ?2) WHERE id = ?1";

impl RememberStore for SqliteStore {
    async fn find_remembered(&self, id: RememberedId) -> Result<Option<Remembered>, StoreError> {
        self.read(|connection| find(connection, id))
    }

    async fn trade_remembered(&self, trade: Trade, origin: Origin) -> Result<Traded, StoreError> {
        self.write(move |step| self::trade(step, &trade, &origin)).await
    }
}

/// Those of a person that are not too old, newest activity first.
pub(super) fn of_user(
    connection: &Connection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Remembered>, Failure> {
    query::all(connection, OF_USER, params![user.as_uuid().as_bytes(), now.unix_millis()], row::read)
}

fn find(connection: &Connection, id: RememberedId) -> Result<Option<Remembered>, Failure> {
    query::one(connection, FIND, params![id.as_uuid().as_bytes()], row::read)
}

fn trade(step: &mut Step<'_>, trade: &Trade, origin: &Origin) -> Result<Traded, Failure> {
    let Some(family) = find(step.connection, trade.family)? else { return Ok(Traded::Missing) };
    let (id, user, now) = (family.id, family.user, origin.at);
    if !user::may_sign_in(step.connection, user)? {
        return Ok(Traded::Missing);
    }
    match family.judge(&trade.shown, now) {
        Worth::Newest => {}
        Worth::JustTraded => {
            let session = session_mark::newest_of_family(step.connection, id, now)?;
            let sealed = family.traded.map(|traded| traded.sealed).unwrap_or_default();
            return Ok(Traded::Repeated { sealed, session, expires_at: family.expires_at });
        }
        Worth::Expired => return Ok(Traded::Missing),
        Worth::Stolen => {
            step.record(&IdentityFact::RememberedStolen { user, family: id }, origin)?;
            if let Some(notice) = &trade.notice {
                mail::queue(step, notice, origin)?;
            }
            ending::end_family(step, &family, SessionEnd::CookieStolen, origin)?;
            return Ok(Traded::Stolen);
        }
    }
    let trusted = match family.trusted_by {
        Some(browser) => browser::is_trusted(step.connection, browser, now)?,
        None => false,
    };
    if !family.stands(factor::has_second_factor(step.connection, user)?, trade.duty, trusted) {
        ending::end_family(step, &family, SessionEnd::FactorsChanged, origin)?;
        return Ok(Traded::Missing);
    }
    if !session_mark::make_room(step, user, trade.limit, (None, Some(id)), origin)? {
        return Ok(Traded::Full);
    }
    let session =
        family.session(trade.session, trade.session_digest.clone(), now, (&trade.lifetime, trade.duty));
    let device = &trade.device;
    let change = params![
        id.as_uuid().as_bytes(),
        now.unix_millis(),
        trade.sealed,
        trade.next.as_bytes(),
        device.agent,
        device.network,
        device.place,
    ];
    query::change(step.connection, TRADE, change)?;
    step.record(&IdentityFact::RememberedUsed { user, family: id, session: session.id }, origin)?;
    ending::end_of_family(step, id, SessionEnd::Replaced, origin)?;
    session_row::insert(step.connection, &session)?;
    let created = IdentityFact::SessionCreated { session: session.id, sign_in: session.sign_in, user };
    step.record(&created, origin)?;
    let mark = session_mark::Mark {
        device: device.clone(),
        began_at: Some(family.created_at),
        remembered: Some(id),
        asked: false,
    };
    session_mark::write(step.connection, session.id, &mark)?;
    Ok(Traded::Traded(session, family.expires_at))
}
