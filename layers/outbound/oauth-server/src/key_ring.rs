//! The signing keys in use: one of each algorithm that signs, and the public halves that everybody may read.

use std::{fmt, sync::Arc};

use towergate_core::{
    Clock, Random, RandomUnavailable, StoreError,
    audit::Origin,
    seal::{SealError, SealingRing},
};
use towergate_jose::{Algorithm, JoseError, Jwk, JwkError, JwkSet, SigningKey, generate};
use towergate_oauth::{
    ports::{KeyStore, key::Adding},
    rules::{
        key::{KeyRecord, KeyState},
        subject::PairwiseSecret,
    },
};

use crate::pairwise;

/// What each new server signs with: ES256 first, RS256 because OpenID Connect asks for it.
const WANTED: [Algorithm; 2] = [Algorithm::ES256, Algorithm::RS256];

/// The keys of an authorization server, read once. To clone it is to point at the same ring.
#[derive(Clone)]
pub struct KeyRing {
    active: Arc<[Arc<SigningKey>]>,
    public: Arc<JwkSet>,
    sealing: SealingRing,
    pairwise: PairwiseSecret,
}

/// Why the ring could not be put together.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key could not be made or read.
    #[error("signing key {kid:?} cannot be made or read: {cause}")]
    Key {
        /// Its identifier; empty when it has none yet.
        kid: String,
        /// Why.
        #[source]
        cause: JoseError,
    },
    /// A private key could not be sealed or opened: is the sealing key the one it was sealed under?
    #[error(
        "signing key {kid:?} cannot be sealed or opened: {cause}. Give the sealing key that this database was begun with, \
         or begin anew with an empty database"
    )]
    Seal {
        /// Its identifier.
        kid: String,
        /// Why.
        #[source]
        cause: SealError,
    },
    /// A public key in the store cannot be read.
    #[error("the public half of signing key {kid:?} cannot be read: {cause}")]
    Public {
        /// Its identifier.
        kid: String,
        /// Why.
        #[source]
        cause: JwkError,
    },
    /// The private key in the store is not of the public key beside it.
    #[error("the halves of signing key {kid:?} do not belong together")]
    Mismatch {
        /// Its identifier.
        kid: String,
    },
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// A key of this algorithm was there, and is gone.
    #[error("there is no active {0} key, and one could not be added")]
    Vanished(Algorithm),
    /// The secret behind pairwise subjects was there, and is gone.
    #[error("there is no secret for pairwise subjects, and one could not be added")]
    PairwiseVanished,
}

impl KeyRing {
    /// Reads the keys of `store`, and makes an ES256 and an RS256 key, and the secret behind pairwise subjects, where they
    /// are missing. `sealing` seals their private halves. To be called at start: to make an RSA key costs up to half a second of one core.
    ///
    /// # Errors
    /// When the store fails, a key cannot be opened, or there is no randomness.
    pub async fn open<S: KeyStore>(
        store: &S,
        sealing: &SealingRing,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Self, KeyRingError> {
        let mut records = store.keys().await?;
        for algorithm in WANTED {
            if active(&records, algorithm).is_none() {
                let now = clock.now();
                let record = fresh(algorithm, sealing, clock, random)?;
                match store.add_key(record, Origin::detached(now, random)?).await? {
                    // Another instance may have been quicker: what counts is what the store holds now.
                    Adding::Added | Adding::AlreadyThere => records = store.keys().await?,
                }
            }
        }
        if !records.iter().any(pairwise::is_secret) {
            let record = pairwise::fresh(sealing, &context(pairwise::NAME), clock, random)?;
            match store.add_key(record, Origin::detached(clock.now(), random)?).await? {
                Adding::Added | Adding::AlreadyThere => records = store.keys().await?,
            }
        }
        let secret = records.iter().find(|record| pairwise::is_secret(record));
        let secret = secret.ok_or(KeyRingError::PairwiseVanished)?;
        let pairwise = pairwise::opened(secret, sealing, &context(pairwise::NAME))?;
        records.retain(|record| !pairwise::is_secret(record));
        let mut signing = Vec::new();
        for algorithm in Algorithm::ALL {
            match active(&records, algorithm) {
                Some(record) => signing.push(Arc::new(opened(record, algorithm, sealing)?)),
                None if WANTED.contains(&algorithm) => return Err(KeyRingError::Vanished(algorithm)),
                None => {}
            }
        }
        let public = records.iter().filter(|record| record.state != KeyState::Retired).map(public_half);
        let public = public.collect::<Result<JwkSet, _>>()?;
        Ok(Self { active: signing.into(), public: Arc::new(public), sealing: sealing.clone(), pairwise })
    }

    /// The public keys, retiring ones too: what was signed is still verified.
    #[must_use]
    pub fn jwks(&self) -> Arc<JwkSet> {
        Arc::clone(&self.public)
    }

    /// The algorithms that it signs with, the preferred one first.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.active.iter().map(|key| key.algorithm())
    }

    /// What seals its private keys, and whatever else a store must keep but not be able to read.
    #[must_use]
    pub const fn sealing(&self) -> &SealingRing {
        &self.sealing
    }

    /// The secret behind pairwise subjects.
    pub(crate) const fn pairwise(&self) -> &PairwiseSecret {
        &self.pairwise
    }

    /// The key that signs with `algorithm`.
    pub(crate) fn signing(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.active.iter().find(|key| key.algorithm() == algorithm).cloned()
    }

    /// The preferred key.
    pub(crate) fn preferred(&self) -> Option<Arc<SigningKey>> {
        self.active.first().cloned()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("active", &self.active).finish_non_exhaustive()
    }
}

/// The newest active key of an algorithm; a store answers the oldest first.
fn active(records: &[KeyRecord], algorithm: Algorithm) -> Option<&KeyRecord> {
    let fits =
        |record: &&KeyRecord| record.state == KeyState::Active && record.algorithm == algorithm.as_str();
    records.iter().rev().find(fits)
}

fn fresh(
    algorithm: Algorithm,
    sealing: &SealingRing,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<KeyRecord, KeyRingError> {
    let unnamed = |cause| KeyRingError::Key { kid: String::new(), cause };
    let pkcs8 = generate(algorithm).map_err(unnamed)?;
    let key = SigningKey::from_pkcs8(algorithm, pkcs8.expose(), None).map_err(unnamed)?;
    let kid = key.kid().to_owned();
    let sealed_private = sealing
        .seal(&context(&kid), pkcs8.expose(), random)
        .map_err(|cause| KeyRingError::Seal { kid: kid.clone(), cause })?;
    let public_jwk =
        serde_json::to_string(key.public_jwk()).map_err(|cause| unnamed(JoseError::Claims(cause)))?;
    Ok(KeyRecord {
        kid,
        algorithm: algorithm.as_str().to_owned(),
        sealed_private,
        public_jwk,
        state: KeyState::Active,
        created_at: clock.now(),
    })
}

fn opened(
    record: &KeyRecord,
    algorithm: Algorithm,
    sealing: &SealingRing,
) -> Result<SigningKey, KeyRingError> {
    let kid = record.kid.clone();
    let pkcs8 = sealing
        .open(&context(&kid), &record.sealed_private)
        .map_err(|cause| KeyRingError::Seal { kid: kid.clone(), cause })?;
    let key = SigningKey::from_pkcs8(algorithm, pkcs8.expose(), Some(kid.clone()))
        .map_err(|cause| KeyRingError::Key { kid: kid.clone(), cause })?;
    if public_half(record)?.thumbprint() != key.public_jwk().thumbprint() {
        return Err(KeyRingError::Mismatch { kid });
    }
    Ok(key)
}

fn public_half(record: &KeyRecord) -> Result<Jwk, KeyRingError> {
    Jwk::parse(record.public_jwk.as_bytes())
        .map_err(|cause| KeyRingError::Public { kid: record.kid.clone(), cause })
}

/// A sealed key opens only in its own row.
fn context(kid: &str) -> Vec<u8> {
    format!("signing key {kid}").into_bytes()
}

#[cfg(test)]
mod tests {
    use towergate_core::{Secret, Timestamp, clock::ManualClock, seal::SealingKey, system::OsRandom};
    use towergate_oauth::{
        ports::memory::MemoryStore,
        rules::{
            client::{Client, ClientId, ClientMetadata, SubjectType},
            grant::Subject,
        },
    };

    use super::*;

    fn sealing(byte: u8) -> SealingRing {
        SealingRing::new(SealingKey::new(Secret::new([byte; 32])))
    }

    async fn open(store: &MemoryStore, sealing: &SealingRing) -> Result<KeyRing, KeyRingError> {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000));
        KeyRing::open(store, sealing, &clock, &OsRandom::new()).await
    }

    #[tokio::test]
    async fn missing_keys_are_made_once_and_found_again() {
        let store = MemoryStore::new();
        let first = open(&store, &sealing(1)).await.unwrap();
        assert_eq!(first.algorithms().collect::<Vec<_>>(), WANTED);
        let second = open(&store, &sealing(1)).await.unwrap();
        assert_eq!(first.jwks(), second.jwks());
        assert_eq!(first.jwks().keys().len(), 2);
        let moved = store.events().iter().filter(|event| event.action == "key.moved").count();
        assert_eq!(moved, 3);
        let subject = Subject::parse("alice-1").unwrap();
        let sub = |ring: &KeyRing| ring.pairwise().sub(&pairwise_client(), &subject);
        assert_eq!(sub(&first), sub(&second));
        assert_ne!(sub(&first), sub(&open(&MemoryStore::new(), &sealing(1)).await.unwrap()));
    }

    fn pairwise_client() -> Client {
        let mut metadata = ClientMetadata::default();
        metadata.subject_type = SubjectType::Pairwise;
        Client::unchecked(ClientId::parse("app").unwrap(), None, metadata)
    }

    #[tokio::test]
    async fn another_sealing_key_opens_nothing() {
        let store = MemoryStore::new();
        open(&store, &sealing(1)).await.unwrap();
        let refused = open(&store, &sealing(2)).await.unwrap_err();
        assert!(matches!(refused, KeyRingError::Seal { .. }));
        assert!(refused.to_string().contains("Give the sealing key"), "{refused}");
    }
}
