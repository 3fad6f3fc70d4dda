//! Registered clients.

use rusqlite::{Connection, params};
use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};
use towergate_oauth::{
    ports::client::{ClientStore, Disabling},
    rules::{
        client::{Client, ClientId, ClientState},
        fact::OAuthFact,
        grant::RevocationReason,
    },
};

use super::grant_row;
use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const FIND: &str =
    "SELECT id, state, secret, sealed_secret, registration_access_token, registered_at, metadata
    FROM towergate_clients WHERE id = ?1";

const PUT: &str = "INSERT INTO towergate_clients
    (id, state, secret, sealed_secret, registration_access_token, registered_at, metadata)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (id) DO UPDATE SET
        state = excluded.state, secret = excluded.secret, sealed_secret = excluded.sealed_secret,
        registration_access_token = excluded.registration_access_token, registered_at = excluded.registered_at,
        metadata = excluded.metadata";

pub(crate) const IS_DISABLED: &str = "SELECT 1 FROM towergate_clients WHERE id = ?1 AND state = 'disabled'";

const DISABLE: &str = "UPDATE towergate_clients SET state = 'disabled' WHERE id = ?1";

impl ClientStore for SqliteStore {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Client>, StoreError> {
        self.read(|connection| query::one(connection, FIND, params![id.as_str()], read))
    }

    async fn put_client(&self, client: Client, origin: Origin) -> Result<(), StoreError> {
        self.write(move |step| put(step, client, &origin)).await
    }

    async fn disable_client(&self, id: ClientId, origin: Origin) -> Result<Disabling, StoreError> {
        self.write(move |step| {
            if query::change(step.connection, DISABLE, params![id.as_str()])? == 0 {
                return Ok(Disabling::Missing);
            }
            step.record(&OAuthFact::ClientDisabled { client: id.clone() }, &origin)?;
            let key = params![origin.at.unix_millis(), id.as_str()];
            let reason = RevocationReason::ClientDisabled;
            let grants = grant_row::revoke(step, grant_row::REVOKE_OF_CLIENT, key, reason, &origin)?;
            Ok(Disabling::Disabled { grants })
        })
        .await
    }
}

/// Whether the client was shut out.
pub(super) fn is_disabled(connection: &Connection, id: &ClientId) -> Result<bool, Failure> {
    query::exists(connection, IS_DISABLED, params![id.as_str()])
}

fn put(step: &mut Step<'_>, client: Client, origin: &Origin) -> Result<(), Failure> {
    query::change(
        step.connection,
        PUT,
        params![
            client.id.as_str(),
            state_name(client.state),
            client.secret.as_ref().map(Digest::as_bytes),
            client.sealed_secret,
            client.registration_access_token.as_ref().map(Digest::as_bytes),
            client.registered_at.map(Timestamp::unix_millis),
            query::json(&client.metadata)?,
        ],
    )?;
    step.record(&OAuthFact::ClientRegistered { client: client.id }, origin)
}

fn read(fields: &mut Fields<'_>) -> Result<Client, Failure> {
    fields.table("towergate_clients");
    Ok(Client {
        id: fields.parse("id", |text| ClientId::parse(text).ok())?,
        state: fields.parse("state", state)?,
        secret: fields.optional_digest("secret")?,
        sealed_secret: fields.get("sealed_secret")?,
        registration_access_token: fields.optional_digest("registration_access_token")?,
        registered_at: fields.optional_time("registered_at")?,
        metadata: fields.json("metadata")?,
    })
}

const fn state_name(state: ClientState) -> &'static str {
    match state {
        ClientState::Active => "active",
        ClientState::Disabled => "disabled",
    }
}

fn state(text: &str) -> Option<ClientState> {
    [ClientState::Active, ClientState::Disabled].into_iter().find(|state| state_name(*state) == text)
}
