//! Tokens that people make for their own programs.
//!
//! 1. A token speaks for its person, with some of the [permissions](Permission) that the host names, until its end: 90 days
//!    unless its person says otherwise, a year at most.
//! 2. A person has 50 at most. Each has a name, by which they know it again.
//! 3. What says that somebody else may have been in the account ends them all: a forgotten password set anew, an address proven
//!    or changed or put back. So does whatever shuts the person out. Signing out ends none, nor does a change of a password by
//!    whoever knows it ([`SessionEnd::ends_api_tokens`](super::fact::SessionEnd::ends_api_tokens)).
//! 4. Their use is noted once an hour at most, so that reading with a token writes next to nothing.

use std::{collections::BTreeSet, fmt, time::Duration};

use towergate_core::{Timestamp, typed_id};

use super::{passkey::is_hidden, user::UserId};

typed_id! {
    /// A token that somebody made for a program of theirs.
    ApiTokenId
}

/// How many tokens a person has at most.
pub const MAX_TOKENS: u32 = 50;

/// How long a token is good unless its person says otherwise.
pub const LIFETIME: Duration = Duration::from_secs(90 * DAY);

/// How long a token is good at most.
pub const MAX_LIFETIME: Duration = Duration::from_secs(365 * DAY);

/// How often a use is noted at most.
pub const USE_EVERY: Duration = Duration::from_secs(3600);

/// The longest name, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// The longest permission, in bytes.
pub const MAX_PERMISSION: usize = 64;

/// How many permissions a token has at most.
pub const MAX_PERMISSIONS: usize = 32;

const DAY: u64 = 24 * 3600;

/// What a token may do, in the host's own word, such as `reports:read`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(String);

/// What is no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a permission has 1 to {MAX_PERMISSION} of the characters a-z, 0-9, ':', '.', '_' and '-'")]
pub struct BadPermission;

impl Permission {
    /// Reads a permission.
    ///
    /// # Errors
    /// When it is empty, too long, or has other characters than `a-z`, `0-9`, `:`, `.`, `_` and `-`.
    pub fn parse(text: &str) -> Result<Self, BadPermission> {
        let fits = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'_' | b'-')
        };
        let good = (1..=MAX_PERMISSION).contains(&text.len()) && text.bytes().all(fits);
        if good { Ok(Self(text.to_owned())) } else { Err(BadPermission) }
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What its person calls a token: one to 64 characters that are shown, and no space at the ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenName(String);

/// What is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A name has 1 to {MAX_NAME_CHARS} characters.")]
pub struct BadApiTokenName;

impl ApiTokenName {
    /// Reads what was typed; spaces at its ends fall away.
    ///
    /// # Errors
    /// When nothing is left, it is too long, or holds control characters.
    pub fn parse(typed: &str) -> Result<Self, BadApiTokenName> {
        let name = typed.trim();
        let fits = !name.is_empty()
            && name.len() <= MAX_NAME_CHARS * 4
            && name.chars().count() <= MAX_NAME_CHARS
            && !name.chars().any(is_hidden);
        if fits { Ok(Self(name.to_owned())) } else { Err(BadApiTokenName) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiTokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is kept of a token: nothing by which anybody could show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its identifier, which stands in the token.
    pub id: ApiTokenId,
    /// Whose.
    pub user: UserId,
    /// What they call it.
    pub name: ApiTokenName,
    /// What it may do.
    pub permissions: BTreeSet<Permission>,
    /// Since when there is one.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was last used, an hour more or less.
    pub last_used_at: Option<Timestamp>,
}

impl ApiToken {
    /// Whether it is still good at `now`.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether a use at `now` is to be noted.
    #[must_use]
    pub fn is_use_due(&self, now: Timestamp) -> bool {
        self.last_used_at.is_none_or(|last| now.since(last) >= USE_EVERY)
    }
}

/// How long a token is good whose person asked for `days`: what they ask for, from a day to a year.
///
/// # Errors
/// When they asked for less or more.
pub fn lifetime(days: Option<u32>) -> Result<Duration, BadLifetime> {
    let Some(days) = days else { return Ok(LIFETIME) };
    let asked = Duration::from_secs(u64::from(days) * DAY);
    if days > 0 && asked <= MAX_LIFETIME { Ok(asked) } else { Err(BadLifetime) }
}

/// No token lasts so long, or so short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A token lasts 1 to 365 days.")]
pub struct BadLifetime;

/// Why a token was not taken that was shown. The reason is for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ApiTokenFailure {
    /// It came together with a session.
    BesideSession,
    /// It has ended by itself.
    Expired,
    /// It is signed by none of our keys, or was altered.
    Forged,
    /// It was narrowed, and this request is not one of those it is still for.
    NotForThis,
    /// There is no such token any more: it was revoked, or ended with its account.
    Revoked,
    /// It says more than a narrowed token may say.
    TooMuch,
    /// It cannot be read.
    Unreadable,
}

impl ApiTokenFailure {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BesideSession => "beside_session",
            Self::Expired => "expired",
            Self::Forged => "forged",
            Self::NotForThis => "not_for_this",
            Self::Revoked => "revoked",
            Self::TooMuch => "too_much",
            Self::Unreadable => "unreadable",
        }
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    #[test]
    fn a_permission_is_a_plain_word() {
        for good in ["read", "reports:read", "a.b_c-d:1"] {
            assert_eq!(Permission::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "Read", "a b", "a\"b", "*", "ä", &"a".repeat(65)] {
            assert!(Permission::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_shown_as_it_is() {
        assert_eq!(ApiTokenName::parse("  nightly export ").unwrap().as_str(), "nightly export");
        for bad in ["", "  ", "a\nb", "a\u{202e}b", &"a".repeat(65)] {
            assert!(ApiTokenName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ApiTokenName::parse(&"é".repeat(64)).is_ok());
    }

    #[test]
    fn a_token_lasts_ninety_days_and_a_year_at_most() {
        assert_eq!(lifetime(None), Ok(LIFETIME));
        assert_eq!(lifetime(Some(365)), Ok(MAX_LIFETIME));
        assert_eq!(lifetime(Some(1)), Ok(Duration::from_secs(DAY)));
        for bad in [0, 366, u32::MAX] {
            assert_eq!(lifetime(Some(bad)), Err(BadLifetime));
        }
    }

    #[test]
    fn a_use_is_noted_once_an_hour() {
        let mut token = ApiToken {
            id: ApiTokenId::from_uuid(Uuid::from_u128(1)),
            user: UserId::from_uuid(Uuid::from_u128(2)),
            name: ApiTokenName::parse("name").unwrap(),
            permissions: BTreeSet::new(),
            created_at: NOW,
            expires_at: NOW.plus(LIFETIME),
            last_used_at: None,
        };
        assert!(token.is_use_due(NOW));
        token.last_used_at = Some(NOW);
        let second = Duration::from_secs(1);
        assert!(!token.is_use_due(NOW.plus(USE_EVERY - second)));
        assert!(token.is_use_due(NOW.plus(USE_EVERY)));
        assert!(!token.is_use_due(NOW.minus(second)), "a clock that was set back writes nothing");
        assert!(token.is_alive(NOW.plus(LIFETIME - second)) && !token.is_alive(NOW.plus(LIFETIME)));
    }
}
