//! A public key that verifies signatures or is encrypted to, as a JSON Web Key, [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
        RsaPublicKeyComponents, UnparsedPublicKey,
    },
};
use serde::{Deserialize, Serialize};

use self::members::Members;
use crate::{Algorithm, KeyManagement};

mod members;

/// The longest key identifier, in bytes.
pub(crate) const MAX_KID_LENGTH: usize = 255;

/// The shortest and longest RSA modulus, in bytes.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// Why a JSON Web Key is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkError {
    /// It is not a JSON object with the members of its type, each once and of the right form.
    #[error("malformed key")]
    Malformed,
    /// It holds private or symmetric key material, which must never travel.
    #[error("the key holds private material")]
    Private,
    /// Its type, curve or algorithm is not spoken here.
    #[error("the key type, curve or algorithm is not supported")]
    Unsupported,
    /// It is meant neither for verifying signatures nor for encryption.
    #[error("the key is neither for verifying signatures nor for encryption")]
    NotForSignatures,
    /// A number in it has the wrong length: an RSA modulus has 2048 to 4096 bits, a coordinate exactly 256.
    #[error("the key has the wrong size")]
    Size,
}

/// A public key: it verifies signatures, or is encrypted to, and never both when it says which.
///
/// Reading is strict: private members, other uses, wrong sizes and non-canonical encodings are refused.
/// Unknown members are left out, [RFC 7517 section 4](https://www.rfc-editor.org/rfc/rfc7517#section-4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub struct Jwk {
    key: PublicKey,
    kid: Option<String>,
    purpose: Purpose,
}

/// What a key says it is for, [RFC 7517 section 4.2](https://www.rfc-editor.org/rfc/rfc7517#section-4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// `sig`: it verifies signatures.
    Signature,
    /// `enc`: it is encrypted to.
    Encryption,
}

/// What a key is meant for, by its `use`, `key_ops` and `alg`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It does not say.
    Open,
    Signatures(Option<Algorithm>),
    Encryption(Option<KeyManagement>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// The uncompressed point: 4, x, y.
    P256([u8; 65]),
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Ed25519([u8; 32]),
}

impl Jwk {
    /// Reads one key from JSON.
    ///
    /// # Errors
    /// When it is malformed, private, not supported, not for signatures, or of the wrong size.
    pub fn parse(json: &[u8]) -> Result<Self, JwkError> {
        serde_json::from_slice::<Members>(json).map_err(|_| JwkError::Malformed)?.try_into()
    }

    /// One key of a set.
    pub(crate) fn from_value(json: serde_json::Value) -> Result<Self, JwkError> {
        serde_json::from_value::<Members>(json).map_err(|_| JwkError::Malformed)?.try_into()
    }

    pub(crate) const fn for_signing_key(key: PublicKey, kid: String, algorithm: Algorithm) -> Self {
        Self { key, kid: Some(kid), purpose: Purpose::Signatures(Some(algorithm)) }
    }

    #[cfg(feature = "jwe")]
    pub(crate) const fn for_encryption(key: PublicKey, kid: String) -> Self {
        Self { key, kid: Some(kid), purpose: Purpose::Encryption(None) }
    }

    #[cfg(feature = "jwe")]
    pub(crate) const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Its identifier.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// What it is for, by its `use`, `key_ops` and `alg`; nothing when it does not say.
    #[must_use]
    pub const fn key_use(&self) -> Option<KeyUse> {
        match self.purpose {
            Purpose::Open => None,
            Purpose::Signatures(_) => Some(KeyUse::Signature),
            Purpose::Encryption(_) => Some(KeyUse::Encryption),
        }
    }

    /// The one signature algorithm it is meant for, if it says so.
    #[must_use]
    pub const fn algorithm(&self) -> Option<Algorithm> {
        match self.purpose {
            Purpose::Signatures(algorithm) => algorithm,
            Purpose::Open | Purpose::Encryption(_) => None,
        }
    }

    /// Whether its type and use, and its `alg` if it has one, allow this signature algorithm.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        let meant = match self.purpose {
            Purpose::Open => true,
            Purpose::Signatures(own) => own.is_none_or(|own| own == algorithm),
            Purpose::Encryption(_) => false,
        };
        meant && self.key.fits(algorithm)
    }

    /// Whether its type and use, and its `alg` if it has one, allow to encrypt to it in this way.
    #[must_use]
    pub fn allows_encryption(&self, by: KeyManagement) -> bool {
        let meant = match self.purpose {
            Purpose::Open => true,
            Purpose::Encryption(own) => own.is_none_or(|own| own == by),
            Purpose::Signatures(_) => false,
        };
        meant && self.key.fits_encryption(by)
    }

    /// The SHA-256 thumbprint in base64url,
    /// [RFC 7638 section 3](https://www.rfc-editor.org/rfc/rfc7638#section-3).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.key.thumbprint()
    }

    /// Whether `signature` is this key's, by `algorithm`, over `message`.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.allows(algorithm) {
            return false;
        }
        match &self.key {
            PublicKey::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            PublicKey::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
            PublicKey::Rsa { n, e } => {
                let padding = match algorithm {
                    Algorithm::PS256 => &RSA_PSS_2048_8192_SHA256,
                    Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => &RSA_PKCS1_2048_8192_SHA256,
                };
                RsaPublicKeyComponents { n, e }.verify(padding, message, signature)
            }
        }
        .is_ok()
    }
}

impl PublicKey {
    /// A point in uncompressed form.
    pub(crate) const fn p256(point: [u8; 65]) -> Option<Self> {
        if point[0] == 4 { Some(Self::P256(point)) } else { None }
    }

    pub(crate) const fn ed25519(point: [u8; 32]) -> Self {
        Self::Ed25519(point)
    }

    /// Exponents below 65537 are refused, as ring does when it signs.
    pub(crate) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, JwkError> {
        let canonical = |number: &[u8]| number.first().is_some_and(|&byte| byte != 0);
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        if !(canonical(&n) && canonical(&e) && odd(&n) && odd(&e)) {
            return Err(JwkError::Malformed);
        }
        if !RSA_MODULUS.contains(&n.len()) || !(3..=4).contains(&e.len()) {
            return Err(JwkError::Size);
        }
        // 2048 bits are 2048 bits: a leading byte below 128 makes a shorter number.
        if n.len() == *RSA_MODULUS.start() && n.first().is_some_and(|&byte| byte < 0x80) {
            return Err(JwkError::Size);
        }
        Ok(Self::Rsa { n, e })
    }

    /// Only the members that make the key, as a token carries it in its header.
    #[cfg(feature = "jwe")]
    pub(crate) fn bare(&self) -> impl Serialize {
        Members::of(self)
    }

    const fn fits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::P256(_), Algorithm::ES256)
                | (Self::Rsa { .. }, Algorithm::RS256 | Algorithm::PS256)
                | (Self::Ed25519(_), Algorithm::EdDSA)
        )
    }

    const fn fits_encryption(&self, by: KeyManagement) -> bool {
        matches!(
            (self, by),
            (Self::P256(_), KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw)
                | (Self::Rsa { .. }, KeyManagement::RsaOaep256)
        )
    }

    /// The required members in lexicographic order without white space; base64url needs no escaping.
    pub(crate) fn thumbprint(&self) -> String {
        let Members { kty, crv, x, y, n, e, .. } = Members::of(self);
        let crv = crv.unwrap_or_default();
        let (x, y) = (x.unwrap_or_default(), y.unwrap_or_default());
        let (n, e) = (n.unwrap_or_default(), e.unwrap_or_default());
        let canonical = match self {
            Self::P256(_) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
            Self::Rsa { .. } => format!(r#"{{"e":"{e}","kty":"{kty}","n":"{n}"}}"#),
            Self::Ed25519(_) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
