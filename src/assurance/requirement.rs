//! A row of the table.

use std::fmt;

/// One thing that a standard asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requirement {
    /// Its name in the standard; with `@L3` after it what is asked for from that level on alone.
    pub id: &'static str,
    /// From which level on it is asked for.
    pub level: Level,
    /// How strongly.
    pub weight: Weight,
    /// What it asks for, in our words.
    pub text: &'static str,
    /// How things stand.
    pub status: Status,
}

/// A level of a standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// OWASP ASVS 5.0, 1 to 3.
    Asvs(u8),
    /// NIST SP 800-63B-4, 1 to 3.
    Aal(u8),
}

/// How strongly something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// The standard insists.
    Must,
    /// The standard advises; what is left out breaks nothing.
    Should,
}

/// How things stand with a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is met, which these show.
    Met(&'static [Proof]),
    /// The host must see to it.
    HostDuty {
        /// What there is to do.
        what: &'static str,
    },
    /// It is not met.
    Gap {
        /// What is missing.
        missing: &'static str,
    },
}

/// What shows that a requirement is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// A test, which is red when it is not.
    Test {
        /// Its file, from the root of the repository.
        file: &'static str,
        /// Its function.
        name: &'static str,
    },
    /// A heading of a page, where a document is what is asked for.
    Page {
        /// The page, from the root of the repository.
        file: &'static str,
        /// The heading, as a link to it spells it.
        heading: &'static str,
    },
}

impl Status {
    /// The stable word or words.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Met(_) => "met",
            Self::HostDuty { .. } => "host's duty",
            Self::Gap { .. } => "not met",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asvs(level) => write!(f, "L{level}"),
            Self::Aal(level) => write!(f, "AAL{level}"),
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test { file, name } => write!(f, "{file}::{name}"),
            Self::Page { file, heading } => write!(f, "{file}#{heading}"),
        }
    }
}

pub(super) const L1: Level = Level::Asvs(1);
pub(super) const L2: Level = Level::Asvs(2);
pub(super) const L3: Level = Level::Asvs(3);
pub(super) const A1: Level = Level::Aal(1);
pub(super) const A2: Level = Level::Aal(2);
pub(super) const A3: Level = Level::Aal(3);

/// A row that the standard insists on.
pub(super) const fn must(id: &'static str, level: Level, text: &'static str, status: Status) -> Requirement {
    Requirement { id, level, weight: Weight::Must, text, status }
}

/// A row that the standard advises.
pub(super) const fn should(
    id: &'static str,
    level: Level,
    text: &'static str,
    status: Status,
) -> Requirement {
    Requirement { id, level, weight: Weight::Should, text, status }
}

pub(super) const fn host(what: &'static str) -> Status {
    Status::HostDuty { what }
}

pub(super) const fn gap(missing: &'static str) -> Status {
    Status::Gap { missing }
}

/// `name` in `file`, which begins at the root of the repository.
pub(super) const fn test(file: &'static str, name: &'static str) -> Proof {
    Proof::Test { file, name }
}

/// A heading of a page of the manual.
pub(super) const fn page(file: &'static str, heading: &'static str) -> Proof {
    Proof::Page { file, heading }
}
