//! Values that must not be printed, and the one place that compares them.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A value that does not print, does not compare, and is wiped when dropped.
///
/// ```
/// use towergate_core::Secret;
///
/// let password = Secret::new(String::from("correct horse"));
/// assert_eq!(format!("{password:?}"), "Secret(..)");
/// assert_eq!(password.expose(), "correct horse");
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes `value` into keeping.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, at a place that is easy to find by searching for this name.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, to be changed where it lies; a buffer that grows leaves its old bytes behind, so size it first.
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<String> for Secret<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

/// The SHA-256 of a machine-made secret: what a store keeps in its place.
///
/// There is no `==`; [`Digest::matches`] compares in constant time. Passwords never come here: they are
/// guessable and need Argon2id.
#[derive(Clone)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digests `secret`.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// A digest read back from a store.
    #[must_use]
    pub const fn from_stored(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both digest the same secret, in a time that does not tell where they differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.words().as_slice().ct_eq(&other.words()).into()
    }

    /// The digest as four words: each comparison in constant time costs about the same, of a byte or of a word.
    fn words(&self) -> [u64; 4] {
        let mut words = [0; 4];
        for (to, from) in words.iter_mut().zip(self.0.as_chunks().0) {
            *to = u64::from_ne_bytes(*from);
        }
        words
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// Whether two byte strings are equal, in a time that depends only on their lengths.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_matches_only_its_own_secret() {
        assert!(Digest::of(b"one").matches(&Digest::of(b"one")));
        assert!(!Digest::of(b"one").matches(&Digest::of(b"two")));
    }

    #[test]
    fn neither_secret_nor_digest_prints() {
        assert_eq!(format!("{:?}", Secret::from("hush")), "Secret(..)");
        assert_eq!(format!("{:?}", Digest::of(b"hush")), "Digest(..)");
    }
}
