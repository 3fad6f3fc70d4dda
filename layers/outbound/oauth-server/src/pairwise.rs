//! The secret behind pairwise subjects, kept among the signing keys: sealed as they are, but never rotated.

use towergate_core::{Clock, Random, Secret, random, seal::SealingRing};
use towergate_oauth::rules::{
    key::{KeyRecord, KeyState},
    subject::PairwiseSecret,
};

use crate::key_ring::KeyRingError;

/// Its name in the store, and what it stands for there instead of a signature algorithm.
pub(crate) const NAME: &str = "pairwise";

/// Whether a record holds the secret, and not a signing key.
pub(crate) fn is_secret(record: &KeyRecord) -> bool {
    record.algorithm == NAME
}

/// A new secret, sealed for `context`.
pub(crate) fn fresh(
    sealing: &SealingRing,
    context: &[u8],
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<KeyRecord, KeyRingError> {
    let bytes = Secret::new(random::bytes::<32>(random)?);
    let sealed_private = sealing
        .seal(context, bytes.expose(), random)
        .map_err(|cause| KeyRingError::Seal { kid: NAME.to_owned(), cause })?;
    Ok(KeyRecord {
        kid: NAME.to_owned(),
        algorithm: NAME.to_owned(),
        sealed_private,
        public_jwk: String::from("{}"),
        state: KeyState::Active,
        created_at: clock.now(),
    })
}

/// The secret that `record` holds.
pub(crate) fn opened(
    record: &KeyRecord,
    sealing: &SealingRing,
    context: &[u8],
) -> Result<PairwiseSecret, KeyRingError> {
    let broken = |cause| KeyRingError::Seal { kid: NAME.to_owned(), cause };
    let bytes = sealing.open(context, &record.sealed_private).map_err(broken)?;
    let bytes = bytes.expose().as_slice().try_into();
    let bytes = Secret::new(bytes.map_err(|_| broken(towergate_core::seal::SealError::Malformed))?);
    Ok(PairwiseSecret::new(&bytes))
}
