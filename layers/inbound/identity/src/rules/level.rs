//! How strongly somebody proved who they are.

use super::login_proof::Method;

/// How many kinds of evidence a sign-in rests on: what somebody knows, has or is. Each level includes those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// None: a cookie is all there is, of a browser in which they once proved who they are.
    Remembered,
    /// One kind.
    OneFactor,
    /// Two kinds: two passwords are no more than one.
    TwoFactors,
}

/// A kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    /// What somebody is, or knows to show to a device of theirs.
    Activation,
    /// What somebody has.
    Possession,
    /// What somebody knows.
    Knowledge,
}

impl Level {
    /// The level that these methods reach together; `None` where nothing was proven.
    #[must_use]
    pub fn of(methods: &[Method]) -> Option<Self> {
        let mut factors = methods.iter().flat_map(|method| factors(*method));
        let Some(first) = factors.next() else {
            return (!methods.is_empty()).then_some(Self::Remembered);
        };
        Some(if factors.any(|factor| factor != first) { Self::TwoFactors } else { Self::OneFactor })
    }

    /// Its name for clients: `acr` in
    /// [OpenID Connect Core section 2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken).
    #[must_use]
    pub const fn acr(self) -> &'static str {
        match self {
            Self::Remembered => "0",
            Self::OneFactor => "1",
            Self::TwoFactors => "2",
        }
    }

    /// Reads an `acr` value back.
    #[must_use]
    pub fn parse(acr: &str) -> Option<Self> {
        [Self::Remembered, Self::OneFactor, Self::TwoFactors].into_iter().find(|level| level.acr() == acr)
    }
}

/// The kinds of evidence that a method is. One that is two at once is a second factor by itself.
const fn factors(method: Method) -> &'static [Factor] {
    match method {
        Method::Otp | Method::Passkey => &[Factor::Possession],
        // A mailbox opens with a password: beside one it is no second kind. What another provider asked for is not ours to
        // know, so it counts for as little.
        Method::Email | Method::Federated | Method::Password => &[Factor::Knowledge],
        Method::UserVerified => &[Factor::Activation],
        Method::Remembered => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_kinds_are_two_factors_and_twice_the_same_is_one() {
        use Method::{Email, Federated, Otp, Passkey, Password, Remembered, UserVerified};
        for (methods, level) in [
            (&[][..], None),
            (&[Password], Some(Level::OneFactor)),
            (&[Otp], Some(Level::OneFactor)),
            (&[Password, Password], Some(Level::OneFactor)),
            (&[Password, Otp], Some(Level::TwoFactors)),
            (&[Otp, Otp, Password], Some(Level::TwoFactors)),
            (&[Email, Password, Federated], Some(Level::OneFactor)),
            (&[Passkey, Otp], Some(Level::OneFactor)),
            (&[Passkey, UserVerified], Some(Level::TwoFactors)),
            (&[Password, Passkey], Some(Level::TwoFactors)),
            (&[Remembered], Some(Level::Remembered)),
            (&[Remembered, Password], Some(Level::OneFactor)),
            (&[Remembered, Otp], Some(Level::OneFactor)),
        ] {
            assert_eq!(Level::of(methods), level, "{methods:?}");
        }
        assert!(Level::Remembered < Level::OneFactor && Level::OneFactor < Level::TwoFactors);
    }

    #[test]
    fn a_level_reads_back() {
        for level in [Level::Remembered, Level::OneFactor, Level::TwoFactors] {
            assert_eq!(Level::parse(level.acr()), Some(level));
        }
        for other in ["", "3", "01", "urn:mace:incommon:iap:silver"] {
            assert_eq!(Level::parse(other), None, "{other}");
        }
    }
}
