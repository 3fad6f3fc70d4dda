//! Digests under a key, for secrets so short that whoever reads the store could try them all:
//! HMAC-SHA256, [RFC 2104](https://www.rfc-editor.org/rfc/rfc2104).

use std::fmt;

use ring::hmac;

use crate::{
    Digest, Secret,
    seal::{SealError, SealingKey},
};

/// A key that makes digests, and that no store holds.
///
/// ```
/// use towergate_core::{Secret, mac::MacKey};
///
/// let key = MacKey::derive(&Secret::new([7; 32]), "e-mail codes")?;
/// let digest = key.digest(&[b"alice", b"123456"]);
/// assert!(digest.matches(&key.digest(&[b"alice", b"123456"])));
/// assert!(!digest.matches(&key.digest(&[b"alice1", b"23456"])));
/// # Ok::<(), towergate_core::seal::SealError>(())
/// ```
#[derive(Clone)]
pub struct MacKey(hmac::Key);

impl MacKey {
    /// The key for one purpose, drawn from random key material with HKDF-SHA256. Keys of different purposes tell nothing of
    /// each other, nor of what is sealed under the same material.
    ///
    /// # Errors
    /// Never for 32 bytes; a refusal is passed on rather than hidden.
    pub fn derive(material: &Secret<[u8; 32]>, purpose: &'static str) -> Result<Self, SealError> {
        let bytes = SealingKey::derive_bytes(b"towergate mac v1", material, purpose)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.expose())))
    }

    /// The digest of these parts; where one ends and the next begins is part of it.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> Digest {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part);
        }
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        Digest::from_stored(bytes)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8, purpose: &'static str) -> MacKey {
        MacKey::derive(&Secret::new([byte; 32]), purpose).unwrap()
    }

    #[test]
    fn another_key_or_purpose_makes_another_digest() {
        let digest = key(1, "a").digest(&[b"1"]);
        assert!(digest.matches(&key(1, "a").digest(&[b"1"])));
        for other in [key(2, "a"), key(1, "b")] {
            assert!(!digest.matches(&other.digest(&[b"1"])));
        }
        assert!(!digest.matches(&Digest::of(b"1")));
    }

    #[test]
    fn what_is_sealed_is_under_another_key() {
        let bytes = Secret::new([1; 32]);
        let sealing = SealingKey::derive_bytes(b"towergate seal v1", &bytes, "a").unwrap();
        let digests = SealingKey::derive_bytes(b"towergate mac v1", &bytes, "a").unwrap();
        assert_ne!(sealing.expose(), digests.expose());
    }
}
