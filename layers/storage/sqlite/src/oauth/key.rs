//! Signing keys, sealed.

use rusqlite::params;
use towergate_core::{StoreError, audit::Origin};
use towergate_oauth::{
    ports::key::{Adding, KeyStore, Moving},
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

const TABLE: &str = "towergate_keys";

pub(crate) const IN_USE: &str = "SELECT kid, algorithm, sealed_private, public_jwk, state, created_at
    FROM towergate_keys WHERE state <> 'retired' ORDER BY created_at, kid";

const TWIN: &str = "SELECT 1 FROM towergate_keys WHERE algorithm = ?1 AND state = ?2";

const INSERT: &str =
    "INSERT INTO towergate_keys (kid, algorithm, sealed_private, public_jwk, state, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) const STATE: &str = "SELECT kid, state FROM towergate_keys WHERE kid = ?1";

const MOVE: &str = "UPDATE towergate_keys SET state = ?2 WHERE kid = ?1";

impl KeyStore for SqliteStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.read(|connection| query::all(connection, IN_USE, [], read))
    }

    async fn add_key(&self, key: KeyRecord, origin: Origin) -> Result<Adding, StoreError> {
        self.write(move |step| add(step, key, &origin)).await
    }

    async fn move_key(&self, kid: String, to: KeyState, origin: Origin) -> Result<Moving, StoreError> {
        self.write(move |step| {
            let now = query::one(step.connection, STATE, params![kid], |fields| {
                fields.table(TABLE);
                fields.get::<String>("kid")?;
                fields.parse("state", state)
            })?;
            if now.is_none_or(|now| now >= to) {
                return Ok(Moving::Unmoved);
            }
            query::change(step.connection, MOVE, params![kid, to.as_str()])?;
            step.record(&OAuthFact::KeyMoved { kid, state: to.as_str() }, &origin)?;
            Ok(Moving::Moved)
        })
        .await
    }
}

fn add(step: &mut Step<'_>, key: KeyRecord, origin: &Origin) -> Result<Adding, Failure> {
    let state = key.state.as_str();
    if query::exists(step.connection, TWIN, params![key.algorithm, state])? {
        return Ok(Adding::AlreadyThere);
    }
    let created_at = key.created_at.unix_millis();
    let row = params![key.kid, key.algorithm, key.sealed_private, key.public_jwk, state, created_at];
    query::change(step.connection, INSERT, row)?;
    step.record(&OAuthFact::KeyMoved { kid: key.kid, state }, origin)?;
    Ok(Adding::Added)
}

fn read(fields: &mut Fields<'_>) -> Result<KeyRecord, Failure> {
    fields.table(TABLE);
    Ok(KeyRecord {
        kid: fields.get("kid")?,
        algorithm: fields.get("algorithm")?,
        sealed_private: fields.get("sealed_private")?,
        public_jwk: fields.get("public_jwk")?,
        state: fields.parse("state", state)?,
        created_at: fields.time("created_at")?,
    })
}

fn state(text: &str) -> Option<KeyState> {
    [KeyState::Published, KeyState::Active, KeyState::Retiring, KeyState::Retired]
        .into_iter()
        .find(|state| state.as_str() == text)
}
