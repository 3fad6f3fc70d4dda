//! Peppers: keys that are mixed into every password before it is hashed, and that no store holds. Whoever reads the store alone
//! cannot even begin to guess.
//!
//! 1. What Argon2 hashes is HMAC-SHA256 of the password under the pepper. Which pepper is kept with the hash, by its name:
//!    `pepper=NAME$argon2id$…`.
//! 2. New hashes are made with the current one. Those under an older one, or none, verify, and are due for a new hash when their
//!    person signs in next.
//! 3. A hash under a pepper that is not there is unreadable: nobody gets in by it, and an operator is told. A pepper is not to
//!    be lost, nor taken away before the last hash under it is gone.

use std::fmt;

use towergate_core::{Secret, mac::MacKey, seal::SealError};

use super::Password;

/// How a stored hash under a pepper begins.
const MARK: &str = "pepper=";

/// The longest name.
const MAX_NAME: usize = 32;

/// A key that goes into every password.
#[derive(Clone)]
pub struct Pepper {
    name: String,
    key: MacKey,
}

/// Why a pepper cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPepper {
    /// Its name cannot be kept with a hash.
    #[error("the name of a pepper is 1 to {MAX_NAME} letters, digits, hyphens or underscores")]
    Name,
    /// Two have one name.
    #[error("two peppers have the name {0}")]
    Twice(String),
    /// The key could not be drawn.
    #[error(transparent)]
    Key(#[from] SealError),
}

impl Pepper {
    /// A pepper of this name from 32 random bytes that are kept outside the store, best where programs can use but not read them.
    ///
    /// # Errors
    /// When the name is empty, longer than 32 bytes, or of other characters than letters, digits, hyphens and underscores.
    pub fn new(name: &str, material: &Secret<[u8; 32]>) -> Result<Self, InvalidPepper> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
            return Err(InvalidPepper::Name);
        }
        Ok(Self { name: name.to_owned(), key: MacKey::derive(material, "password pepper")? })
    }
}

/// The peppers of a host: one that new hashes are made with, and those before it. None by default.
#[derive(Clone, Default)]
pub struct Peppers {
    current: Option<Pepper>,
    older: Vec<Pepper>,
}

impl Peppers {
    /// New hashes are made with `current`.
    #[must_use]
    pub const fn new(current: Pepper) -> Self {
        Self { current: Some(current), older: Vec::new() }
    }

    /// Hashes that were made with `older` verify too.
    ///
    /// # Errors
    /// When there is one of this name.
    pub fn with_older(mut self, older: Pepper) -> Result<Self, InvalidPepper> {
        if self.find(&older.name).is_some() {
            return Err(InvalidPepper::Twice(older.name));
        }
        self.older.push(older);
        Ok(self)
    }

    /// What is hashed of a password, and how the hash is marked.
    pub(super) fn season(&self, password: &Password) -> (Seasoned, String) {
        let seasoned = self.current.as_ref().map(|pepper| pepper.season(password));
        (seasoned.unwrap_or_else(|| Seasoned::plain(password)), self.mark())
    }

    /// How a new hash is marked.
    pub(super) fn mark(&self) -> String {
        self.current.as_ref().map(|pepper| format!("{MARK}{}", pepper.name)).unwrap_or_default()
    }

    /// What a stored hash is of: the hash itself, and what is to be compared with it. `None` where its pepper is not there.
    pub(super) fn unmark<'a>(&self, password: &Password, stored: &'a str) -> Option<Unmarked<'a>> {
        let Some(marked) = stored.strip_prefix(MARK) else {
            let current = self.current.is_none();
            return Some(Unmarked { phc: stored, typed: Seasoned::plain(password), current });
        };
        let (name, _) = marked.split_once('$')?;
        let pepper = self.find(name)?;
        let current = self.current.as_ref().is_some_and(|current| current.name == name);
        Some(Unmarked { phc: marked.get(name.len()..)?, typed: pepper.season(password), current })
    }

    fn find(&self, name: &str) -> Option<&Pepper> {
        self.current.iter().chain(&self.older).find(|pepper| pepper.name == name)
    }
}

impl Pepper {
    fn season(&self, password: &Password) -> Seasoned {
        Seasoned(Secret::new(self.key.digest(&[password.as_bytes()]).as_bytes().to_vec()))
    }
}

/// What Argon2 reads.
pub(super) struct Seasoned(Secret<Vec<u8>>);

impl Seasoned {
    fn plain(password: &Password) -> Self {
        Self(Secret::new(password.as_bytes().to_vec()))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.expose()
    }
}

/// A stored hash without its mark.
pub(super) struct Unmarked<'a> {
    pub(super) phc: &'a str,
    pub(super) typed: Seasoned,
    /// Whether new hashes are made with the same pepper, or both with none.
    pub(super) current: bool,
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pepper: &Pepper| pepper.name.clone();
        f.debug_struct("Peppers")
            .field("current", &self.current.as_ref().map(names))
            .field("older", &self.older.iter().map(names).collect::<Vec<_>>())
            .finish()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pepper").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::random::InsecureSeededRandom;

    use super::*;
    use crate::rules::password::{HashParams, VerifyFailure, hash, hash_with, verify, verify_with};

    fn pepper(name: &str, byte: u8) -> Pepper {
        Pepper::new(name, &Secret::new([byte; 32])).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::parse(&Secret::from(text)).unwrap()
    }

    fn cheap() -> HashParams {
        HashParams::insecure_new(16, 1, 1).unwrap()
    }

    #[test]
    fn a_peppered_hash_verifies_under_its_pepper_alone() {
        let random = InsecureSeededRandom::new(1);
        let peppers = Peppers::new(pepper("2026", 1));
        let stored = hash_with(&password("right"), cheap(), &peppers, &random).unwrap();
        assert!(stored.expose().starts_with("pepper=2026$argon2id$"), "{}", stored.expose());
        let verified = verify_with(&password("right"), &stored, &peppers).unwrap();
        assert!(!verified.rehash_due(cheap()));
        assert_eq!(verify_with(&password("wrong"), &stored, &peppers).unwrap_err(), VerifyFailure::Mismatch);
        let same_name = Peppers::new(pepper("2026", 2));
        assert_eq!(
            verify_with(&password("right"), &stored, &same_name).unwrap_err(),
            VerifyFailure::Mismatch
        );
        let elsewhere = Peppers::new(pepper("2027", 1));
        for unknown in [elsewhere, Peppers::default()] {
            let failure = verify_with(&password("right"), &stored, &unknown).unwrap_err();
            assert_eq!(failure, VerifyFailure::Unreadable);
        }
        assert_eq!(verify(&password("right"), &stored).unwrap_err(), VerifyFailure::Unreadable);
    }

    #[test]
    fn what_was_hashed_under_an_older_pepper_or_none_verifies_and_is_due_for_a_new_hash() {
        let random = InsecureSeededRandom::new(2);
        let plain = hash(&password("right"), cheap(), &random).unwrap();
        let old = Peppers::new(pepper("2025", 1));
        let old_hash = hash_with(&password("right"), cheap(), &old, &random).unwrap();
        let turned = Peppers::new(pepper("2026", 2)).with_older(pepper("2025", 1)).unwrap();
        for stored in [&plain, &old_hash] {
            assert!(verify_with(&password("right"), stored, &turned).unwrap().rehash_due(cheap()));
            assert!(verify_with(&password("wrong"), stored, &turned).is_err());
        }
        let new = hash_with(&password("right"), cheap(), &turned, &random).unwrap();
        assert!(!verify_with(&password("right"), &new, &turned).unwrap().rehash_due(cheap()));
        // The person is asked for a plain hash again when the pepper is given up, as long as it is still known.
        let given_up = Peppers { current: None, older: vec![pepper("2026", 2)] };
        assert!(verify_with(&password("right"), &new, &given_up).unwrap().rehash_due(cheap()));
    }

    #[test]
    fn a_name_can_be_kept_with_a_hash_and_is_nobody_elses() {
        for bad in ["", "a$b", "a b", "ä", &"a".repeat(33)] {
            assert!(matches!(Pepper::new(bad, &Secret::new([1; 32])), Err(InvalidPepper::Name)), "{bad}");
        }
        let twice = Peppers::new(pepper("a", 1)).with_older(pepper("a", 2));
        assert!(matches!(twice, Err(InvalidPepper::Twice(_))));
        assert!(!format!("{:?}", Peppers::new(pepper("a", 1))).contains("key"));
    }
}
