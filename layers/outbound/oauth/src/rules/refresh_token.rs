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
