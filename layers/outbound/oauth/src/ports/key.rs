//! Signing keys, sealed.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use crate::rules::key::{KeyRecord, KeyState};

/// Keeps signing keys. It never sees a private key in clear.
pub trait KeyStore: Send + Sync + 'static {
    /// All keys that are not retired, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    fn keys(&self) -> impl Future<Output = Result<Vec<KeyRecord>, StoreError>> + Send;

    /// Changes the ring in one step, if it is still the one that the change was decided for: so one key takes over
    /// from another without a moment between, and of two instances that decide at once, one does. Writes `key.moved`
    /// for each key that is added or moves, and `key.resealed` for each that is sealed anew.
    ///
    /// A key that moves is in its new state since `origin.at`. When it can sign no more, its private half is erased.
    ///
    /// # Errors
    /// When the store fails; or when a key would move back or come twice, or an algorithm would have two keys in one
    /// of the states before retiring. Then nothing is changed.
    fn change_keys(
        &self,
        change: KeyChange,
        origin: Origin,
    ) -> impl Future<Output = Result<Changing, StoreError>> + Send;
}

/// What [`KeyStore::change_keys`] is to do, all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct KeyChange {
    /// All keys that are not retired, as they were when this was decided.
    pub seen: Vec<(String, KeyState)>,
    /// Keys that come.
    pub add: Vec<KeyRecord>,
    /// Keys that move on, each to where.
    pub moves: Vec<(String, KeyState)>,
    /// Private halves that were sealed anew.
    pub reseal: Vec<(String, Vec<u8>)>,
}

impl KeyChange {
    /// No change yet of the ring that `records` make up.
    #[must_use]
    pub fn of(records: &[KeyRecord]) -> Self {
        Self { seen: marks(records), ..Self::default() }
    }

    /// Whether it was decided for the ring that `records` make up.
    #[must_use]
    pub fn fits(&self, records: &[KeyRecord]) -> bool {
        let mut seen = self.seen.clone();
        seen.sort();
        seen == marks(records)
    }
}

/// What became of [`KeyStore::change_keys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changing {
    /// It is done.
    Changed,
    /// The ring is another by now: look again, and decide again.
    Overtaken,
}

fn marks(records: &[KeyRecord]) -> Vec<(String, KeyState)> {
    let mut marks: Vec<_> = records.iter().map(|key| (key.kid.clone(), key.state)).collect();
    marks.sort();
    marks
}
