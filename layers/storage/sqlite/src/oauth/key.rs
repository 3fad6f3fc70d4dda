//! Signing keys, sealed.

use rusqlite::params;
use towergate_core::{StoreError, audit::Origin};
use towergate_oauth::{
    ports::key::{Changing, KeyChange, KeyStore},
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

use crate::{failure::Failure, fields::Fields, query, store::SqliteStore, writer::Step};

pub(crate) const IN_USE: &str = "SELECT kid, algorithm, sealed_private, public_jwk, state, created_at, since
    FROM towergate_keys WHERE state <> 'retired' ORDER BY created_at, kid";

const INSERT: &str =
    "INSERT INTO towergate_keys (kid, algorithm, sealed_private, public_jwk, state, created_at, since)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

const MOVE: &str = "UPDATE towergate_keys
    SET state = ?2, since = ?3, sealed_private = CASE ?4 WHEN 1 THEN sealed_private ELSE x'' END
    WHERE kid = ?1 AND state = ?5";

const RESEAL: &str = "UPDATE towergate_keys SET sealed_private = ?2 WHERE kid = ?1";

impl KeyStore for SqliteStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.read(|connection| query::all(connection, IN_USE, [], read))
    }

    async fn change_keys(&self, change: KeyChange, origin: Origin) -> Result<Changing, StoreError> {
        self.write(move |step| self::change(step, change, &origin)).await
    }
}

fn change(step: &mut Step<'_>, change: KeyChange, origin: &Origin) -> Result<Changing, Failure> {
    let records = query::all(step.connection, IN_USE, [], read)?;
    if !change.fits(&records) {
        return Ok(Changing::Overtaken);
    }
    let state_of = |kid: &str| records.iter().find(|key| key.kid == kid).map(|key| key.state);
    for (kid, sealed) in change.reseal {
        if !state_of(&kid).is_some_and(KeyState::has_private_half) {
            return Err(refused(format!("key {kid:?} has nothing to be sealed")));
        }
        query::change(step.connection, RESEAL, params![kid, sealed])?;
        step.record(&OAuthFact::KeyResealed { kid }, origin)?;
    }
    let mut moves = change.moves;
    // Whoever leaves a place goes before whoever takes it.
    moves.sort_by_key(|(_, to)| std::cmp::Reverse(*to));
    for (kid, to) in moves {
        let cannot = |kid: &str| refused(format!("key {kid:?} cannot become {}", to.as_str()));
        let from = state_of(&kid).filter(|from| *from < to).ok_or_else(|| cannot(&kid))?;
        let row = params![kid, to.as_str(), origin.at.unix_millis(), to.has_private_half(), from.as_str()];
        if query::change(step.connection, MOVE, row)? == 0 {
            return Err(cannot(&kid));
        }
        step.record(&OAuthFact::KeyMoved { kid, state: to.as_str() }, origin)?;
    }
    for key in change.add {
        let state = key.state.as_str();
        let [created_at, since] = [key.created_at, key.since].map(towergate_core::Timestamp::unix_millis);
        let row =
            params![key.kid, key.algorithm, key.sealed_private, key.public_jwk, state, created_at, since];
        query::change(step.connection, INSERT, row)?;
        step.record(&OAuthFact::KeyMoved { kid: key.kid, state }, origin)?;
    }
    Ok(Changing::Changed)
}

const fn refused(why: String) -> Failure {
    Failure::Store(StoreError::Refused(why))
}

fn read(fields: &mut Fields<'_>) -> Result<KeyRecord, Failure> {
    fields.table("towergate_keys");
    Ok(KeyRecord {
        kid: fields.get("kid")?,
        algorithm: fields.get("algorithm")?,
        sealed_private: fields.get("sealed_private")?,
        public_jwk: fields.get("public_jwk")?,
        state: fields.parse("state", state)?,
        created_at: fields.time("created_at")?,
        since: fields.time("since")?,
    })
}

fn state(text: &str) -> Option<KeyState> {
    KeyState::ALL.into_iter().find(|state| state.as_str() == text)
}
