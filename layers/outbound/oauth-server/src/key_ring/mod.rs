//! The signing keys in use: one of each algorithm that signs, and the public halves that everybody may read.
//!
//! A [`KeyRing`] does what its [`RotationPolicy`] says when the host calls [`KeyRing::turn`], which it does at least every
//! [`turn_every`](RotationPolicy::turn_every), on every instance: that is also how one instance learns what another did.
//! The library has no thread of its own to do it with.
//!
//! ```
//! # use std::sync::Arc;
//! # use towergate_core::{Clock, Secret, Timestamp, clock::ManualClock, random::InsecureSeededRandom};
//! # use towergate_core::seal::{SealingKey, SealingRing};
//! # use towergate_oauth::ports::memory::MemoryStore;
//! use towergate_oauth_server::key_ring::{KeyRing, KeyState};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let random = InsecureSeededRandom::new(1);
//! # let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
//! # let store = MemoryStore::new();
//! # let sealing = SealingRing::new(SealingKey::new(Secret::new([7; 32])));
//! let keys = KeyRing::open(&store, &sealing, &clock, &random).await?;
//! assert!(keys.turn(&store, &clock, &random).await?.is_empty(), "nothing is due");
//!
//! // An operator asks for new keys: they are published now, and sign when every copy of the JWKS has them.
//! assert!(keys.rotate(&store, &clock, &random).await?.iter().all(|key| key.to == KeyState::Published));
//! clock.advance(keys.policy().publish_for);
//! assert!(keys.turn(&store, &clock, &random).await?.iter().any(|key| key.to == KeyState::Active));
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
//! ```

mod error;
mod halves;
mod ready;
mod snapshot;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use towergate_core::{Clock, Random, audit::Origin, seal::SealingRing};
use towergate_jose::{
    Algorithm, Expected, JwkSet, SigningKey, Typ,
    jws::{self, JwsError, Verified},
};
use towergate_oauth::{
    ports::{
        KeyStore,
        key::{Changing, KeyChange},
    },
    rules::{
        key::{self, KeyRecord, Occasion, Plan},
        subject::PairwiseSecret,
    },
};

pub use error::KeyRingError;
pub(crate) use halves::context;
pub(crate) use snapshot::Snapshot;
pub use towergate_oauth::rules::key::{InvalidPolicy, KeyState, Move, RotationPolicy};

use crate::pairwise;
use halves::Made;

/// How often a turn that others overtook is tried again. Each time, somebody else's turn has been done.
pub(crate) const ATTEMPTS: usize = 16;

/// The keys of an authorization server. To clone it is to point at the same ring, which turns for all of them.
#[derive(Clone)]
pub struct KeyRing {
    shared: Arc<Shared>,
}

struct Shared {
    sealing: SealingRing,
    pairwise: PairwiseSecret,
    policy: RotationPolicy,
    reads: AtomicU64,
    live: RwLock<Live>,
}

struct Live {
    /// The number of the reading that it comes from.
    read: u64,
    snapshot: Arc<Snapshot>,
}

impl KeyRing {
    /// Reads the keys of `store` and does what is due by the [default policy](RotationPolicy::default): an empty store
    /// gets an ES256 and an RS256 key, and the secret behind pairwise subjects. `sealing` seals them.
    ///
    /// # Errors
    /// When the store fails, a key cannot be opened, or there is no randomness.
    pub async fn open<S: KeyStore>(
        store: &S,
        sealing: &SealingRing,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Self, KeyRingError> {
        Self::with_policy(store, sealing, RotationPolicy::default(), clock, random).await
    }

    /// The same under another policy.
    ///
    /// # Errors
    /// As [`open`](Self::open); also when the policy would leave tokens that nobody can verify.
    pub async fn with_policy<S: KeyStore>(
        store: &S,
        sealing: &SealingRing,
        policy: RotationPolicy,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Self, KeyRingError> {
        policy.check()?;
        let live = RwLock::new(Live { read: 0, snapshot: Arc::default() });
        let pairwise = pairwise::secret(store, sealing, clock, random).await?;
        let shared = Shared { sealing: sealing.clone(), pairwise, policy, reads: AtomicU64::new(0), live };
        let ring = Self { shared: Arc::new(shared) };
        ring.turn(store, clock, random).await?;
        Ok(ring)
    }

    /// Does what is due now, and sees what other instances did. Answers the keys that came or moved, none most of the
    /// time. Private halves under an older sealing key are sealed anew.
    ///
    /// Of several instances that turn at once, one does it. Dropped midway it has done its one store step or has not.
    ///
    /// # Errors
    /// When the store fails, a key cannot be opened, or there is no randomness. The ring then stays as it was.
    pub async fn turn<S: KeyStore>(
        &self,
        store: &S,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Vec<Move>, KeyRingError> {
        self.act(store, clock, random, Occasion::Schedule).await
    }

    /// Publishes a successor of each key that has none yet, which takes over in due time, and does whatever else is due.
    /// An algorithm that the policy does not name any more signs no longer.
    ///
    /// # Errors
    /// As [`turn`](Self::turn).
    pub async fn rotate<S: KeyStore>(
        &self,
        store: &S,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Vec<Move>, KeyRingError> {
        self.act(store, clock, random, Occasion::Command).await
    }

    /// Takes a key that is in wrong hands out of the ring at once; what it signed is worth nothing from then on. If it
    /// was the one that signs, another does at once, and verifiers that do not look again when they meet an unknown
    /// `kid` refuse its tokens until their copy of the JWKS is old.
    ///
    /// # Errors
    /// As [`turn`](Self::turn).
    pub async fn revoke<S: KeyStore>(
        &self,
        kid: &str,
        store: &S,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Vec<Move>, KeyRingError> {
        self.act(store, clock, random, Occasion::Compromise(kid)).await
    }

    /// Only sees what other instances did.
    ///
    /// # Errors
    /// When the store fails or a key cannot be opened. The ring then stays as it was.
    pub async fn reload<S: KeyStore>(&self, store: &S) -> Result<(), KeyRingError> {
        let read = self.begin_reading();
        let records = store.keys().await?;
        self.put(read, &signing_keys(&records))
    }

    /// The public keys: those that will sign, those that do, and those that did.
    #[must_use]
    pub fn jwks(&self) -> Arc<JwkSet> {
        Arc::clone(self.snapshot().public())
    }

    /// Verifies what this ring signed, for as long as the key is in the JWKS, whichever algorithms it signs with by now.
    /// Issuer, audience and times are the caller's to check.
    ///
    /// # Errors
    /// When it is no JWT of this type, or no key of the ring signed it.
    pub fn verify(&self, compact: &str, typ: Typ<'_>) -> Result<Verified, JwsError> {
        jws::verify(compact, &self.jwks(), &Expected { algorithms: &Algorithm::ALL, typ })
    }

    /// The algorithms that it signs with, the preferred one first.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> + use<> {
        self.snapshot().algorithms().collect::<Vec<_>>().into_iter()
    }

    /// What seals its private keys, and whatever else a store must keep but not be able to read.
    #[must_use]
    pub fn sealing(&self) -> &SealingRing {
        &self.shared.sealing
    }

    /// The secret behind pairwise subjects.
    pub(crate) fn pairwise(&self) -> &PairwiseSecret {
        &self.shared.pairwise
    }

    /// How its keys take turns.
    #[must_use]
    pub fn policy(&self) -> &RotationPolicy {
        &self.shared.policy
    }

    /// The key that signs with `algorithm`.
    pub(crate) fn signing(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.snapshot().signing(algorithm)
    }

    /// The preferred key.
    pub(crate) fn preferred(&self) -> Option<Arc<SigningKey>> {
        self.snapshot().preferred()
    }

    /// The ring as it is now. Another one comes only when a key has come, moved or gone.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.shared.live.read().unwrap_or_else(PoisonError::into_inner).snapshot)
    }

    async fn act<S: KeyStore>(
        &self,
        store: &S,
        clock: &dyn Clock,
        random: &dyn Random,
        occasion: Occasion<'_>,
    ) -> Result<Vec<Move>, KeyRingError> {
        let mut spare = Vec::new();
        for _ in 0..ATTEMPTS {
            let read = self.begin_reading();
            let records = store.keys().await?;
            let signing = signing_keys(&records);
            let plan = key::plan(&signing, self.policy(), clock.now(), occasion);
            let missing = plan.make.iter().map(|making| making.algorithm);
            let missing = missing.filter(|wanted| !spare.iter().any(|made: &Made| made.algorithm == *wanted));
            spare.extend(halves::make(missing).await?);
            // Asked again: to make a key takes its time.
            let origin = Origin::detached(clock.now(), random)?;
            let change = self.change(&records, &plan, &spare, origin, random)?;
            if change.add.is_empty() && change.moves.is_empty() && change.reseal.is_empty() {
                self.put(read, &signing)?;
                return Ok(Vec::new());
            }
            let mut moves = plan.moves;
            moves.extend(change.add.iter().map(|key| Move {
                kid: key.kid.clone(),
                algorithm: key.algorithm.clone(),
                to: key.state,
            }));
            // Another instance may have been quicker: what counts is what the store holds then.
            if store.change_keys(change, origin).await? == Changing::Changed {
                self.reload(store).await?;
                return Ok(moves);
            }
        }
        Err(KeyRingError::Overtaken)
    }

    fn change(
        &self,
        records: &[KeyRecord],
        plan: &Plan,
        made: &[Made],
        origin: Origin,
        random: &dyn Random,
    ) -> Result<KeyChange, KeyRingError> {
        let mut change = KeyChange::of(records);
        for making in &plan.make {
            let made = made.iter().find(|made| made.algorithm == making.algorithm);
            let record = made.map(|made| made.record(*making, origin.at, self.sealing(), random));
            change.add.extend(record.transpose()?);
        }
        for record in records.iter().filter(|record| record.state.has_private_half()) {
            let sealed = halves::sealed_anew(record, self.sealing(), random)?;
            change.reseal.extend(sealed.map(|sealed| (record.kid.clone(), sealed)));
        }
        change.moves = plan.moves.iter().map(|moved| (moved.kid.clone(), moved.to)).collect();
        Ok(change)
    }

    fn begin_reading(&self) -> u64 {
        self.shared.reads.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Puts what was read in place of what was read before, unless something later is there already.
    fn put(&self, read: u64, records: &[KeyRecord]) -> Result<(), KeyRingError> {
        let before = self.snapshot();
        let snapshot = if before.is_of(records) {
            before
        } else {
            Arc::new(Snapshot::of(records, self.sealing(), &before)?)
        };
        let mut live = self.shared.live.write().unwrap_or_else(PoisonError::into_inner);
        if read > live.read {
            *live = Live { read, snapshot };
        }
        Ok(())
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("policy", self.policy()).finish_non_exhaustive()
    }
}

/// All but the one record that is kept among them.
fn signing_keys(records: &[KeyRecord]) -> Vec<KeyRecord> {
    records.iter().filter(|record| !pairwise::is_secret(record)).cloned().collect()
}
