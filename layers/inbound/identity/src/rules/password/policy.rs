//! What a password must be when it is set. When it is typed to sign in, only its hash counts.
//!
//! No composition rules and no expiry: both make passwords worse
//! ([NIST SP 800-63B-4 section 3.1.1](https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver)).

use super::{MAX_CHARACTERS, Password, common};
use crate::rules::email::EmailAddress;

/// The fewest characters a policy may ask for without `insecure_` in its name.
const FLOOR: usize = 8;

/// What is asked of a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum: usize,
    common: bool,
}

/// Why a new password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyBreach {
    /// It is, or begins with, the address of its person.
    #[error("a password is not made of the e-mail address")]
    OwnAddress,
    /// Everybody tries it first.
    #[error("this password is one of those that everybody tries first")]
    TooCommon,
    /// It is too short.
    #[error("a password has at least {minimum} characters")]
    TooShort {
        /// How many characters it needs.
        minimum: usize,
    },
}

impl Default for PasswordPolicy {
    /// At least 15 characters, as for a password that is the only factor, and none that everybody tries first.
    fn default() -> Self {
        Self { minimum: 15, common: false }
    }
}

impl PasswordPolicy {
    /// At least `minimum` characters, brought between 8 and 128.
    #[must_use]
    pub fn at_least(minimum: usize) -> Self {
        Self { minimum: minimum.clamp(FLOOR, MAX_CHARACTERS), common: false }
    }

    /// Any password at all: for tests and demonstrations.
    #[must_use]
    pub const fn insecure_any() -> Self {
        Self { minimum: 1, common: true }
    }

    /// The policy without the list of those that everybody tries first, nor its person's address.
    #[must_use]
    pub const fn insecure_without_blocklist(self) -> Self {
        Self { common: true, ..self }
    }

    /// Whether `password` may be set.
    ///
    /// # Errors
    /// When it breaks the policy; the message may be shown to the person.
    pub fn check(&self, password: &Password) -> Result<(), PolicyBreach> {
        if password.characters() < self.minimum {
            return Err(PolicyBreach::TooShort { minimum: self.minimum });
        }
        if !self.common && common::is_common(password.text()) {
            return Err(PolicyBreach::TooCommon);
        }
        Ok(())
    }

    /// Whether `password` may be set by the person with this address.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when it is made of the address.
    pub fn check_for(&self, password: &Password, email: &EmailAddress) -> Result<(), PolicyBreach> {
        self.check(password)?;
        let typed = password.text().to_lowercase();
        if !self.common && typed.trim().starts_with(email.as_str()) {
            return Err(PolicyBreach::OwnAddress);
        }
        Ok(())
    }

    /// How many characters it asks for.
    #[must_use]
    pub const fn minimum(&self) -> usize {
        self.minimum
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::Secret;

    use super::*;

    fn password(length: usize) -> Password {
        let text: String = "語彙多合言葉十五文字暗号鍵門番塔".chars().cycle().take(length).collect();
        Password::parse(&Secret::new(text)).unwrap()
    }

    #[test]
    fn what_everybody_tries_first_is_refused_and_so_is_ones_own_address() {
        let policy = PasswordPolicy::default();
        let typed = |text: &str| Password::parse(&Secret::from(text)).unwrap();
        assert_eq!(policy.check(&typed("passwordpassword")), Err(PolicyBreach::TooCommon));
        assert!(PasswordPolicy::insecure_any().check(&typed("password")).is_ok());
        let alice = EmailAddress::parse("alice@example.com").unwrap();
        assert_eq!(policy.check_for(&typed("Alice@Example.com"), &alice), Err(PolicyBreach::OwnAddress));
        assert_eq!(policy.check_for(&typed("plenty of characters"), &alice), Ok(()));
        assert!(policy.check_for(&typed("plenty"), &alice).is_err());
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
