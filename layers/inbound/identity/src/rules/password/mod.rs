//! Passwords: what counts as one, how it is kept, and what it proves.
//!
//! - A [`Password`] is 1 to 128 characters of any script, in NFC, so that the same word typed on another keyboard is
//!   the same password. A [`PasswordPolicy`] asks for more when one is set.
//! - [`hash`](fn@hash) keeps it as an Argon2id PHC string; [`verify`] compares, within bounds on the work.
//! - [`decide`](fn@decide) turns a password into a [`LoginProof`](super::login_proof::LoginProof), at the same cost
//!   whoever asks.

mod breach;
mod calibrate;
mod common;
mod context;
pub mod decide;
pub mod hash;
mod import;
mod memory;
pub mod pepper;
pub mod policy;
mod strength;

use towergate_core::Secret;
use unicode_normalization::UnicodeNormalization;

pub use breach::BreachRange;
pub use decide::{Decision, DummyHash, decide, decide_in};
pub use hash::{
    HashParams, HashingFailed, PasswordVerified, VerifyFailure, WeakParams, hash, hash_in, hash_with,
    is_workable, verify, verify_in, verify_with,
};
pub use memory::HashMemory;
pub use pepper::{InvalidPepper, Pepper, Peppers};
pub use policy::{Owner, PasswordPolicy, PolicyBreach};
pub use strength::Strength;

/// The most characters a password may have, counted as code points after normalisation.
pub const MAX_CHARACTERS: usize = 128;

/// The most bytes that are looked at, before normalisation.
pub const MAX_BYTES: usize = 4096;

/// A password as it was typed, in NFC.
#[derive(Debug, Clone)]
pub struct Password(Secret<String>);

/// Why a text cannot be anybody's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Nothing was typed.
    #[error("a password has at least one character")]
    Empty,
    /// More was typed than is ever kept.
    #[error("a password has at most {MAX_CHARACTERS} characters")]
    TooLong,
}

impl Password {
    /// Reads what was typed: 1 to 128 characters of any script, spaces and all; nothing is trimmed or cut.
    ///
    /// # Errors
    /// When there is nothing, or too much.
    pub fn parse(typed: &Secret<String>) -> Result<Self, InvalidPassword> {
        let typed = typed.expose();
        if typed.len() > MAX_BYTES {
            return Err(InvalidPassword::TooLong);
        }
        // Room for the whole, so that growing leaves no copy behind.
        let mut normal = String::with_capacity(typed.len().saturating_mul(3));
        normal.extend(typed.nfc());
        let password = Self(Secret::new(normal));
        match password.characters() {
            0 => Err(InvalidPassword::Empty),
            1..=MAX_CHARACTERS => Ok(password),
            _ => Err(InvalidPassword::TooLong),
        }
    }

    /// How many characters it has.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.0.expose().chars().count()
    }

    /// What a policy looks at.
    fn text(&self) -> &str {
        self.0.expose()
    }

    /// What Argon2 reads.
    fn as_bytes(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Password, InvalidPassword> {
        Password::parse(&Secret::from(text))
    }

    #[test]
    fn a_password_has_1_to_128_characters_of_any_script() {
        for character in ["a", "é", "語", "🦀", "é"] {
            assert_eq!(parse(&character.repeat(128)).unwrap().characters(), 128, "{character}");
            assert_eq!(parse(&character.repeat(129)).unwrap_err(), InvalidPassword::TooLong, "{character}");
        }
        assert_eq!(parse("").unwrap_err(), InvalidPassword::Empty);
        assert_eq!(parse(&"a".repeat(MAX_BYTES + 1)).unwrap_err(), InvalidPassword::TooLong);
    }

    #[test]
    fn the_same_word_typed_in_another_way_is_the_same_password() {
        assert_eq!(parse("caf\u{e9}").unwrap().as_bytes(), parse("cafe\u{301}").unwrap().as_bytes());
    }

    #[test]
    fn nothing_is_trimmed() {
        assert_ne!(parse(" a ").unwrap().as_bytes(), parse("a").unwrap().as_bytes());
    }

    #[test]
    fn a_password_does_not_print() {
        assert!(!format!("{:?}", parse("hush").unwrap()).contains("hush"));
    }

    proptest! {
        #[test]
        fn what_is_read_is_already_normal(text in "\\PC{1,128}") {
            if let Ok(password) = parse(&text) {
                let again = Password::parse(&password.0).unwrap();
                prop_assert_eq!(again.as_bytes(), password.as_bytes());
            }
        }
    }
}
