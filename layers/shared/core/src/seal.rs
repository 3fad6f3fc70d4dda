//! Sealing: what a store keeps but must not be able to read. AES-256-GCM,
//! [NIST SP 800-38D](https://csrc.nist.gov/pubs/sp/800/38/d/final).
//!
//! A sealed text is one version byte, the four-byte identifier of its key, a random nonce of 12 bytes, and the
//! ciphertext with its tag of 16 bytes. Version, key identifier and the caller's context are authenticated: a text
//! that was moved to another row, or sealed for another purpose, does not open.

use std::fmt;

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};

use zeroize::Zeroize;

use crate::{Digest, Random, RandomUnavailable, Secret, random};

const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = 4;
const TAG_LENGTH: usize = 16;

/// Why a text could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No nonce could be drawn.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The bytes are not a sealed text of a version that is known here.
    #[error("not a sealed text of a known version")]
    Malformed,
    /// It was sealed under a key that is not at hand.
    #[error("sealed under a key that is not at hand")]
    UnknownKey,
    /// It was altered, belongs to another context, or is longer than the cipher allows.
    #[error("the seal is broken, or belongs to another context")]
    Broken,
}

/// The first four bytes of the SHA-256 of a sealing key: says which key, tells nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SealingKeyId([u8; KEY_ID_LENGTH]);

/// A key that seals and opens.
///
/// ```
/// use towergate_core::{Secret, seal::SealingKey, system::OsRandom};
///
/// let key = SealingKey::new(Secret::new([7; 32]));
/// let sealed = key.seal(b"signing key 1", b"hush", &OsRandom::new())?;
/// assert_eq!(key.open(b"signing key 1", &sealed)?.expose(), b"hush");
/// assert!(key.open(b"signing key 2", &sealed).is_err());
/// # Ok::<(), towergate_core::seal::SealError>(())
/// ```
#[derive(Clone)]
pub struct SealingKey {
    bytes: Secret<[u8; 32]>,
    id: SealingKeyId,
}

impl SealingKey {
    /// The key made of these 32 random bytes.
    #[must_use]
    pub fn new(bytes: Secret<[u8; 32]>) -> Self {
        let digest = Digest::of(bytes.expose());
        let [a, b, c, d, ..] = *digest.as_bytes();
        Self { bytes, id: SealingKeyId([a, b, c, d]) }
    }

    /// The key for one purpose, drawn from random key material with HKDF-SHA256,
    /// [RFC 5869](https://www.rfc-editor.org/rfc/rfc5869). Keys of different purposes tell nothing of each other.
    ///
    /// # Errors
    /// Never for a key of 32 bytes; the cipher's refusal is passed on rather than hidden.
    pub fn derive(material: &Secret<[u8; 32]>, purpose: &'static str) -> Result<Self, SealError> {
        Ok(Self::new(Self::derive_bytes(b"towergate seal v1", material, purpose)?))
    }

    /// The key for one purpose of a secret that was drawn at random and is used once, such as an opaque token's: by the second half of
    /// HKDF-SHA256 alone, since there is nothing to extract from 32 random bytes,
    /// [RFC 5869 section 3.3](https://www.rfc-editor.org/rfc/rfc5869#section-3.3).
    ///
    /// # Errors
    /// Never for a key of 32 bytes; the cipher's refusal is passed on rather than hidden.
    pub fn expand(secret: &Secret<[u8; 32]>, purpose: &'static str) -> Result<Self, SealError> {
        let mut bytes = Secret::new([0; 32]);
        Prk::new_less_safe(HKDF_SHA256, secret.expose())
            .expand(&[b"towergate seal of a token v1 ", purpose.as_bytes()], KeyLength)
            .and_then(|okm| okm.fill(bytes.expose_mut()))
            .map_err(|_| SealError::Broken)?;
        Ok(Self::new(bytes))
    }

    /// The bytes of a key of some `kind`, for one purpose.
    pub(crate) fn derive_bytes(
        kind: &[u8],
        material: &Secret<[u8; 32]>,
        purpose: &'static str,
    ) -> Result<Secret<[u8; 32]>, SealError> {
        let mut bytes = Secret::new([0; 32]);
        Salt::new(HKDF_SHA256, kind)
            .extract(material.expose())
            .expand(&[purpose.as_bytes()], KeyLength)
            .and_then(|okm| okm.fill(bytes.expose_mut()))
            .map_err(|_| SealError::Broken)?;
        Ok(bytes)
    }

    /// Its identifier, which each text sealed under it carries.
    #[must_use]
    pub const fn id(&self) -> SealingKeyId {
        self.id
    }

    /// Seals `plaintext` for `context`: a name of the place it belongs to, never secret, never ambiguous.
    ///
    /// # Errors
    /// When no randomness is to be had, or the text is longer than the cipher allows (64 GiB).
    pub fn seal(&self, context: &[u8], plaintext: &[u8], random: &dyn Random) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = random::bytes(random)?;
        let (cipher, nonce_once) = (self.cipher()?, Nonce::assume_unique_for_key(nonce));
        let beginning = 1 + KEY_ID_LENGTH + NONCE_LEN;
        // Room for all of it at once: a growing buffer would leave copies of the secret behind.
        let mut sealed = Vec::with_capacity(beginning + plaintext.len() + TAG_LENGTH);
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.id.0);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let context = Aad::from(self.authenticated(context));
        let text = sealed.get_mut(beginning..).unwrap_or_default();
        match cipher.seal_in_place_separate_tag(nonce_once, context, text) {
            Ok(tag) => {
                sealed.extend_from_slice(tag.as_ref());
                Ok(sealed)
            }
            Err(_) => {
                sealed.zeroize();
                Err(SealError::Broken)
            }
        }
    }

    /// Opens what this key sealed for the same `context`.
    ///
    /// # Errors
    /// When it is not a sealed text, was sealed under another key or for another context, or was altered.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let sealed = Sealed::parse(sealed)?;
        if sealed.key != self.id {
            return Err(SealError::UnknownKey);
        }
        let mut text = Secret::new(sealed.ciphertext.to_vec());
        let length = self
            .cipher()?
            .open_in_place(
                Nonce::assume_unique_for_key(sealed.nonce),
                Aad::from(self.authenticated(context)),
                text.expose_mut(),
            )
            .map_err(|_| SealError::Broken)?
            .len();
        text.expose_mut().truncate(length);
        Ok(text)
    }

    fn cipher(&self) -> Result<LessSafeKey, SealError> {
        UnboundKey::new(&AES_256_GCM, self.bytes.expose())
            .map(LessSafeKey::new)
            .map_err(|_| SealError::Broken)
    }

    fn authenticated(&self, context: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + KEY_ID_LENGTH + context.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.id.0);
        bytes.extend_from_slice(context);
        bytes
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// One key that seals, and older ones that still open.
#[derive(Debug, Clone)]
pub struct SealingRing {
    current: SealingKey,
    older: Vec<SealingKey>,
}

impl SealingRing {
    /// A ring of one key.
    #[must_use]
    pub const fn new(current: SealingKey) -> Self {
        Self { current, older: Vec::new() }
    }

    /// The ring with one more key that opens but does not seal.
    #[must_use]
    pub fn with_older(mut self, key: SealingKey) -> Self {
        self.older.push(key);
        self
    }

    /// The key that seals.
    #[must_use]
    pub const fn current(&self) -> &SealingKey {
        &self.current
    }

    /// Seals under the current key.
    ///
    /// # Errors
    /// As [`SealingKey::seal`].
    pub fn seal(&self, context: &[u8], plaintext: &[u8], random: &dyn Random) -> Result<Vec<u8>, SealError> {
        self.current.seal(context, plaintext, random)
    }

    /// Opens under whichever key of the ring it was sealed with.
    ///
    /// # Errors
    /// As [`SealingKey::open`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let id = Sealed::parse(sealed)?.key;
        std::iter::once(&self.current)
            .chain(&self.older)
            .find(|key| key.id == id)
            .ok_or(SealError::UnknownKey)?
            .open(context, sealed)
    }

    /// Whether the text should be sealed anew, because its key is no longer the current one.
    ///
    /// # Errors
    /// When it is not a sealed text.
    pub fn is_stale(&self, sealed: &[u8]) -> Result<bool, SealError> {
        Ok(Sealed::parse(sealed)?.key != self.current.id)
    }
}

struct Sealed<'a> {
    key: SealingKeyId,
    nonce: [u8; NONCE_LEN],
    ciphertext: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, SealError> {
        let (&[VERSION], rest) = bytes.split_first_chunk().ok_or(SealError::Malformed)? else {
            return Err(SealError::Malformed);
        };
        let (key, rest) = rest.split_first_chunk().ok_or(SealError::Malformed)?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or(SealError::Malformed)?;
        if ciphertext.len() < TAG_LENGTH {
            return Err(SealError::Malformed);
        }
        Ok(Self { key: SealingKeyId(*key), nonce: *nonce, ciphertext })
    }
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests;
