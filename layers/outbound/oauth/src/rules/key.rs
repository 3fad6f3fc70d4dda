//! A signing key as a store keeps it: the private half sealed, the public half published before it is used.

use towergate_core::Timestamp;

/// A signing key as a store keeps it.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    /// The key identifier, `kid`.
    pub kid: String,
    /// The JOSE name of its algorithm, for example `ES256`.
    pub algorithm: String,
    /// The PKCS #8 private key, sealed.
    pub sealed_private: Vec<u8>,
    /// The public JWK as JSON.
    pub public_jwk: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Timestamp,
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
}
