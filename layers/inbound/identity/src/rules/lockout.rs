//! How often somebody may guess: slower and slower, then not at all.
//!
//! A try is counted before it is checked, in one step of the store, so that many guesses at once are no more guesses
//! than one after another. A success forgets the count of that credential, and of no other.
//!
//! 1. [`LockoutPolicy::free`] failures in a row cost nothing but the try.
//! 2. After each further one comes a wait, twice as long each time, between [`LockoutPolicy::first_wait`] and
//!    [`LockoutPolicy::longest_wait`]. A day without a try forgets the waits, but not how many failed in a row.
//! 3. At [`LockoutPolicy::limit`] failures in a row the credential opens nothing any more, whatever is typed, until it is
//!    set anew or somebody lifts it
//!    ([NIST SP 800-63B-4 section 3.2.2](https://pages.nist.gov/800-63-4/sp800-63b.html#throttle)). To whoever
//!    types it looks like a wrong one.
//! 4. Only that credential: whoever guesses at a stranger's password leaves the stranger's other ways in, and their
//!    sessions, alone.
//! 5. A clock that was set back makes nobody wait longer than the wait.

use std::time::Duration;

use towergate_core::{Digest, Timestamp};

use super::{email::EmailAddress, user::UserId};

/// After so long without a try, the waits begin anew.
const QUIET: Duration = Duration::from_secs(24 * 3600);

/// A kind of credential that can be guessed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CredentialClass {
    /// A code to get in with when everything else is lost.
    BackupCode,
    /// A code that was mailed. Each mail brings a new one, and the count goes on.
    MailedCode,
    /// A password.
    Password,
    /// A code of an authenticator app.
    Totp,
}

impl CredentialClass {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BackupCode => "backup_code",
            Self::MailedCode => "mailed_code",
            Self::Password => "password",
            Self::Totp => "totp",
        }
    }
}

/// What is guessed at: a kind of credential of a person, or of an address that nobody has.
///
/// An address without an account is counted as one with an account is, so that waiting tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TryKey {
    class: CredentialClass,
    whose: Whose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Whose {
    Address([u8; 32]),
    User(UserId),
}

impl TryKey {
    /// A credential of somebody.
    #[must_use]
    pub const fn of_user(class: CredentialClass, user: UserId) -> Self {
        Self { class, whose: Whose::User(user) }
    }

    /// A credential at an address that nobody has; what cannot be an address counts as typed.
    #[must_use]
    pub fn of_nobody(class: CredentialClass, typed: &str) -> Self {
        let address = EmailAddress::parse(typed);
        let digest = Digest::of(address.as_ref().map_or(typed, EmailAddress::as_str).as_bytes());
        Self { class, whose: Whose::Address(*digest.as_bytes()) }
    }

    /// The kind.
    #[must_use]
    pub const fn class(&self) -> CredentialClass {
        self.class
    }

    /// Whose, where somebody has it.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self.whose {
            Whose::Address(_) => None,
            Whose::User(user) => Some(user),
        }
    }

    /// What a store tells keys of one kind apart by: 16 bytes of a person, 32 of an address.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        match &self.whose {
            Whose::Address(digest) => digest,
            Whose::User(user) => user.as_uuid().as_bytes(),
        }
    }
}

/// How often and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutPolicy {
    free: u32,
    first_wait: Duration,
    longest_wait: Duration,
    limit: u32,
}

impl Default for LockoutPolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl LockoutPolicy {
    /// 5 failures, then waits from 30 seconds to an hour, and an end at 100 failures in a row.
    pub const DEFAULT: Self = Self {
        free: 5,
        first_wait: Duration::from_secs(30),
        longest_wait: Duration::from_secs(3600),
        limit: 100,
    };

    /// The policy with another number of failures before the first wait, 1 to 10.
    #[must_use]
    pub fn free(self, failures: u32) -> Self {
        Self { free: failures.clamp(1, 10), ..self }
    }

    /// The policy with another first wait, at least a second.
    #[must_use]
    pub fn first_wait(self, wait: Duration) -> Self {
        Self { first_wait: wait.max(Duration::from_secs(1)), ..self }
    }

    /// The policy with another longest wait, at most a day.
    #[must_use]
    pub fn longest_wait(self, wait: Duration) -> Self {
        Self { longest_wait: wait.min(QUIET), ..self }
    }

    /// The policy with another number of failures in a row after which the credential opens nothing, at most 100.
    #[must_use]
    pub fn limit(self, failures: u32) -> Self {
        Self { limit: failures.clamp(1, 100), ..self }
    }

    fn wait_after(&self, failures: u32) -> Duration {
        let Some(beyond) = failures.checked_sub(self.free) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX);
        self.first_wait.saturating_mul(factor).min(self.longest_wait)
    }
}

/// The tries that were not a success, as a store keeps them. [`Tries::default`] is what nobody tried yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How many in a row.
    pub in_a_row: u32,
    /// How many of them since the last quiet day.
    pub lately: u32,
    /// When the last one was.
    pub last_at: Timestamp,
}

impl Default for Tries {
    fn default() -> Self {
        Self { in_a_row: 0, lately: 0, last_at: Timestamp::from_unix_millis(i64::MIN) }
    }
}

/// Whether somebody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserving {
    /// They may; the try is counted as a failure until it is forgotten.
    Granted,
    /// They must wait until then; nothing was counted.
    Wait(Timestamp),
    /// They may, and it will not help: the credential opens nothing any more. The try is counted.
    Blocked {
        /// Whether it came to that with this try.
        just_now: bool,
    },
}

/// Whether somebody may try at `now`, and what is to be kept of the tries.
#[must_use]
pub fn reserve(tries: Tries, policy: &LockoutPolicy, now: Timestamp) -> (Reserving, Tries) {
    // A clock that was set back: the last try was no later than now.
    let last_at = tries.last_at.min(now);
    let lately = if now.since(last_at) >= QUIET { 0 } else { tries.lately };
    let until = last_at.plus(policy.wait_after(lately));
    if lately > 0 && now < until {
        return (Reserving::Wait(until), Tries { last_at, ..tries });
    }
    let counted =
        Tries { in_a_row: tries.in_a_row.saturating_add(1), lately: lately.saturating_add(1), last_at: now };
    let reserving = if tries.in_a_row >= policy.limit {
        Reserving::Blocked { just_now: tries.in_a_row == policy.limit }
    } else {
        Reserving::Granted
    };
    (reserving, counted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    /// Tries as soon as is allowed, so many times; answers when the last was, and what it came to.
    fn guess(times: u32) -> (Timestamp, Reserving, Tries) {
        let (mut now, mut tries, mut last) = (NOW, Tries::default(), Reserving::Granted);
        let mut made = 0;
        while made < times {
            match reserve(tries, &LockoutPolicy::default(), now) {
                (Reserving::Wait(until), kept) => (now, tries) = (until, kept),
                (reserving, kept) => {
                    (last, tries) = (reserving, kept);
                    made += 1;
                }
            }
        }
        (now, last, tries)
    }

    #[test]
    fn five_tries_are_free_and_each_further_one_waits_twice_as_long() {
        let at = |n| guess(n).0.since(NOW).as_secs();
        assert_eq!([at(1), at(5), at(6), at(7), at(8)], [0, 0, 30, 90, 210]);
        assert_eq!(at(40) - at(39), 3600, "no wait is longer than an hour");
    }

    #[test]
    fn a_hundred_failures_in_a_row_are_the_last() {
        assert_eq!(guess(100).1, Reserving::Granted);
        assert_eq!(guess(101).1, Reserving::Blocked { just_now: true });
        assert_eq!(guess(102).1, Reserving::Blocked { just_now: false });
        let (now, _, tries) = guess(101);
        let years = now.plus(Duration::from_secs(3 * 365 * 24 * 3600));
        assert!(matches!(reserve(tries, &LockoutPolicy::default(), years).0, Reserving::Blocked { .. }));
    }

    #[test]
    fn a_quiet_day_forgets_the_waits_but_not_the_count() {
        let (now, _, tries) = guess(9);
        let policy = LockoutPolicy::default();
        assert!(matches!(reserve(tries, &policy, now).0, Reserving::Wait(_)));
        let (reserving, kept) = reserve(tries, &policy, now.plus(QUIET));
        assert_eq!((reserving, kept.in_a_row, kept.lately), (Reserving::Granted, 10, 1));
    }

    #[test]
    fn waiting_counts_nothing() {
        let (now, _, tries) = guess(6);
        let (_, kept) = reserve(tries, &LockoutPolicy::default(), now);
        assert_eq!(kept, tries);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_longer_and_frees_nobody() {
        let policy = LockoutPolicy::default();
        let (now, _, tries) = guess(6);
        let back = now.minus(Duration::from_secs(30 * 24 * 3600));
        let (waiting, kept) = reserve(tries, &policy, back);
        assert_eq!(waiting, Reserving::Wait(back.plus(Duration::from_secs(60))));
        assert_eq!(reserve(kept, &policy, back.plus(Duration::from_secs(59))).0, waiting);
        assert_eq!(reserve(kept, &policy, back.plus(Duration::from_secs(60))).0, Reserving::Granted);
    }

    #[test]
    fn a_clock_that_jumps_ahead_does_not_forget_the_count() {
        let (now, _, tries) = guess(99);
        let policy = LockoutPolicy::default();
        let (_, tries) = reserve(tries, &policy, now.plus(1000 * QUIET));
        let (reserving, _) = reserve(tries, &policy, now.plus(1001 * QUIET));
        assert_eq!(reserving, Reserving::Blocked { just_now: true });
    }

    #[test]
    fn a_policy_cannot_be_made_weaker_than_the_limit() {
        let weak = LockoutPolicy::default().limit(1_000_000).free(1000).first_wait(Duration::ZERO);
        assert_eq!((weak.limit, weak.free, weak.first_wait), (100, 10, Duration::from_secs(1)));
    }

    #[test]
    fn an_address_is_the_same_however_it_is_spelled() {
        let key = |typed| TryKey::of_nobody(CredentialClass::Password, typed);
        assert_eq!(key("Alice@Example.com "), key("alice@example.com"));
        assert_ne!(key("alice@example.com"), key("bob@example.com"));
        assert_ne!(key("alice"), key("bob"));
    }
}
