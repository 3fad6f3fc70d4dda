//! Clients that registered themselves and have got nothing yet.

use rusqlite::{Connection, params};
use towergate_core::{Timestamp, audit::Origin};
use towergate_oauth::rules::{client::ClientId, fact::OAuthFact};

use super::{client, interaction};
use crate::{failure::Failure, query, writer::Step};

const BEGIN: &str = "INSERT OR REPLACE INTO towergate_unused_clients (client, registered_at) VALUES (?1, ?2)";

pub(crate) const END: &str = "DELETE FROM towergate_unused_clients WHERE client = ?1";

pub(crate) const BEFORE: &str = "SELECT client FROM towergate_unused_clients
    WHERE registered_at <= ?1 ORDER BY registered_at, client LIMIT ?2";

/// It has registered itself.
pub(super) fn begin(connection: &Connection, client: &ClientId, at: Timestamp) -> Result<(), Failure> {
    query::change(connection, BEGIN, params![client.as_str(), at.unix_millis()])?;
    Ok(())
}

/// It has got something, or is none of those any more.
pub(super) fn end(connection: &Connection, client: &ClientId) -> Result<(), Failure> {
    query::change(connection, END, params![client.as_str()])?;
    Ok(())
}

/// Forgets those that have been so since before.
pub(super) fn expire(
    step: &mut Step<'_>,
    before: Timestamp,
    limit: u16,
    origin: &Origin,
) -> Result<u64, Failure> {
    let unused = query::all(step.connection, BEFORE, params![before.unix_millis(), limit], |fields| {
        fields.table("towergate_unused_clients");
        fields.parse("client", |text| ClientId::parse(text).ok())
    })?;
    let mut gone = 0;
    for id in unused {
        end(step.connection, &id)?;
        query::change(step.connection, client::DELETE, params![id.as_str()])?;
        query::change(step.connection, interaction::CLOSE_OF_CLIENT, params![id.as_str()])?;
        step.record(&OAuthFact::ClientExpired { client: id }, origin)?;
        gone += 1;
    }
    Ok(gone)
}
