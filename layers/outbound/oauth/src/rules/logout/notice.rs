//! Telling a client directly that a sign-in ended, until it has heard it or there is no hope.
//! [Back-Channel Logout section 2.5](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest)

use std::time::Duration;

use towergate_core::{Digest, Random, Timestamp, outbox::Retry};

use crate::rules::{client::ClientId, grant::Subject};

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
    /// How many attempts were before an operator had it sent again.
    pub forgiven: u32,
}

/// Which notice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeKey {
    /// The sign-in.
    pub sid: String,
    /// The client.
    pub client: ClientId,
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
    pub fn failed(&self, now: Timestamp, reason: &'static str, random: &dyn Random) -> Delivery {
        match Retry::STANDARD.after(self.attempt.saturating_sub(self.forgiven), now, None, random) {
            Some(at) => Delivery::RetryAt { at, reason },
            None => Delivery::GivenUp { reason },
        }
    }

    /// The `jti` of this attempt: 32 digits that all attempts of a notice share, a dot, and the number of the attempt. A token is
    /// never sent twice, for a client may refuse one that it has seen, however the first attempt ended; and a client that wants to
    /// know that it is told the same again can.
    #[must_use]
    pub fn jti(&self) -> String {
        let ended_at = self.ended_at.unix_millis().to_string();
        let parts = [self.sid.as_str(), self.client.as_str(), &ended_at].join("\0");
        let shared = Digest::of(parts.as_bytes());
        let digits = shared.as_bytes().iter().take(16).map(|byte| format!("{byte:02x}"));
        format!("{}.{}", digits.collect::<String>(), self.attempt)
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::random::InsecureSeededRandom;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn notice(attempt: u32, forgiven: u32) -> LogoutNotice {
        LogoutNotice {
            sid: String::from("sid-1"),
            client: ClientId::parse("shop").unwrap(),
            host: String::from("shop.example"),
            subject: Subject::parse("alice").unwrap(),
            ended_at: NOW,
            attempt,
            forgiven,
        }
    }

    #[test]
    fn the_seventh_failure_is_the_last_counted_from_when_it_was_replayed() {
        let random = InsecureSeededRandom::new(1);
        for (attempt, forgiven, again) in
            [(1, 0, true), (6, 0, true), (7, 0, false), (8, 7, true), (13, 7, true), (14, 7, false)]
        {
            let delivery = notice(attempt, forgiven).failed(NOW, "x", &random);
            assert_eq!(matches!(delivery, Delivery::RetryAt { .. }), again, "{attempt}");
        }
    }

    #[test]
    fn attempts_of_a_notice_are_known_by_their_jti_and_never_share_it() {
        let parts = |notice: LogoutNotice| {
            let jti = notice.jti();
            let (shared, attempt) = jti.split_once('.').unwrap();
            (shared.to_owned(), attempt.to_owned())
        };
        let (first, second) = (parts(notice(1, 0)), parts(notice(2, 1)));
        assert_eq!((&first.0, first.0.len()), (&second.0, 32));
        assert_eq!((first.1.as_str(), second.1.as_str()), ("1", "2"));
        for other in [
            LogoutNotice { sid: String::from("sid-2"), ..notice(1, 0) },
            LogoutNotice { client: ClientId::parse("shop-2").unwrap(), ..notice(1, 0) },
            LogoutNotice { ended_at: NOW.plus(Duration::from_millis(1)), ..notice(1, 0) },
        ] {
            assert_ne!(parts(other).0, first.0);
        }
    }
}
