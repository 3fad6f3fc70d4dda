//! What a password must be when it is set. When it is typed to sign in, only its hash counts.
//!
//! 1. It has as many characters as the policy asks for: 15 where it opens something by itself, 8 where a second factor is asked for
//!    whenever its person signs in; at most 128.
//! 2. It is none that everybody tries first, alone or again and again, and not made of words around its person and site.
//! 3. It is not easy to guess ([`Strength`]); a second factor beside it makes up for one step. The estimate knows some thirty thousand passwords that were in use most often; of the
//!    three thousand most common ones each is refused, whatever the length that is asked for.
//!
//! No composition rules and no expiry: both make passwords worse
//! ([NIST SP 800-63B-4 section 3.1.1](https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver)).

use std::sync::Arc;

use super::{
    MAX_CHARACTERS, Password, common, context,
    strength::{Estimate, Strength, estimate},
};
use crate::rules::email::EmailAddress;

/// The fewest characters a policy may ask for without `insecure_` in its name.
const FLOOR: usize = 8;

/// The most words of a site.
const MAX_WORDS: usize = 16;

/// What is asked of a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum: usize,
    beside_factor: usize,
    common: bool,
    strength: Strength,
    site: Arc<[String]>,
}

/// Whose password it is going to be.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// Their address.
    pub email: &'a EmailAddress,
    /// Whether a second factor is asked for whenever they sign in, so that the password opens nothing by itself.
    pub second_factor: bool,
}

/// Why a new password is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyBreach {
    /// It is made of words around its person and site, and little else.
    #[error("a password is not made of the name of the site or of parts of the address")]
    ContextWords,
    /// It is, or begins with, the address of its person.
    #[error("a password is not made of the e-mail address")]
    OwnAddress,
    /// Everybody tries it first.
    #[error("this password is one of those that everybody tries first")]
    TooCommon,
    /// It is easy to guess.
    #[error("this password is easy to guess. {advice}")]
    TooGuessable {
        /// What makes it so, and what to do.
        advice: String,
    },
    /// It is too short.
    #[error("a password has at least {minimum} characters")]
    TooShort {
        /// How many characters it needs.
        minimum: usize,
    },
}

impl Default for PasswordPolicy {
    /// At least 15 characters, 8 beside a second factor, none that everybody tries first, and safely unguessable.
    fn default() -> Self {
        Self::at_least(15)
    }
}

impl PasswordPolicy {
    /// At least `minimum` characters, brought between 8 and 128, of a password that opens something by itself.
    #[must_use]
    pub fn at_least(minimum: usize) -> Self {
        Self {
            minimum: minimum.clamp(FLOOR, MAX_CHARACTERS),
            beside_factor: FLOOR,
            common: false,
            strength: Strength::SafelyUnguessable,
            site: Arc::default(),
        }
    }

    /// The policy that asks for at least so many characters, brought between 8 and 128, beside a second factor.
    #[must_use]
    pub fn beside_factor(mut self, minimum: usize) -> Self {
        self.beside_factor = minimum.clamp(FLOOR, MAX_CHARACTERS);
        self
    }

    /// The policy that also refuses what is made of these words, at most 16: the name of the site, and what else people there
    /// would think of first.
    #[must_use]
    pub fn site_words<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.site = words.into_iter().take(MAX_WORDS).map(Into::into).collect();
        self
    }

    /// The policy that asks for more strength. Less is not to be had by it.
    #[must_use]
    pub fn strength(mut self, least: Strength) -> Self {
        self.strength = self.strength.max(least);
        self
    }

    /// The policy with another least strength, however little.
    #[must_use]
    pub fn insecure_strength(mut self, least: Strength) -> Self {
        self.strength = least;
        self
    }

    /// Any password at all: for tests and demonstrations.
    #[must_use]
    pub fn insecure_any() -> Self {
        let policy = Self { minimum: 1, beside_factor: 1, ..Self::default() };
        policy.insecure_without_blocklist()
    }

    /// The policy without the list of those that everybody tries first, the words around its person, and the estimate of strength.
    #[must_use]
    pub fn insecure_without_blocklist(self) -> Self {
        Self { common: true, strength: Strength::TooGuessable, ..self }
    }

    /// Whether `password` may be set, by somebody unknown who has no second factor.
    ///
    /// # Errors
    /// When it breaks the policy; the message may be shown to the person.
    pub fn check(&self, password: &Password) -> Result<(), PolicyBreach> {
        self.check_length(password, false)?;
        self.check_common(password)?;
        self.check_strength(password, &[], false)
    }

    /// Whether `password` may be set by `owner`. It takes a few milliseconds.
    ///
    /// # Errors
    /// As [`check`](Self::check), and when it is made of what is around its person.
    pub fn check_for(&self, password: &Password, owner: Owner<'_>) -> Result<(), PolicyBreach> {
        self.check_length(password, owner.second_factor)?;
        self.check_common(password)?;
        let typed = password.text().to_lowercase();
        if !self.common && typed.trim().starts_with(owner.email.as_str()) {
            return Err(PolicyBreach::OwnAddress);
        }
        let words = context::words(owner.email, &self.site);
        if !self.common && context::is_made_of(password.text(), &words) {
            return Err(PolicyBreach::ContextWords);
        }
        self.check_strength(password, &words, owner.second_factor)
    }

    /// How many characters it asks for where a password opens something by itself.
    #[must_use]
    pub const fn minimum(&self) -> usize {
        self.minimum
    }

    /// How many characters it asks of somebody who has a second factor, or not.
    #[must_use]
    pub fn minimum_for(&self, second_factor: bool) -> usize {
        if second_factor { self.beside_factor.min(self.minimum) } else { self.minimum }
    }

    fn check_length(&self, password: &Password, second_factor: bool) -> Result<(), PolicyBreach> {
        let minimum = self.minimum_for(second_factor);
        if password.characters() < minimum { Err(PolicyBreach::TooShort { minimum }) } else { Ok(()) }
    }

    fn check_common(&self, password: &Password) -> Result<(), PolicyBreach> {
        let common = !self.common && common::is_common(password.text());
        if common { Err(PolicyBreach::TooCommon) } else { Ok(()) }
    }

    fn check_strength(
        &self,
        password: &Password,
        words: &[String],
        second_factor: bool,
    ) -> Result<(), PolicyBreach> {
        // Eight characters at random are as many guesses as that.
        let most = if second_factor { Strength::SomewhatGuessable } else { Strength::VeryUnguessable };
        let least = self.strength.min(most);
        if least == Strength::TooGuessable {
            return Ok(());
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Estimate { strength, advice } = estimate(password.text(), &words);
        if strength < least { Err(PolicyBreach::TooGuessable { advice }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::Secret;

    use super::*;

    fn typed(text: &str) -> Password {
        Password::parse(&Secret::from(text)).unwrap()
    }

    fn password(length: usize) -> Password {
        let text: String = "語彙多合言葉十五文字暗号鍵門番塔".chars().cycle().take(length).collect();
        typed(&text)
    }

    fn alice() -> EmailAddress {
        EmailAddress::parse("alice@example.com").unwrap()
    }

    #[test]
    fn what_everybody_tries_first_is_refused_and_so_is_ones_own_address() {
        let policy = PasswordPolicy::default().site_words(["Tea Party"]);
        assert_eq!(policy.check(&typed("passwordpassword")), Err(PolicyBreach::TooCommon));
        assert!(PasswordPolicy::insecure_any().check(&typed("password")).is_ok());
        let alice = alice();
        let owner = Owner { email: &alice, second_factor: false };
        assert_eq!(policy.check_for(&typed("Alice@Example.com"), owner), Err(PolicyBreach::OwnAddress));
        assert_eq!(policy.check_for(&typed("tea-party-alice-1"), owner), Err(PolicyBreach::ContextWords));
        assert_eq!(policy.check_for(&typed("plenty of characters"), owner), Ok(()));
        assert!(policy.check_for(&typed("plenty"), owner).is_err());
    }

    /// ASVS 6.2.4: of the most common passwords none is taken, however short the policy allows one to be. Each of these is
    /// among the three thousand, and long enough.
    #[test]
    fn common_passwords_of_every_length_are_refused() {
        let policy = PasswordPolicy::at_least(8);
        let common = "password 12345678 baseball football jennifer superman trustno1 michelle sunshine iloveyou starwars computer \
                      corvette princess mercedes samantha qwertyui maverick midnight steelers internet whatever marlboro \
                      dolphins cocacola jordan23 victoria asdfghjkl startrek redskins butthead elizabeth 1q2w3e4r swordfish \
                      password1 1234567890 qwertyuiop hardcore undertaker alexander benjamin champion shithead bigdaddy \
                      christin dragonball fuckyou2 garfield gateway1 goldfish hello123 kawasaki liverpool madison1 nintendo \
                      patricia rangers1 scorpion snowball thunder1 tinkerbe veronica welcome1 yankees1 zaq12wsx 987654321 abcd1234";
        for common in common.split_whitespace() {
            assert!(policy.check(&typed(common)).is_err(), "{common}");
        }
    }

    #[test]
    fn a_password_that_is_easy_to_guess_is_refused_with_advice() {
        let refused = PasswordPolicy::default().check(&typed("qwertyuiop12345")).unwrap_err();
        assert!(
            matches!(&refused, PolicyBreach::TooGuessable { advice } if advice.ends_with('.')),
            "{refused}"
        );
        let weaker = PasswordPolicy::default().insecure_strength(Strength::TooGuessable);
        assert_eq!(weaker.check(&typed("qwertyuiop12345")), Ok(()));
        let policy = PasswordPolicy::default().strength(Strength::TooGuessable);
        assert_eq!(policy, PasswordPolicy::default(), "less strength needs the word insecure");
    }

    /// ASVS 6.2.1, SP 800-63B-4 3.1.1: 15 characters alone, 8 beside a second factor.
    #[test]
    fn a_password_that_stands_alone_has_15_characters() {
        let policy = PasswordPolicy::default();
        assert_eq!(policy.check(&password(14)), Err(PolicyBreach::TooShort { minimum: 15 }));
        assert_eq!(policy.check(&password(15)), Ok(()));
        let alice = alice();
        let owner = Owner { email: &alice, second_factor: true };
        assert_eq!(policy.check_for(&password(7), owner), Err(PolicyBreach::TooShort { minimum: 8 }));
        assert_eq!(policy.check_for(&typed("Zw9 kfm§u"), owner), Ok(()));
        assert_eq!(
            PasswordPolicy::at_least(20).beside_factor(30).minimum_for(true),
            20,
            "never more than alone"
        );
    }

    #[test]
    fn no_policy_goes_below_8_unless_it_says_insecure() {
        assert!(PasswordPolicy::at_least(1).check(&password(7)).is_err());
        assert!(PasswordPolicy::at_least(1000).check(&password(128)).is_ok());
        assert!(PasswordPolicy::insecure_any().check(&password(1)).is_ok());
    }
}
