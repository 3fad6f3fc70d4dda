//! The ring as it was when it was last read, ready to sign.

use std::sync::Arc;

use towergate_core::seal::SealingRing;
use towergate_jose::{Algorithm, JwkSet, SigningKey};
use towergate_oauth::rules::key::{KeyRecord, KeyState};

use super::{KeyRingError, halves};

/// The keys at one moment. Whoever holds it signs and publishes of one piece, whatever becomes of the ring.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    active: Vec<Arc<SigningKey>>,
    public: Arc<JwkSet>,
    marks: Vec<(String, KeyState)>,
}

impl Snapshot {
    /// The keys of `records`; those that `before` holds already are not opened again.
    pub(super) fn of(
        records: &[KeyRecord],
        sealing: &SealingRing,
        before: &Self,
    ) -> Result<Self, KeyRingError> {
        let mut active = Vec::new();
        for algorithm in Algorithm::ALL {
            if let Some(record) = newest_active(records, algorithm) {
                let kept = before.active.iter().find(|key| key.kid() == record.kid).cloned();
                let open = || halves::private_half(record, algorithm, sealing).map(Arc::new);
                active.push(kept.map_or_else(open, Ok)?);
            }
        }
        let public = records.iter().filter(|record| record.state != KeyState::Retired);
        let public = public.map(halves::public_half).collect::<Result<JwkSet, _>>()?;
        Ok(Self { active, public: Arc::new(public), marks: marks(records) })
    }

    /// Whether nothing has changed since.
    pub(super) fn is_of(&self, records: &[KeyRecord]) -> bool {
        self.marks == marks(records)
    }

    pub(crate) const fn public(&self) -> &Arc<JwkSet> {
        &self.public
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.active.iter().map(|key| key.algorithm())
    }

    pub(super) fn signing(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.active.iter().find(|key| key.algorithm() == algorithm).cloned()
    }

    pub(super) fn preferred(&self) -> Option<Arc<SigningKey>> {
        self.active.first().cloned()
    }
}

fn newest_active(records: &[KeyRecord], algorithm: Algorithm) -> Option<&KeyRecord> {
    let fits =
        |record: &&KeyRecord| record.state == KeyState::Active && record.algorithm == algorithm.as_str();
    records.iter().filter(fits).max_by_key(|record| record.since)
}

fn marks(records: &[KeyRecord]) -> Vec<(String, KeyState)> {
    records.iter().map(|record| (record.kid.clone(), record.state)).collect()
}
