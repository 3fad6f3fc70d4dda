//! The keys that sign tokens.

use std::{collections::BTreeMap, fmt, sync::Arc};

use biscuit_auth::{
    Algorithm, KeyPair, PrivateKey, PublicKey,
    error::{Format, Signature},
};
use ring::hkdf;
use towergate_core::Secret;

/// An Ed25519 key, and the number that tokens name it by.
pub struct RootKey {
    id: u32,
    pair: KeyPair,
}

impl RootKey {
    /// The key of these 32 random bytes, which belong among the host's secrets and are used for nothing else. `None` where the
    /// bytes are no key.
    #[must_use]
    pub fn from_seed(id: u32, seed: &Secret<[u8; 32]>) -> Option<Self> {
        let private = PrivateKey::from_bytes(seed.expose(), Algorithm::Ed25519).ok()?;
        Some(Self { id, pair: KeyPair::from(&private) })
    }

    /// The key for this purpose, drawn from random key material that serves others too, with HKDF-SHA256
    /// ([RFC 5869](https://www.rfc-editor.org/rfc/rfc5869)).
    #[must_use]
    pub fn derive(id: u32, material: &Secret<[u8; 32]>) -> Option<Self> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"towergate api token v1");
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        let extracted = salt.extract(material.expose());
        extracted.expand(&[b"root key"], hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut *seed)).ok()?;
        Self::from_seed(id, &Secret::new(*seed))
    }

    /// The number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RootKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The key that signs, and those whose tokens are still good. Cheap to clone.
///
/// To rotate, a new key signs, and the one before [stays](Self::and) for as long as its tokens last, a year at most. Without it
/// they are refused at once.
#[derive(Clone)]
pub struct RootKeys {
    active: Arc<RootKey>,
    known: Arc<BTreeMap<u32, PublicKey>>,
}

impl RootKeys {
    /// One key, which signs.
    #[must_use]
    pub fn new(active: RootKey) -> Self {
        let known = BTreeMap::from([(active.id, active.pair.public())]);
        Self { active: Arc::new(active), known: Arc::new(known) }
    }

    /// Takes the tokens of this key too, which signs no more. Of two keys of one number the first one counts.
    #[must_use]
    pub fn and(mut self, older: &RootKey) -> Self {
        Arc::make_mut(&mut self.known).entry(older.id).or_insert_with(|| older.pair.public());
        self
    }

    pub(crate) fn active(&self) -> (u32, &KeyPair) {
        (self.active.id, &self.active.pair)
    }

    /// The key that a token names; one that names none, or one of other people's, is not ours.
    pub(crate) fn choose(&self, id: Option<u32>) -> Result<PublicKey, Format> {
        let unknown = || Format::Signature(Signature::InvalidSignature(String::from("no such root key")));
        id.and_then(|id| self.known.get(&id)).copied().ok_or_else(unknown)
    }
}

impl fmt::Debug for RootKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = self.known.keys().collect();
        f.debug_struct("RootKeys").field("active", &self.active.id).field("known", &known).finish()
    }
}
