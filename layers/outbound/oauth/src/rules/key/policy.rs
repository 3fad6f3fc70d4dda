//! How long a signing key is in each state of its life.

use std::time::Duration;

use towergate_jose::Algorithm;

use crate::rules::{access_token, token::id_token};

/// The longest that anything lives which a key signs.
pub const LONGEST_LIVED: Duration = if id_token::LIFETIME.as_secs() > access_token::LIFETIME.as_secs() {
    id_token::LIFETIME
} else {
    access_token::LIFETIME
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Signed whatever the host asks for: the preferred algorithm, and the one that OpenID Connect requires.
const ALWAYS: [Algorithm; 2] = [Algorithm::ES256, Algorithm::RS256];

/// How signing keys take turns. Start from [`RotationPolicy::default`] and change what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RotationPolicy {
    /// What is signed with. ES256 and RS256 always are, named or not.
    pub algorithms: Vec<Algorithm>,
    /// How long anybody may use a copy of the JWKS or the metadata: their `max-age`. 5 minutes.
    pub cache_for: Duration,
    /// How often, at least, each instance of the host turns its ring, and so sees what another one did. 1 minute.
    pub turn_every: Duration,
    /// How long a key is in the JWKS before it signs: at least [`cache_for`](Self::cache_for) and
    /// [`turn_every`](Self::turn_every) together. 1 hour.
    pub publish_for: Duration,
    /// How long a key signs. 90 days.
    pub active_for: Duration,
    /// How long a key that signs no more still verifies: at least [`LONGEST_LIVED`] and
    /// [`turn_every`](Self::turn_every) together. 30 days, for the sake of old ID tokens that come back as hints.
    pub retiring_for: Duration,
}

/// Why a policy would break something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// Some copies of the JWKS would lack a key that signs.
    #[error("`publish_for` must be at least `cache_for` and `turn_every` together")]
    PublishedTooShort,
    /// A successor could not be published in time.
    #[error("`active_for` must be longer than `publish_for`")]
    ActiveTooShort,
    /// Tokens would outlive the key that verifies them.
    #[error(
        "`retiring_for` must be at least `turn_every` and {} seconds together, the life of an ID token",
        LONGEST_LIVED.as_secs()
    )]
    RetiringTooShort,
}

impl RotationPolicy {
    /// Whether every token can be verified for as long as it lives.
    ///
    /// # Errors
    /// When it could not.
    pub fn check(&self) -> Result<(), InvalidPolicy> {
        if self.publish_for < self.cache_for.saturating_add(self.turn_every) {
            return Err(InvalidPolicy::PublishedTooShort);
        }
        if self.active_for <= self.publish_for {
            return Err(InvalidPolicy::ActiveTooShort);
        }
        if self.retiring_for < LONGEST_LIVED.saturating_add(self.turn_every) {
            return Err(InvalidPolicy::RetiringTooShort);
        }
        Ok(())
    }

    /// What is signed with, the preferred one first.
    pub fn wanted(&self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(|wanted| ALWAYS.contains(wanted) || self.algorithms.contains(wanted))
    }
}

impl Default for RotationPolicy {
    fn default() -> Self {
        Self {
            algorithms: ALWAYS.to_vec(),
            cache_for: 5 * MINUTE,
            turn_every: MINUTE,
            publish_for: HOUR,
            active_for: 90 * DAY,
            retiring_for: 30 * DAY,
        }
    }
}
