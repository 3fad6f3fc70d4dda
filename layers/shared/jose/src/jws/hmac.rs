//! The door of shared secrets, [RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2): for
//! `client_secret_jwt`, and nothing that a third party must be able to verify.
//!
//! Its algorithms and its key are types of their own: no public key fits in here, and no secret fits into
//! [`jws::verify`](super::verify()). The rules are those of [the module above](super), with the secret in the place of
//! the set of keys; a `kid` selects nothing.
//!
//! ```
//! use towergate_core::Secret;
//! use towergate_jose::{Expected, jws::{Typ, hmac::{self, HmacAlgorithm}}};
//!
//! let token = "eyJhbGciOiJIUzI1NiJ9.e30.7eW2e-wpV5nC-isAVUJ7WKzmxzTB3eRwB7uWR7aq4Ow";
//! let secret = Secret::from("a secret that a machine has made");
//! let expected = Expected { algorithms: &[HmacAlgorithm::HS256], typ: Typ::AbsentOr(&["JWT"]) };
//! assert!(hmac::verify(token, &secret, &expected).is_ok());
//! assert!(hmac::verify(token, &Secret::from("another secret, no shorter than that"), &expected).is_err());
//! ```

use std::{fmt, str::FromStr};

use ring::hmac::{HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key};
use towergate_core::Secret;
use zeroize::Zeroize;

use super::{Expected, JwsError, Verified, parts::Parts};
use crate::UnknownAlgorithm;

/// A signature algorithm of a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HmacAlgorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
}

/// Verifies a token against the secret that the caller shares with its sender. The key is the secret's bytes, as
/// [OpenID Connect Core section 10.1](https://openid.net/specs/openid-connect-core-1_0.html#Signing) has it.
///
/// # Errors
/// When the token breaks one of the rules of [`jws`](super), or the secret is shorter than the algorithm's hash.
pub fn verify<T: AsRef<[u8]> + Zeroize>(
    compact: &str,
    secret: &Secret<T>,
    expected: &Expected<'_, HmacAlgorithm>,
) -> Result<Verified<HmacAlgorithm>, JwsError> {
    let parts = Parts::read(compact)?;
    let algorithm = parts.algorithm(expected)?;
    let hash = match algorithm {
        HmacAlgorithm::HS256 => HMAC_SHA256,
        HmacAlgorithm::HS384 => HMAC_SHA384,
        HmacAlgorithm::HS512 => HMAC_SHA512,
    };
    let secret = secret.expose().as_ref();
    if secret.len() < hash.digest_algorithm().output_len() {
        return Err(JwsError::WeakSecret);
    }
    ring::hmac::verify(&Key::new(hash, secret), parts.message.as_bytes(), &parts.signature)
        .map_err(|_| JwsError::Signature)?;
    Verified::new(algorithm, parts)
}

impl HmacAlgorithm {
    /// All of them, the most common one first.
    pub const ALL: [Self; 3] = [Self::HS256, Self::HS384, Self::HS512];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }
}

impl fmt::Display for HmacAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HmacAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests;
