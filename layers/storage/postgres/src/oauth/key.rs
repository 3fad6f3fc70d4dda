//! Signing keys, sealed.

use towergate_core::{StoreError, audit::Origin};
use towergate_oauth::{
    ports::key::{Changing, KeyChange, KeyStore},
    rules::{
        fact::OAuthFact,
        key::{KeyRecord, KeyState},
    },
};

use crate::{failure::Failure, fields::Fields, params::params, query, step::Step, store::PostgresStore};

pub(crate) const IN_USE: &str = "SELECT kid, algorithm, sealed_private, public_jwk, state, created_at, since
    FROM towergate_keys WHERE state <> 'retired' ORDER BY created_at, kid";

/// One change of the ring at a time; it is read all the same.
const LOCK: &str = "LOCK TABLE towergate_keys IN SHARE ROW EXCLUSIVE MODE";

const INSERT: &str =
    "INSERT INTO towergate_keys (kid, algorithm, sealed_private, public_jwk, state, created_at, since)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";

const MOVE: &str = "UPDATE towergate_keys
    SET state = $2, since = $3, sealed_private = CASE WHEN $4 THEN sealed_private ELSE ''::bytea END
    WHERE kid = $1 AND state = $5";

const RESEAL: &str = "UPDATE towergate_keys SET sealed_private = $2 WHERE kid = $1";

impl KeyStore for PostgresStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.all(IN_USE, params![], read).await
    }

    async fn change_keys(&self, change: KeyChange, origin: Origin) -> Result<Changing, StoreError> {
        self.write_by_locks((change, origin), |step, (change, origin)| {
            Box::pin(self::change(step, change.clone(), origin))
        })
        .await
    }
}

async fn change(step: &mut Step, change: KeyChange, origin: &Origin) -> Result<Changing, Failure> {
    query::change(&mut step.connection, LOCK, params![]).await?;
    let records = query::all(&mut step.connection, IN_USE, params![], read).await?;
    if !change.fits(&records) {
        return Ok(Changing::Overtaken);
    }
    let state_of = |kid: &str| records.iter().find(|key| key.kid == kid).map(|key| key.state);
    for (kid, sealed) in change.reseal {
        if !state_of(&kid).is_some_and(KeyState::has_private_half) {
            return Err(refused(format!("key {kid:?} has nothing to be sealed")));
        }
        query::change(&mut step.connection, RESEAL, params![&kid, sealed]).await?;
        step.record(&OAuthFact::KeyResealed { kid }, origin).await?;
    }
    let mut moves = change.moves;
    // Whoever leaves a place goes before whoever takes it.
    moves.sort_by_key(|(_, to)| std::cmp::Reverse(*to));
    for (kid, to) in moves {
        let cannot = |kid: &str| refused(format!("key {kid:?} cannot become {}", to.as_str()));
        let from = state_of(&kid).filter(|from| *from < to).ok_or_else(|| cannot(&kid))?;
        let row = params![&kid, to.as_str(), origin.at, to.has_private_half(), from.as_str()];
        if query::change(&mut step.connection, MOVE, row).await? == 0 {
            return Err(cannot(&kid));
        }
        step.record(&OAuthFact::KeyMoved { kid, state: to.as_str() }, origin).await?;
    }
    for key in change.add {
        let state = key.state.as_str();
        let sealed = key.sealed_private;
        let row =
            params![&key.kid, &key.algorithm, sealed, &key.public_jwk, state, key.created_at, key.since];
        query::change(&mut step.connection, INSERT, row).await?;
        step.record(&OAuthFact::KeyMoved { kid: key.kid, state }, origin).await?;
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
