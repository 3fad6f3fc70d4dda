//! How an account ends: after days of grace in which its person may keep it, and then for good.

use std::time::Duration;

use towergate_core::Timestamp;

use super::user::{User, UserId};

/// How accounts end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeletionPolicy {
    /// For how long its person may still keep it. Nothing: it ends at once.
    pub grace: Duration,
    /// What becomes of it then.
    pub ending: Ending,
}

impl Default for DeletionPolicy {
    /// Fourteen days, and then closed.
    fn default() -> Self {
        Self { grace: Duration::from_secs(14 * 24 * 3600), ending: Ending::Close }
    }
}

impl DeletionPolicy {
    /// When the account ends of somebody who says goodbye at `now`.
    #[must_use]
    pub fn end(&self, now: Timestamp) -> Timestamp {
        now.plus(self.grace)
    }
}

/// What becomes of an account in the end. Whatever opened it is gone in every case: password, second factors, passkeys,
/// mailed proofs, sessions; and its identifier is never anybody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Ending {
    /// The person's row stays, closed, with their address, which stays taken.
    #[default]
    Close,
    /// The row stays, closed, without their address, which is free.
    Anonymise,
    /// The row goes too; the address is free.
    Erase,
}

impl Ending {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Close, Self::Anonymise, Self::Erase];

    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Anonymise => "anonymise",
            Self::Erase => "erase",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.as_str() == text)
    }
}

/// The address that stands in the place of an anonymised one: nobody can receive mail there.
#[must_use]
pub fn nobodys_address(user: UserId) -> String {
    format!("deleted-{user}@deleted.invalid")
}

/// An account whose days of grace are over.
#[derive(Debug, Clone)]
pub struct Due {
    /// Whose.
    pub user: User,
    /// Since when.
    pub delete_at: Timestamp,
}

/// Whether the days of grace are over at `now`.
#[must_use]
pub fn is_due(delete_at: Timestamp, now: Timestamp) -> bool {
    now >= delete_at
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;
    use crate::rules::email::EmailAddress;

    #[test]
    fn grace_ends_on_time() {
        let now = Timestamp::from_unix_seconds(1_700_000_000);
        let end = DeletionPolicy::default().end(now);
        assert_eq!(end, now.plus(Duration::from_secs(1_209_600)));
        assert!(is_due(end, end) && !is_due(end, end.minus(Duration::from_millis(1))));
        let at_once = DeletionPolicy { grace: Duration::ZERO, ..DeletionPolicy::default() };
        assert!(is_due(at_once.end(now), now));
    }

    #[test]
    fn a_word_reads_back_to_its_ending() {
        for ending in Ending::ALL {
            assert_eq!(Ending::parse(ending.as_str()), Some(ending));
        }
        assert_eq!(Ending::parse("vanish"), None);
    }

    #[test]
    fn what_stands_for_an_anonymised_address_is_one() {
        let text = nobodys_address(UserId::from_uuid(Uuid::nil()));
        assert_eq!(EmailAddress::parse(&text).unwrap().as_str(), text);
    }
}
