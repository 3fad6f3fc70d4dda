//! Clients that registered themselves and have got nothing yet.

use sqlx::PgConnection;
use towergate_core::{Timestamp, audit::Origin};
use towergate_oauth::rules::{client::ClientId, fact::OAuthFact};

use super::interaction;
use crate::{failure::Failure, params::params, query, step::Step};

const BEGIN: &str = "INSERT INTO towergate_unused_clients (client, registered_at) VALUES ($1, $2)
    ON CONFLICT (client) DO UPDATE SET registered_at = excluded.registered_at";

pub(crate) const END: &str = "DELETE FROM towergate_unused_clients WHERE client = $1";

pub(crate) const BEFORE: &str = "SELECT client FROM towergate_unused_clients
    WHERE registered_at <= $1 ORDER BY registered_at, client LIMIT $2";

/// Takes the clients first, as whoever gives them something does; one that is just being given something stays.
pub(crate) const LOCK: &str = "SELECT u.client
    FROM towergate_unused_clients u JOIN towergate_clients c ON c.id = u.client
    WHERE u.registered_at <= $1 ORDER BY u.registered_at, u.client LIMIT $2 FOR UPDATE OF c SKIP LOCKED";

/// Those of them that still have got nothing.
pub(crate) const TAKE: &str = "DELETE FROM towergate_unused_clients WHERE client = ANY($1) RETURNING client";

const DELETE: &str = "DELETE FROM towergate_clients WHERE id = ANY($1)";

/// It has registered itself.
pub(super) async fn begin(
    connection: &mut PgConnection,
    client: &ClientId,
    at: Timestamp,
) -> Result<(), Failure> {
    query::change(connection, BEGIN, params![client.as_str(), at]).await?;
    Ok(())
}

/// It has got something, or is none of those any more.
pub(super) async fn end(connection: &mut PgConnection, client: &ClientId) -> Result<(), Failure> {
    query::change(connection, END, params![client.as_str()]).await?;
    Ok(())
}

/// Forgets those that have been so since before.
pub(super) async fn expire(
    step: &mut Step,
    before: Timestamp,
    limit: u16,
    origin: &Origin,
) -> Result<u64, Failure> {
    let connection = &mut step.connection;
    let old = params![before, limit];
    let old: Vec<String> = query::all(connection, LOCK, old, |fields| fields.get("client")).await?;
    let unused: Vec<String> =
        query::all(connection, TAKE, params![old], |fields| fields.get("client")).await?;
    query::change(connection, DELETE, params![unused.clone()]).await?;
    query::change(connection, interaction::CLOSE_OF_CLIENTS, params![unused.clone()]).await?;
    let mut gone = 0;
    for id in unused {
        let client = ClientId::parse(&id).map_err(|_| {
            Failure::corrupt("towergate_unused_clients", id, String::from("column client cannot be read"))
        })?;
        step.record(&OAuthFact::ClientExpired { client }, origin).await?;
        gone += 1;
    }
    Ok(gone)
}
