//! What is noted beside a session: the device, since when, the browser that stays signed in. Recognising a session does not
//! read it.

use sqlx::PgConnection;
use towergate_core::{Timestamp, audit::Origin};
use towergate_identity::{
    ports::{
        device::SessionDevice,
        visit::{Beyond, SessionLimit},
    },
    rules::{
        device::Device,
        fact::SessionEnd,
        remember::RememberedId,
        session::{SessionId, SessionRecord},
        user::UserId,
    },
};

use super::{
    device_row, ending,
    session_row::{self, session_columns},
};
use crate::{failure::Failure, fields::Fields, params::params, query, step::Step};

/// The columns in the order in which [`read`] takes them.
macro_rules! mark_columns {
    () => {
        "agent, network, place, began_at, remembered, asked"
    };
}

pub(crate) const FIND: &str = concat!("SELECT ", mark_columns!(), " FROM towergate_sessions WHERE id = $1");

pub(crate) const WRITE: &str =
    "UPDATE towergate_sessions SET agent = $2, network = $3, place = $4, began_at = $5,
    remembered = $6, asked = $7 WHERE id = $1";

pub(crate) const DEVICES_OF: &str = concat!(
    "SELECT ",
    session_columns!(),
    ", ",
    mark_columns!(),
    " FROM towergate_sessions
      WHERE user_id = $1 AND stage = 'complete' AND idle_expires_at > $2 AND absolute_expires_at > $2"
);

pub(crate) const OF_FAMILY: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM towergate_sessions WHERE remembered = $1 AND idle_expires_at > $2 AND absolute_expires_at > $2"
);

pub(crate) const COUNTED_OF: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM towergate_sessions WHERE user_id = $1 AND stage = 'complete'
      AND idle_expires_at > $2 AND absolute_expires_at > $2 AND id IS DISTINCT FROM $3
      AND ($4::uuid IS NULL OR remembered IS DISTINCT FROM $4)"
);

/// What is noted beside a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    pub(super) device: Device,
    /// When the sign-in began; with the session where nothing is said.
    pub(super) began_at: Option<Timestamp>,
    pub(super) remembered: Option<RememberedId>,
    /// Whoever is half signed in asked to stay signed in.
    pub(super) asked: bool,
}

pub(super) async fn find(connection: &mut PgConnection, id: SessionId) -> Result<Option<Mark>, Failure> {
    query::one(connection, FIND, params![id.as_uuid()], read).await
}

/// Notes it beside a session that has nothing noted yet.
pub(super) async fn write(connection: &mut PgConnection, id: SessionId, mark: &Mark) -> Result<(), Failure> {
    let Mark { device, began_at, remembered, asked } = mark;
    if *device == Device::default() && began_at.is_none() && remembered.is_none() && !asked {
        return Ok(());
    }
    let row = params![
        id.as_uuid(),
        device.agent.as_ref(),
        device.network.as_ref(),
        device.place.as_ref(),
        *began_at,
        remembered.map(|id| *id.as_uuid()),
        *asked,
    ];
    query::change(connection, WRITE, row).await?;
    Ok(())
}

/// The living sessions of which nothing is due, newest activity first.
pub(super) async fn devices_of(
    connection: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<SessionDevice>, Failure> {
    let key = params![user.as_uuid(), now];
    let mut devices = query::all(connection, DEVICES_OF, key, |fields| {
        let session = session_row::read(fields)?;
        let Mark { device, began_at, remembered, .. } = read(fields)?;
        let first_seen_at = began_at.unwrap_or(session.created_at);
        Ok(SessionDevice { session, device, first_seen_at, remembered })
    })
    .await?;
    devices.sort_by_key(|device| std::cmp::Reverse((device.session.last_seen_at, device.session.id)));
    Ok(devices)
}

/// The session that a family has now.
pub(super) async fn newest_of_family(
    connection: &mut PgConnection,
    family: RememberedId,
    now: Timestamp,
) -> Result<Option<SessionRecord>, Failure> {
    let key = params![family.as_uuid(), now];
    let sessions = query::all(connection, OF_FAMILY, key, session_row::read).await?;
    Ok(sessions.into_iter().max_by_key(|session| (session.created_at, session.id)))
}

/// Ends those that are too many for one more, but neither this session nor one of this family; `false` where one more may not
/// begin.
pub(super) async fn make_room(
    step: &mut Step,
    user: UserId,
    limit: SessionLimit,
    (session, family): (Option<SessionId>, Option<RememberedId>),
    origin: &Origin,
) -> Result<bool, Failure> {
    if limit.too_many(usize::from(u16::MAX)) == 0 {
        return Ok(true);
    }
    let key =
        params![user.as_uuid(), origin.at, session.map(|id| *id.as_uuid()), family.map(|id| *id.as_uuid()),];
    let mut there = query::all(&mut step.connection, COUNTED_OF, key, session_row::read).await?;
    there.sort_by_key(|session| (session.last_seen_at, session.id));
    let too_many = limit.too_many(there.len());
    if too_many > 0 && limit.beyond == Beyond::RefuseNew {
        return Ok(false);
    }
    for oldest in there.iter().take(too_many) {
        ending::end_session(step, oldest.id, SessionEnd::OverLimit, origin).await?;
    }
    Ok(true)
}

fn read(fields: &mut Fields<'_>) -> Result<Mark, Failure> {
    Ok(Mark {
        device: device_row::read(fields)?,
        began_at: fields.optional_time("began_at")?,
        remembered: fields.optional_uuid("remembered")?.map(RememberedId::from_uuid),
        asked: fields.get("asked")?,
    })
}
