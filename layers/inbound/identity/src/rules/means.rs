//! The means somebody has to prove who they are, and how far they reach.

use super::{factor::TotpFactor, level::Level, login_proof::Method, passkey::Passkey};

/// What somebody can prove themself by, beyond what is mailed to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Means {
    /// A password.
    pub password: bool,
    /// An authenticator app that counts.
    pub app: bool,
    /// A passkey.
    pub key: bool,
    /// A passkey that verifies its person.
    pub verifying_key: bool,
    /// Their passkeys are asked for after whatever else they sign in by: they chose so.
    pub asks_for_key: bool,
    /// Backup codes.
    pub codes: bool,
}

impl Means {
    /// Those of somebody who has a password or not, this app and these passkeys.
    #[must_use]
    pub fn of(password: bool, app: Option<&TotpFactor>, passkeys: &[Passkey]) -> Self {
        Self {
            password,
            app: app.is_some_and(TotpFactor::is_enrolled),
            key: !passkeys.is_empty(),
            verifying_key: passkeys.iter().any(|passkey| passkey.verifies),
            ..Self::default()
        }
    }

    /// The highest level that they can reach. Whoever has an app, or wants to be asked for a passkey, is held to two factors: they
    /// chose so.
    #[must_use]
    pub const fn strongest(self) -> Level {
        if self.app || self.asks_for_key || self.verifying_key || (self.password && self.key) {
            Level::TwoFactors
        } else {
            Level::OneFactor
        }
    }

    /// Whether they have anything that a second factor is asked by: an app, a passkey, or a code in the place of either.
    #[must_use]
    pub const fn has_second_factor(self) -> bool {
        self.app || self.key || self.codes
    }

    /// Whether whoever proved `proven` reaches `level` by one more proof: of their app, a passkey, or a backup code.
    #[must_use]
    pub fn one_more_reaches(self, proven: &[Method], level: Level) -> bool {
        let reaches = |more: &[Method]| Level::of(&[proven, more].concat()) >= Some(level);
        ((self.app || self.codes) && reaches(&[Method::Otp])) || self.key_reaches(proven, level)
    }

    /// Whether a passkey makes two factors of what was `proven`.
    #[must_use]
    pub fn key_makes_two_of(self, proven: &[Method]) -> bool {
        self.key_reaches(proven, Level::TwoFactors)
    }

    fn key_reaches(self, proven: &[Method], level: Level) -> bool {
        let reaches = |more: &[Method]| Level::of(&[proven, more].concat()) >= Some(level);
        (self.key && reaches(&[Method::Passkey]))
            || (self.verifying_key && reaches(&[Method::Passkey, Method::UserVerified]))
    }
}

/// Whether one of `passkeys` makes two factors of what was `proven` so far.
#[must_use]
pub fn completed_by(passkeys: &[Passkey], proven: &[Method]) -> bool {
    Means::of(false, None, passkeys).key_makes_two_of(proven)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Means = Means {
        password: false,
        app: false,
        key: false,
        verifying_key: false,
        asks_for_key: false,
        codes: false,
    };
    const PASSWORD: Means = Means { password: true, ..NONE };

    #[test]
    fn somebody_is_held_to_what_they_can_reach() {
        let key = Means { key: true, ..PASSWORD };
        let bare_key = Means { password: false, ..key };
        let verifying = Means { verifying_key: true, ..bare_key };
        let app = Means { app: true, ..PASSWORD };
        for (means, level) in [
            (Means::default(), Level::OneFactor),
            (PASSWORD, Level::OneFactor),
            (bare_key, Level::OneFactor),
            (key, Level::TwoFactors),
            (Means { asks_for_key: true, ..bare_key }, Level::TwoFactors),
            (Means { asks_for_key: true, ..NONE }, Level::TwoFactors),
            (verifying, Level::TwoFactors),
            (app, Level::TwoFactors),
            (Means { password: false, ..app }, Level::TwoFactors),
        ] {
            assert_eq!(means.strongest(), level, "{means:?}");
        }
    }

    #[test]
    fn one_more_proof_reaches_where_it_is_of_another_kind() {
        use Method::{Otp, Passkey, Password, UserVerified};
        let app = Means { app: true, ..PASSWORD };
        let key = Means { key: true, ..PASSWORD };
        let verifying = Means { verifying_key: true, ..key };
        for (means, proven, reaches) in [
            (PASSWORD, &[Password][..], false),
            (app, &[Password], true),
            (app, &[Passkey], false),
            (app, &[Passkey, UserVerified], true),
            (key, &[Password], true),
            (key, &[Passkey], false),
            (key, &[Otp], false),
            (verifying, &[Passkey], true),
            (verifying, &[], true),
            (Means { codes: true, ..PASSWORD }, &[Password], true),
            (Means { codes: true, ..key }, &[Passkey], false),
        ] {
            assert_eq!(means.one_more_reaches(proven, Level::TwoFactors), reaches, "{means:?} {proven:?}");
        }
    }
}
