//! Registered clients.

use std::sync::Arc;

use sqlx::PgConnection;
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
    cleanup::oauth::CLIENT_DOCUMENTS as FORGET_DOCUMENTS, failure::Failure, fields::Fields, params::params,
    query, step::Step, store::PostgresStore,
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

pub(crate) const FIND: &str = select!("WHERE id = $1");

/// The same, for whoever is going to change it.
pub(crate) const LOCK: &str = select!("WHERE id = $1 FOR NO KEY UPDATE");

/// No identifier is empty: the first comes after nothing.
pub(crate) const AFTER: &str = select!("WHERE id > $1 ORDER BY id LIMIT $2");

macro_rules! insert {
    () => {
        "INSERT INTO towergate_clients
            (id, state, secret, sealed_secret, registration_access_token, registered_at, document_refresh_at,
             document_ends_at, metadata)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
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

/// Nobody shuts the client out, nor deletes it, until whoever asks is done.
pub(crate) const MAY_ACT: &str =
    "SELECT 1 FROM towergate_clients WHERE id = $1 AND state = 'active' FOR SHARE";

pub(crate) const MANAGED_BY: &str = "SELECT id, registration_access_token FROM towergate_clients
    WHERE id = $1 AND state = 'active' FOR UPDATE";

pub(crate) const DELETE: &str = "DELETE FROM towergate_clients WHERE id = $1";

/// Whether there are more than so many.
pub(crate) const BY_THEMSELVES: &str = "SELECT 1 FROM towergate_clients
    WHERE registration_access_token IS NOT NULL LIMIT 1 OFFSET $1";

pub(crate) const DOCUMENTS: &str = "SELECT 1 FROM towergate_clients
    WHERE document_ends_at IS NOT NULL LIMIT 1 OFFSET $1";

const RESEAL: &str = "UPDATE towergate_clients SET sealed_secret = $3 WHERE id = $1 AND sealed_secret = $2";

const DISABLE: &str = "UPDATE towergate_clients SET state = 'disabled' WHERE id = $1";

const ENABLE: &str = "UPDATE towergate_clients SET state = 'active' WHERE id = $1 AND state = 'disabled'";

impl ClientStore for PostgresStore {
    async fn find_client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        Ok(self.one(FIND, params![id.as_str()], read).await?.map(Arc::new))
    }

    async fn put_client(&self, client: Client, origin: Origin) -> Result<(), StoreError> {
        self.write_by_locks((client, origin), |step, (client, origin)| Box::pin(put(step, client, origin)))
            .await
    }

    async fn disable_client(&self, id: ClientId, origin: Origin) -> Result<Disabling, StoreError> {
        self.write_by_locks((id, origin), |step, (id, origin)| Box::pin(disable(step, id, origin))).await
    }

    async fn enable_client(&self, id: ClientId, origin: Origin) -> Result<Enabling, StoreError> {
        self.write_by_locks((id, origin), |step, (id, origin)| Box::pin(enable(step, id, origin))).await
    }

    async fn clients(&self, after: Option<ClientId>, limit: u16) -> Result<Vec<Client>, StoreError> {
        let after = after.as_ref().map_or("", ClientId::as_str);
        self.all(AFTER, params![after, limit], read).await
    }

    async fn register_client(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> Result<Registering, StoreError> {
        self.write((client, limit, origin), |step, (client, limit, origin)| {
            Box::pin(register(step, client, *limit, origin))
        })
        .await
    }

    async fn update_client(
        &self,
        client: Client,
        token: Digest,
        origin: Origin,
    ) -> Result<Managing, StoreError> {
        self.write_by_locks((client, token, origin), |step, (client, token, origin)| {
            Box::pin(update(step, client, token, origin))
        })
        .await
    }

    async fn delete_client(
        &self,
        id: ClientId,
        token: Digest,
        origin: Origin,
    ) -> Result<Managing, StoreError> {
        self.write_by_locks((id, token, origin), |step, (id, token, origin)| {
            Box::pin(delete(step, id, token, origin))
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
        if !self.exists(unused_client::BEFORE, params![before, 1_i64]).await? {
            return Ok(0);
        }
        self.write_by_locks((before, limit, origin), |step, (before, limit, origin)| {
            Box::pin(unused_client::expire(step, *before, *limit, origin))
        })
        .await
    }

    async fn reseal_client_secret(
        &self,
        id: ClientId,
        before: Vec<u8>,
        after: Vec<u8>,
        origin: Origin,
    ) -> Result<bool, StoreError> {
        self.write_by_locks((id, before, after, origin), |step, (id, before, after, origin)| {
            Box::pin(async move {
                let key = params![id.as_str(), before, after];
                if query::change(&mut step.connection, RESEAL, key).await? == 0 {
                    return Ok(false);
                }
                step.record(&OAuthFact::ClientSecretResealed { client: id.clone() }, origin).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn keep_client_document(
        &self,
        client: Client,
        limit: u32,
        origin: Origin,
    ) -> Result<KeepingDocument, StoreError> {
        self.write((client, limit, origin), |step, (client, limit, origin)| {
            Box::pin(keep_document(step, client.clone(), *limit, origin))
        })
        .await
    }
}

async fn put(step: &mut Step, client: &Client, origin: &Origin) -> Result<(), Failure> {
    write(&mut step.connection, PUT, client).await?;
    unused_client::end(&mut step.connection, &client.id).await?;
    step.record(&OAuthFact::ClientRegistered { client: client.id.clone() }, origin).await
}

async fn disable(step: &mut Step, id: &ClientId, origin: &Origin) -> Result<Disabling, Failure> {
    if query::change(&mut step.connection, DISABLE, params![id.as_str()]).await? == 0 {
        return Ok(Disabling::Missing);
    }
    unused_client::end(&mut step.connection, id).await?;
    query::change(&mut step.connection, consent::FORGET_OF_CLIENT, params![id.as_str()]).await?;
    step.record(&OAuthFact::ClientDisabled { client: id.clone() }, origin).await?;
    let (key, reason) = (params![origin.at, id.as_str()], RevocationReason::ClientDisabled);
    let grants = grant_row::revoke(step, grant_row::REVOKE_OF_CLIENT, key, reason, origin).await?;
    Ok(Disabling::Disabled { grants })
}

async fn enable(step: &mut Step, id: &ClientId, origin: &Origin) -> Result<Enabling, Failure> {
    if query::change(&mut step.connection, ENABLE, params![id.as_str()]).await? == 0 {
        let there = query::exists(&mut step.connection, FIND, params![id.as_str()]).await?;
        return Ok(if there { Enabling::Active } else { Enabling::Missing });
    }
    query::change(&mut step.connection, access_token::REVOKE_OWN, params![origin.at, id.as_str()]).await?;
    step.record(&OAuthFact::ClientEnabled { client: id.clone() }, origin).await?;
    Ok(Enabling::Enabled)
}

async fn register(
    step: &mut Step,
    client: &Client,
    limit: u32,
    origin: &Origin,
) -> Result<Registering, Failure> {
    let last = params![limit.saturating_sub(1)];
    if limit == 0 || query::exists(&mut step.connection, BY_THEMSELVES, last).await? {
        return Ok(Registering::Full);
    }
    write(&mut step.connection, INSERT, client).await?;
    unused_client::begin(&mut step.connection, &client.id, origin.at).await?;
    step.record(&OAuthFact::ClientRegistered { client: client.id.clone() }, origin).await?;
    Ok(Registering::Registered)
}

async fn update(
    step: &mut Step,
    client: &Client,
    token: &Digest,
    origin: &Origin,
) -> Result<Managing, Failure> {
    if !is_managed_by(&mut step.connection, &client.id, token).await? {
        return Ok(Managing::Refused);
    }
    write(&mut step.connection, PUT, client).await?;
    step.record(&OAuthFact::ClientUpdated { client: client.id.clone() }, origin).await?;
    Ok(Managing::Done)
}

async fn delete(
    step: &mut Step,
    id: &ClientId,
    token: &Digest,
    origin: &Origin,
) -> Result<Managing, Failure> {
    if !is_managed_by(&mut step.connection, id, token).await? {
        return Ok(Managing::Refused);
    }
    query::change(&mut step.connection, DELETE, params![id.as_str()]).await?;
    step.record(&OAuthFact::ClientDeleted { client: id.clone() }, origin).await?;
    query::change(&mut step.connection, interaction::CLOSE_OF_CLIENTS, params![vec![id.to_string()]]).await?;
    query::change(&mut step.connection, consent::FORGET_OF_CLIENT, params![id.as_str()]).await?;
    let (key, reason) = (params![origin.at, id.as_str()], RevocationReason::ClientDeleted);
    grant_row::revoke(step, grant_row::REVOKE_OF_CLIENT, key, reason, origin).await?;
    Ok(Managing::Done)
}

async fn keep_document(
    step: &mut Step,
    client: Client,
    limit: u32,
    origin: &Origin,
) -> Result<KeepingDocument, Failure> {
    let before = query::one(&mut step.connection, LOCK, params![client.id.as_str()], read).await?;
    match &before {
        Some(before) if before.document.is_none() => return Ok(KeepingDocument::Registered),
        Some(_) => {}
        None => {
            let batch = params![origin.at, ENDED_AT_ONCE];
            query::change(&mut step.connection, FORGET_DOCUMENTS, batch).await?;
            let last = params![limit.saturating_sub(1)];
            if limit == 0 || query::exists(&mut step.connection, DOCUMENTS, last).await? {
                return Ok(KeepingDocument::Full);
            }
        }
    }
    let kept = before.as_ref().map_or(client.state, |before| before.state);
    let news = before.is_none_or(|before| before.metadata != client.metadata);
    let client = Client { state: kept, ..client };
    write(&mut step.connection, PUT, &client).await?;
    if news {
        step.record(&OAuthFact::ClientDocumentRead { client: client.id }, origin).await?;
    }
    Ok(KeepingDocument::Kept(kept))
}

/// What has ended makes room, a little at a time.
const ENDED_AT_ONCE: u16 = 100;

/// Whether the token manages the client, which nobody else changes until the end of this step.
async fn is_managed_by(
    connection: &mut PgConnection,
    id: &ClientId,
    token: &Digest,
) -> Result<bool, Failure> {
    let own = query::one(connection, MANAGED_BY, params![id.as_str()], |fields| {
        fields.table("towergate_clients");
        fields.get::<&str>("id")?;
        fields.optional_digest("registration_access_token")
    })
    .await?;
    Ok(own.flatten().is_some_and(|own| own.matches(token)))
}

/// Whether the client is there and may act, until the end of this step.
pub(super) async fn may_act(connection: &mut PgConnection, id: &ClientId) -> Result<bool, Failure> {
    query::exists(connection, MAY_ACT, params![id.as_str()]).await
}

async fn write(connection: &mut PgConnection, sql: &'static str, client: &Client) -> Result<(), Failure> {
    let row = params![
        client.id.as_str(),
        state_name(client.state),
        client.secret.as_ref(),
        client.sealed_secret.as_ref(),
        client.registration_access_token.as_ref(),
        client.registered_at,
        client.document.map(|times| times.refresh_at),
        client.document.map(|times| times.ends_at),
        query::json(&client.metadata)?,
    ];
    query::change(connection, sql, row).await?;
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
