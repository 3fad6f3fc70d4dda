//! Registered clients.

use std::sync::Arc;

use rusqlite::{Connection, params};
use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};
use towergate_oauth::{
    ports::client::{ClientStore, Disabling, Enabling, KeepingDocument, Managing, Registering},
    rules::{
        client::{Client, ClientId, ClientState, DocumentTimes},
        fact::OAuthFact,
        grant::RevocationReason,
    },
};

use super::{access_token, consent, grant_row, interaction, unused_client};
use crate::{
    cleanup::CLIENT_DOCUMENTS as FORGET_DOCUMENTS, failure::Failure, fields::Fields, query,
    store::SqliteStore, writer::Step,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, state, secret, sealed_secret, registration_access_token, registered_at, document_refresh_at,
                document_ends_at, metadata
            FROM towergate_clients ",
            $rest
        )
    };
}

pub(crate) const FIND: &str = select!("WHERE id = ?1");

/// No identifier is empty: the first comes after nothing.
pub(crate) const AFTER: &str = select!("WHERE id > ?1 ORDER BY id LIMIT ?2");

macro_rules! insert {
    () => {
        "INSERT INTO towergate_clients
            (id, state, secret, sealed_secret, registration_access_token, registered_at, document_refresh_at,
             document_ends_at, metadata)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    };
}

const INSERT: &str = insert!();

/// A client that is there keeps its state.
const PUT: &str = concat!(
    insert!(),
    " ON CONFLICT (id) DO UPDATE SET
        secret = excluded.secret, sealed_secret = excluded.sealed_secret,
        registration_access_token = excluded.registration_access_token, registered_at = excluded.registered_at,
        document_refresh_at = excluded.document_refresh_at, document_ends_at = excluded.document_ends_at,
        metadata = excluded.metadata"
);

pub(crate) const MAY_ACT: &str = "SELECT 1 FROM towergate_clients WHERE id = ?1 AND state = 'active'";

const MANAGED_BY: &str =
    "SELECT registration_access_token FROM towergate_clients WHERE id = ?1 AND state = 'active'";

pub(crate) const DELETE: &str = "DELETE FROM towergate_clients WHERE id = ?1";

/// Whether there are more than so many.
pub(crate) const BY_THEMSELVES: &str = "SELECT 1 FROM towergate_clients
    WHERE registration_access_token IS NOT NULL LIMIT 1 OFFSET ?1";

pub(crate) const DOCUMENTS: &str = "SELECT 1 FROM towergate_clients
    WHERE document_ends_at IS NOT NULL LIMIT 1 OFFSET ?1";

const RESEAL: &str = "UPDATE towergate_clients SET sealed_secret = ?3 WHERE id = ?1 AND sealed_secret = ?2";

const DISABLE: &str = "UPDATE towergate_clients SET state = 'disabled' WHERE id = ?1";

const ENABLE: &str = "UPDATE towergate_clients SET state = 'active' WHERE id = ?1 AND state = 'disabled'";

impl ClientStore for SqliteStore {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        Ok(self.read(|connection| query::one(connection, FIND, params![id.as_str()], read))?.map(Arc::new))
    }

    async fn put_client(&self, client: Client, origin: Origin) -> Result<(), StoreError> {
        self.write(move |step| put(step, client, &origin)).await
    }

    async fn disable_client(&self, id: ClientId, origin: Origin) -> Result<Disabling, StoreError> {
        self.write(move |step| {
            if query::change(step.connection, DISABLE, params![id.as_str()])? == 0 {
                return Ok(Disabling::Missing);
            }
            unused_client::end(step.connection, &id)?;
            query::change(step.connection, consent::FORGET_OF_CLIENT, params![id.as_str()])?;
            step.record(&OAuthFact::ClientDisabled { client: id.clone() }, &origin)?;
            let key = params![origin.at.unix_millis(), id.as_str()];
            let reason = RevocationReason::ClientDisabled;
            let grants = grant_row::revoke(step, grant_row::REVOKE_OF_CLIENT, key, reason, &origin)?;
            Ok(Disabling::Disabled { grants })
        })
        .await
    }

    async fn enable_client(&self, id: ClientId, origin: Origin) -> Result<Enabling, StoreError> {
        self.write(move |step| {
            if query::change(step.connection, ENABLE, params![id.as_str()])? == 0 {
                let there = query::exists(step.connection, FIND, params![id.as_str()])?;
                return Ok(if there { Enabling::Active } else { Enabling::Missing });
            }
            let own = params![origin.at.unix_millis(), id.as_str()];
            query::change(step.connection, access_token::REVOKE_OWN, own)?;
            step.record(&OAuthFact::ClientEnabled { client: id }, &origin)?;
            Ok(Enabling::Enabled)
        })
        .await
    }

    async fn clients(&self, after: Option<ClientId>, limit: u16) -> Result<Vec<Client>, StoreError> {
        let after = after.as_ref().map_or("", ClientId::as_str);
        self.read(|connection| query::all(connection, AFTER, params![after, limit], read))
    }

    async fn register_client(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> Result<Registering, StoreError> {
        self.write(move |step| {
            if limit == 0 || query::exists(step.connection, BY_THEMSELVES, params![limit.saturating_sub(1)])?
            {
                return Ok(Registering::Full);
            }
            write(step.connection, INSERT, &client)?;
            unused_client::begin(step.connection, &client.id, origin.at)?;
            step.record(&OAuthFact::ClientRegistered { client: client.id }, &origin)?;
            Ok(Registering::Registered)
        })
        .await
    }

    async fn update_client(
        &self,
        client: Client,
        token: Digest,
        origin: Origin,
    ) -> Result<Managing, StoreError> {
        self.write(move |step| {
            if !is_managed_by(step.connection, &client.id, &token)? {
                return Ok(Managing::Refused);
            }
            write(step.connection, PUT, &client)?;
            step.record(&OAuthFact::ClientUpdated { client: client.id }, &origin)?;
            Ok(Managing::Done)
        })
        .await
    }

    async fn delete_client(
        &self,
        id: ClientId,
        token: Digest,
        origin: Origin,
    ) -> Result<Managing, StoreError> {
        self.write(move |step| {
            if !is_managed_by(step.connection, &id, &token)? {
                return Ok(Managing::Refused);
            }
            query::change(step.connection, DELETE, params![id.as_str()])?;
            unused_client::end(step.connection, &id)?;
            step.record(&OAuthFact::ClientDeleted { client: id.clone() }, &origin)?;
            query::change(step.connection, interaction::CLOSE_OF_CLIENT, params![id.as_str()])?;
            query::change(step.connection, consent::FORGET_OF_CLIENT, params![id.as_str()])?;
            let key = params![origin.at.unix_millis(), id.as_str()];
            let reason = RevocationReason::ClientDeleted;
            grant_row::revoke(step, grant_row::REVOKE_OF_CLIENT, key, reason, &origin)?;
            Ok(Managing::Done)
        })
        .await
    }

    async fn expire_unused_clients(
        &self,
        before: Timestamp,
        limit: u16,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        // Most of the time there is none: only what there is to forget costs a write.
        let key = (before.unix_millis(), 1);
        if !self.read(|connection| query::exists(connection, unused_client::BEFORE, key))? {
            return Ok(0);
        }
        self.write(move |step| unused_client::expire(step, before, limit, &origin)).await
    }

    async fn reseal_client_secret(
        &self,
        id: ClientId,
        before: Vec<u8>,
        after: Vec<u8>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            if query::change(step.connection, RESEAL, params![id.as_str(), before, after])? == 0 {
                return Ok(false);
            }
            step.record(&OAuthFact::ClientSecretResealed { client: id }, &origin)?;
            Ok(true)
        })
        .await
    }

    async fn keep_client_document(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> Result<KeepingDocument, StoreError> {
        self.write(move |step| keep_document(step, client, limit, &origin)).await
    }
}

fn keep_document(
    step: &mut Step<'_>,
    client: Client,
    limit: u32,
    origin: &Origin,
) -> Result<KeepingDocument, Failure> {
    let before = query::one(step.connection, FIND, params![client.id.as_str()], read)?;
    match &before {
        Some(before) if before.document.is_none() => return Ok(KeepingDocument::Registered),
        Some(_) => {}
        None => {
            let batch = params![origin.at.unix_millis(), ENDED_AT_ONCE];
            query::change(step.connection, FORGET_DOCUMENTS, batch)?;
            if limit == 0 || query::exists(step.connection, DOCUMENTS, params![limit.saturating_sub(1)])? {
                return Ok(KeepingDocument::Full);
            }
        }
    }
    let kept = before.as_ref().map_or(client.state, |before| before.state);
    let news = before.is_none_or(|before| before.metadata != client.metadata);
    let client = Client { state: kept, ..client };
    write(step.connection, PUT, &client)?;
    if news {
        step.record(&OAuthFact::ClientDocumentRead { client: client.id }, origin)?;
    }
    Ok(KeepingDocument::Kept(kept))
}

/// What has ended makes room, a little at a time.
const ENDED_AT_ONCE: u16 = 100;

fn is_managed_by(connection: &Connection, id: &ClientId, token: &Digest) -> Result<bool, Failure> {
    let own = query::one(connection, MANAGED_BY, params![id.as_str()], |fields| {
        fields.table("towergate_clients");
        fields.optional_digest("registration_access_token")
    })?;
    Ok(own.flatten().is_some_and(|own| own.matches(token)))
}

/// Whether the client is there and may act.
pub(super) fn may_act(connection: &Connection, id: &ClientId) -> Result<bool, Failure> {
    query::exists(connection, MAY_ACT, params![id.as_str()])
}

fn put(step: &mut Step<'_>, client: Client, origin: &Origin) -> Result<(), Failure> {
    write(step.connection, PUT, &client)?;
    unused_client::end(step.connection, &client.id)?;
    step.record(&OAuthFact::ClientRegistered { client: client.id }, origin)
}

fn write(connection: &Connection, sql: &str, client: &Client) -> Result<(), Failure> {
    query::change(
        connection,
        sql,
        params![
            client.id.as_str(),
            state_name(client.state),
            client.secret.as_ref().map(Digest::as_bytes),
            client.sealed_secret,
            client.registration_access_token.as_ref().map(Digest::as_bytes),
            client.registered_at.map(Timestamp::unix_millis),
            client.document.map(|times| times.refresh_at.unix_millis()),
            client.document.map(|times| times.ends_at.unix_millis()),
            query::json(&client.metadata)?,
        ],
    )?;
    Ok(())
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
        document: match (
            fields.optional_time("document_refresh_at")?,
            fields.optional_time("document_ends_at")?,
        ) {
            (Some(refresh_at), Some(ends_at)) => Some(DocumentTimes { refresh_at, ends_at }),
            _ => None,
        },
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
