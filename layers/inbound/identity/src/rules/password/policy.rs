//! What a password must be when it is set. When it is typed to sign in, only its hash counts.
//!
//! No composition rules and no expiry: both make passwords worse
//! ([NIST SP 800-63B-4 section 3.1.1](https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver)).

use super::{MAX_CHARACTERS, Password};

/// The fewest characters a policy may ask for without `insecure_` in its name.
const FLOOR: usize = 8;

/// What is asked of a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum: usize,
}

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyBreach {
    /// It is too short.
    #[error("a password has at least {minimum} characters")]
    TooShort {
        /// How many characters it needs.
        minimum: usize,
    },
}

impl Default for PasswordPolicy {
    /// At least 15 characters, as for a password that is the only factor.
    fn default() -> Self {
        Self { minimum: 15 }
    }
}

impl PasswordPolicy {
    /// At least `minimum` characters, brought between 8 and 128.
    #[must_use]
    pub fn at_least(minimum: usize) -> Self {
        Self { minimum: minimum.clamp(FLOOR, MAX_CHARACTERS) }
    }

    /// Any password at all: for tests and demonstrations.
    #[must_use]
    pub const fn insecure_any() -> Self {
        Self { minimum: 1 }
    }

    /// Whether `password` may be set.
    ///
    /// # Errors
    /// When it breaks the policy; the message may be shown to the person.
    pub fn check(&self, password: &Password) -> Result<(), PolicyBreach> {
        if password.characters() < self.minimum {
            return Err(PolicyBreach::TooShort { minimum: self.minimum });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::Secret;

    use super::*;

    fn password(length: usize) -> Password {
        Password::parse(&Secret::new("語".repeat(length))).unwrap()
    }

    #[test]
    fn a_password_that_stands_alone_has_15_characters() {
        let policy = PasswordPolicy::default();
        assert_eq!(policy.check(&password(14)), Err(PolicyBreach::TooShort { minimum: 15 }));
        assert_eq!(policy.check(&password(15)), Ok(()));
    }

    #[test]
    fn no_policy_goes_below_8_unless_it_says_insecure() {
        assert!(PasswordPolicy::at_least(1).check(&password(7)).is_err());
        assert!(PasswordPolicy::at_least(1000).check(&password(128)).is_ok());
        assert!(PasswordPolicy::insecure_any().check(&password(1)).is_ok());
    }
}
