//! Signing keys: as a store keeps them, how long they live, and what is to be done about them next.
//!
//! 1. A key is *published* before it signs, for at least as long as anybody may use an old copy of the JWKS.
//! 2. There is one *active* key of each algorithm. It hands over to its successor in one step.
//! 3. It is *retiring*, and still verifies, for at least as long as anything lives that it signed.
//! 4. Then it is *retired*. No key ever moves back.

mod policy;
mod rotation;
#[cfg(test)]
mod tests;

use towergate_core::Timestamp;

pub use policy::{InvalidPolicy, LONGEST_LIVED, RotationPolicy};
pub use rotation::{Making, Move, Occasion, Plan, plan};

/// A signing key as a store keeps it.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// The key identifier, `kid`.
    pub kid: String,
    /// The JOSE name of its algorithm, for example `ES256`.
    pub algorithm: String,
    /// The PKCS #8 private key, sealed; empty once it signs no more.
    pub sealed_private: Vec<u8>,
    /// The public JWK as JSON.
    pub public_jwk: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is in this state.
    pub since: Timestamp,
}

/// Where a key is in its life. It only ever moves forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyState {
    /// In the JWKS, not used yet.
    Published,
    /// Signs.
    Active,
    /// Signs no more; what it signed is still verified.
    Retiring,
    /// Gone from the JWKS.
    Retired,
}

impl KeyState {
    /// All of them, in the order of a key's life.
    pub const ALL: [Self; 4] = [Self::Published, Self::Active, Self::Retiring, Self::Retired];

    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }

    /// Whether a key in this state signs, or will.
    #[must_use]
    pub const fn has_private_half(self) -> bool {
        matches!(self, Self::Published | Self::Active)
    }
}
