//! Telling a client directly that a sign-in ended, until it has heard it or there is no hope.
//! [Back-Channel Logout section 2.5](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest)

use std::time::Duration;

use towergate_core::Timestamp;

use crate::rules::{client::ClientId, grant::Subject};

/// How long each attempt but the last waits for the next.
pub const DELAYS: [Duration; 5] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
];

/// How long an attempt belongs to whoever took it; afterwards another instance may try.
pub const LEASE: Duration = Duration::from_secs(60);

/// How long a store remembers what became of a notice, so that nobody is told twice.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a store remembers that a client had a grant in a sign-in, after the last one: longer than sign-ins live.
pub const CLIENT_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// A client to be told that a sign-in ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutNotice {
    /// The sign-in.
    pub sid: String,
    /// The client: once for each sign-in.
    pub client: ClientId,
    /// The [host](crate::rules::client::destination::host_of) that it is told at, as registered when the sign-in ended.
    pub host: String,
    /// Who was signed in.
    pub subject: Subject,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The number of this attempt, from 1.
    pub attempt: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The client has heard it.
    Delivered,
    /// It is to be tried again.
    RetryAt {
        /// When.
        at: Timestamp,
        /// Why it failed now, as a stable lower-case word.
        reason: &'static str,
    },
    /// It is not tried again.
    GivenUp {
        /// Why, as a stable lower-case word.
        reason: &'static str,
    },
}

impl LogoutNotice {
    /// What follows when this attempt failed at `now` in a way that may pass.
    #[must_use]
    pub fn failed(&self, now: Timestamp, reason: &'static str) -> Delivery {
        let before = usize::try_from(self.attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        match DELAYS.get(before) {
            Some(delay) => Delivery::RetryAt { at: now.plus(*delay), reason },
            None => Delivery::GivenUp { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_waits_longer_and_the_sixth_is_the_last() {
        let now = Timestamp::from_unix_seconds(1_700_000_000);
        let notice = |attempt| LogoutNotice {
            sid: String::from("sid-1"),
            client: ClientId::parse("shop").unwrap(),
            host: String::from("shop.example"),
            subject: Subject::parse("alice").unwrap(),
            ended_at: now,
            attempt,
        };
        for (attempt, seconds) in [(1, 10), (2, 60), (3, 300), (4, 1800), (5, 7200)] {
            let at = now.plus(Duration::from_secs(seconds));
            assert_eq!(notice(attempt).failed(now, "x"), Delivery::RetryAt { at, reason: "x" });
        }
        for attempt in [6, 7, u32::MAX] {
            assert_eq!(notice(attempt).failed(now, "x"), Delivery::GivenUp { reason: "x" });
        }
    }
}
