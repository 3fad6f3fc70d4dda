//! The secret behind pairwise subjects, kept among the signing keys: sealed as they are, but never rotated.

use towergate_core::{
    Clock, Random, Secret, Timestamp,
    audit::Origin,
    random,
    seal::{SealError, SealingRing},
};
use towergate_oauth::{
    ports::{KeyStore, key::KeyChange},
    rules::{
        key::{KeyRecord, KeyState},
        subject::PairwiseSecret,
    },
};

use crate::key_ring::{ATTEMPTS, KeyRingError, context};

/// Its name in the store, and what it stands for there instead of a signature algorithm.
const NAME: &str = "pairwise";

/// Whether a record holds the secret, and not a signing key.
pub(crate) fn is_secret(record: &KeyRecord) -> bool {
    record.algorithm == NAME
}

/// The secret that `store` holds, made if it holds none.
pub(crate) async fn secret<S: KeyStore>(
    store: &S,
    sealing: &SealingRing,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<PairwiseSecret, KeyRingError> {
    for _ in 0..ATTEMPTS {
        let records = store.keys().await?;
        if let Some(record) = records.iter().find(|record| is_secret(record)) {
            return opened(record, sealing);
        }
        let origin = Origin::detached(clock.now(), random)?;
        let mut change = KeyChange::of(&records);
        change.add.push(fresh(sealing, origin.at, random)?);
        // Whether this one was kept or another instance was quicker: what counts is what the store holds then.
        store.change_keys(change, origin).await?;
    }
    Err(KeyRingError::Overtaken)
}

/// A new secret, sealed.
fn fresh(sealing: &SealingRing, now: Timestamp, random: &dyn Random) -> Result<KeyRecord, KeyRingError> {
    let bytes = Secret::new(random::bytes::<32>(random)?);
    let sealed_private = sealing
        .seal(&context(NAME), bytes.expose(), random)
        .map_err(|cause| KeyRingError::Seal { kid: NAME.to_owned(), cause })?;
    Ok(KeyRecord {
        kid: NAME.to_owned(),
        algorithm: NAME.to_owned(),
        sealed_private,
        public_jwk: String::from("{}"),
        state: KeyState::Active,
        created_at: now,
        since: now,
    })
}

/// The secret that `record` holds.
fn opened(record: &KeyRecord, sealing: &SealingRing) -> Result<PairwiseSecret, KeyRingError> {
    let broken = |cause| KeyRingError::Seal { kid: NAME.to_owned(), cause };
    let bytes = sealing.open(&context(NAME), &record.sealed_private).map_err(broken)?;
    let bytes = bytes.expose().as_slice().try_into();
    let bytes = Secret::new(bytes.map_err(|_| broken(SealError::Malformed))?);
    Ok(PairwiseSecret::new(&bytes))
}
