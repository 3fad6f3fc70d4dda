//! A refresh token: rotates at each use; a second use ends the family, but for an honest repetition.
//! [RFC 9700 4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)

use std::time::Duration;

use towergate_core::{Digest, Timestamp, id::Uuid, token::Prefix};

use super::grant::GrantId;

/// How a refresh token's text begins.
pub const PREFIX: Prefix = Prefix::new("tgrt");

/// How long a refresh token may lie unused.
pub const IDLE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long a family may be refreshed at all.
pub const ABSOLUTE_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long a client that lost the answer may ask for the same answer again.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(10);

/// A refresh token as a store keeps it.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// Its public half.
    pub id: Uuid,
    /// The digest of its secret half.
    pub digest: Digest,
    /// The grant it prolongs.
    pub grant: GrantId,
    /// 0 for the first of its family, one more at each rotation.
    pub generation: u32,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it stops working if it is not used; never later than `absolute_expires_at`.
    pub expires_at: Timestamp,
    /// When the family stops working.
    pub absolute_expires_at: Timestamp,
}

/// What has become of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefreshTokenState {
    /// Not used yet.
    Unused,
    /// Used once.
    Rotated {
        /// When.
        at: Timestamp,
        /// Whether the token that it was exchanged for has been used itself.
        successor_used: bool,
        /// The answer that was given, sealed under the presented token's own secret.
        sealed_answer: Vec<u8>,
    },
}

/// Whether a token that was exchanged at `rotated_at` is presented again so soon that it is the same client asking for
/// the same answer.
///
/// Of two requests at once the one that came first may be done second, so a moment before counts like one after. It
/// counts no longer either: a clock that was set back must not keep the window open until it has caught up.
#[must_use]
pub fn is_repetition(rotated_at: Timestamp, now: Timestamp, window: Duration) -> bool {
    now.since(rotated_at).max(rotated_at.since(now)) < window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repetition_is_near_on_either_side() {
        let (at, second) = (Timestamp::from_unix_seconds(1_700_000_000), Duration::from_secs(1));
        let near = REPEAT_WINDOW - Duration::from_millis(1);
        for moment in [at, at.plus(near), at.minus(near)] {
            assert!(is_repetition(at, moment, REPEAT_WINDOW), "{moment:?}");
        }
        for moment in [at.plus(REPEAT_WINDOW), at.minus(REPEAT_WINDOW), at.minus(3600 * second)] {
            assert!(!is_repetition(at, moment, REPEAT_WINDOW), "{moment:?}");
        }
        assert!(!is_repetition(at, at, Duration::ZERO));
    }
}
