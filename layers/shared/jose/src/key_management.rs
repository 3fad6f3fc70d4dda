//! How the key of an encrypted token reaches its recipient.

use std::{fmt, str::FromStr};

/// A way to give the recipient the key, [RFC 7518 section 4.1](https://www.rfc-editor.org/rfc/rfc7518#section-4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyManagement {
    /// `ECDH-ES` on P-256: the agreed key is the key.
    EcdhEs,
    /// `ECDH-ES+A256KW` on P-256: the agreed key wraps the key.
    EcdhEsA256Kw,
    /// `RSA-OAEP-256`: only ever encrypted, since decryption would be a private RSA operation.
    RsaOaep256,
}

/// A way that is not spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key management algorithm is not supported")]
pub struct UnknownKeyManagement;

impl KeyManagement {
    /// All that are spoken.
    pub const ALL: [Self; 3] = [Self::EcdhEs, Self::EcdhEsA256Kw, Self::RsaOaep256];

    /// Its registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }
}

impl FromStr for KeyManagement {
    type Err = UnknownKeyManagement;

    fn from_str(name: &str) -> Result<Self, UnknownKeyManagement> {
        Self::ALL.into_iter().find(|way| way.as_str() == name).ok_or(UnknownKeyManagement)
    }
}

impl fmt::Display for KeyManagement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
