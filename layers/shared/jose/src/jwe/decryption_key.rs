//! The private key that tokens are encrypted to.

use std::fmt;

use p256::{SecretKey, pkcs8::DecodePrivateKey};

use super::{JweError, agreement::Agreement};
use crate::{Jwk, jwk::PublicKey};

/// A private key on P-256, read and checked once. There is none for RSA.
pub struct DecryptionKey {
    secret: SecretKey,
    public: Jwk,
}

impl DecryptionKey {
    /// Reads a PKCS #8 DER private key, such as [`generate()`](crate::generate()) makes for ES256; make one of its own
    /// for encryption. It is named by its thumbprint, [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638).
    ///
    /// # Errors
    /// When the key is damaged, or not on P-256.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, JweError> {
        SecretKey::from_pkcs8_der(pkcs8).ok().and_then(Self::new).ok_or(JweError::Key)
    }

    /// The public half, to publish: `use` is `enc`.
    #[must_use]
    pub const fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    pub(super) fn new(secret: SecretKey) -> Option<Self> {
        let public = PublicKey::p256(secret.public_key().to_sec1_bytes().as_ref().try_into().ok()?)?;
        let kid = public.thumbprint();
        Some(Self { secret, public: Jwk::for_encryption(public, kid) })
    }

    pub(super) fn agree(&self, point: &[u8; 65]) -> Option<Agreement> {
        Agreement::between(&self.secret, point)
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey").field("public", &self.public).finish_non_exhaustive()
    }
}
