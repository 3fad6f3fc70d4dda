//! Whether a part of the house can do its work at this moment.

use std::{fmt, future::Future};

/// A part without which requests fail: a store, the signing keys.
pub trait Ready: Send + Sync + 'static {
    /// What stands in the way; empty where nothing does. It changes nothing, and bears being asked every second.
    fn missing(&self) -> impl Future<Output = Vec<Missing>> + Send;
}

/// What a part lacks. The causes go to the log: these words are for whoever may ask, and name no host, path or value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Missing {
    /// It does not answer.
    Answer,
    /// It takes no changes.
    Changes,
    /// It tells another time than the database.
    Clock,
    /// It has no key to sign with.
    Keys,
    /// Migrations that this program counts on are not applied.
    Migrations,
    /// It is about to end.
    Time,
}

impl Missing {
    /// The stable words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "does not answer",
            Self::Changes => "takes no changes",
            Self::Clock => "tells another time than the database",
            Self::Keys => "has no key to sign with",
            Self::Migrations => "has migrations that are not applied",
            Self::Time => "is about to end",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
