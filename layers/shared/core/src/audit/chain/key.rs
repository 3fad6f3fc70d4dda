use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::{
    Digest, Secret,
    seal::{SealError, SealingKey},
};

/// The key that signs seals: Ed25519 ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032)). No store holds it.
pub struct SealSigner(Ed25519KeyPair);

/// The key that checks the signatures of seals; written as 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealPublicKey([u8; 32]);

/// What was given is no public key of seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a public key of seals is 32 bytes in base64url, 43 characters")]
pub struct NotAKey;

impl SealSigner {
    /// The key of which these 32 random bytes are the seed.
    ///
    /// # Errors
    /// Never for 32 bytes; a refusal is passed on rather than hidden.
    pub fn from_seed(seed: &Secret<[u8; 32]>) -> Result<Self, SealError> {
        Ed25519KeyPair::from_seed_unchecked(seed.expose()).map(Self).map_err(|_| SealError::Broken)
    }

    /// The key for one purpose, drawn from random key material that also serves other purposes with HKDF-SHA256.
    ///
    /// # Errors
    /// As [`SealSigner::from_seed`].
    pub fn derive(material: &Secret<[u8; 32]>, purpose: &'static str) -> Result<Self, SealError> {
        Self::from_seed(&SealingKey::derive_bytes(b"towergate audit seals v1", material, purpose)?)
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn public_key(&self) -> SealPublicKey {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.0.public_key().as_ref()) {
            *to = *from;
        }
        SealPublicKey(bytes)
    }

    pub(super) fn sign(&self, link: &Digest) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(self.0.sign(link.as_bytes()).as_ref()) {
            *to = *from;
        }
        bytes
    }
}

impl SealPublicKey {
    pub(super) fn signed(&self, link: &Digest, signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(link.as_bytes(), signature).is_ok()
    }
}

impl FromStr for SealPublicKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAKey)?;
        bytes.try_into().map(Self).map_err(|_| NotAKey)
    }
}

impl fmt::Display for SealPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for SealSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealSigner(..)")
    }
}
