//! One choice that sets every number and switch of signing in.
//!
//! 1. An [`Assurance`] is a level of a standard: of
//!    [NIST SP 800-63B-4](https://pages.nist.gov/800-63-4/sp800-63b.html), or of
//!    [OWASP ASVS 5.0](https://github.com/OWASP/ASVS/tree/v5.0.0) chapters 6 and 7. Its [`Profile`] is what it asks for, where it
//!    asks for anything, and the default of the house elsewhere.
//! 2. Of two levels the stricter wins, setting by setting: [`Profile::and`].
//! 3. A host may be stricter. A setting that is meant to be stricter and is weaker is refused, with all the others that are
//!    wrong: [`Adjust::build`]. Weaker is to be had by an `insecure_` name alone, and [`Profile::weakened`] tells it.
//! 4. What a profile asks for and a layer alone can give, a host must give: [`Profile::check`] refuses to begin without it.
//! 5. Each setting names the rows of the standards that rule it, in [`Settings`]; the rows are in the manual's page on
//!    assurance.
//!
//! ```
//! use std::time::Duration;
//!
//! use towergate_identity::rules::{
//!     assurance::Assurance, password::PasswordPolicy, session::SessionLifetime,
//! };
//!
//! const HOUR: Duration = Duration::from_secs(3600);
//!
//! let profile = Assurance::Aal2.profile().and(Assurance::AsvsL1);
//! assert_eq!(SessionLifetime::from(&profile).idle, HOUR);
//! assert_eq!(PasswordPolicy::from(&profile).minimum(), 15);
//!
//! let stricter = profile.adjust().stricter_session_idle(HOUR / 2).build()?;
//! assert_eq!(stricter.settings().session_idle, HOUR / 2);
//!
//! let refused = profile.adjust().stricter_session_idle(2 * HOUR).build();
//! assert!(refused.is_err_and(|problems| problems.to_string().contains("insecure_session_idle")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adjust;
mod apply;
mod levels;
mod profile;
mod provided;
mod settings;
#[cfg(test)]
mod tests;
mod told;

use std::{fmt, str::FromStr};

pub use adjust::{Adjust, ProfileProblem, ProfileProblems};
pub use profile::Profile;
pub use provided::Provided;
pub use settings::{PhishingResistance, SessionCount, Setting, Settings};

/// A level of a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Assurance {
    /// NIST SP 800-63B-4, authentication assurance level 1.
    Aal1,
    /// NIST SP 800-63B-4, authentication assurance level 2.
    Aal2,
    /// OWASP ASVS 5.0, level 1.
    AsvsL1,
    /// OWASP ASVS 5.0, level 2.
    AsvsL2,
    /// OWASP ASVS 5.0, level 3.
    AsvsL3,
}

/// A text names no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such assurance profile; there are aal1, aal2, asvs-l1, asvs-l2 and asvs-l3")]
pub struct UnknownAssurance;

impl Assurance {
    /// All, the weakest of each standard first.
    pub const ALL: [Self; 5] = [Self::Aal1, Self::Aal2, Self::AsvsL1, Self::AsvsL2, Self::AsvsL3];

    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::AsvsL1 => "asvs-l1",
            Self::AsvsL2 => "asvs-l2",
            Self::AsvsL3 => "asvs-l3",
        }
    }

    /// What it asks for.
    #[must_use]
    pub fn profile(self) -> Profile {
        Profile::of(self)
    }
}

impl FromStr for Assurance {
    type Err = UnknownAssurance;

    fn from_str(text: &str) -> Result<Self, UnknownAssurance> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(UnknownAssurance)
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
