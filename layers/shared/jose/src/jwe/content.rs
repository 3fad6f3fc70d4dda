//! Encrypting the text itself, [RFC 7518 section 5](https://www.rfc-editor.org/rfc/rfc7518#section-5).

use std::{fmt, str::FromStr};

use aes::Aes128;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use ring::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};
use towergate_core::{Random, Secret, random, secret::constant_time_eq};

use super::{JweError, fresh};

/// The length of every tag, in bytes.
const TAG: usize = 16;

/// The length of a block of AES, in bytes.
const BLOCK: usize = 16;

/// An authenticated encryption, [RFC 7518 section 5.1](https://www.rfc-editor.org/rfc/rfc7518#section-5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentEncryption {
    /// `A128GCM`.
    A128Gcm,
    /// `A256GCM`.
    A256Gcm,
    /// `A128CBC-HS256`.
    A128CbcHs256,
}

/// An encryption that is not spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content encryption is not supported")]
pub struct UnknownContentEncryption;

pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

impl ContentEncryption {
    /// All that are spoken.
    pub const ALL: [Self; 3] = [Self::A128Gcm, Self::A256Gcm, Self::A128CbcHs256];

    /// Its registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
            Self::A128CbcHs256 => "A128CBC-HS256",
        }
    }

    /// The length of its key, in bytes.
    pub(super) const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A256Gcm | Self::A128CbcHs256 => 32,
        }
    }

    pub(super) fn seal(
        self,
        key: &Secret<Vec<u8>>,
        plaintext: &[u8],
        aad: &[u8],
        source: &dyn Random,
    ) -> Result<Sealed, JweError> {
        let sealed = match self {
            Self::A128Gcm | Self::A256Gcm => {
                self.seal_gcm(key.expose(), random::bytes(source)?, plaintext, aad)
            }
            Self::A128CbcHs256 => {
                let iv = fresh(BLOCK, source)?;
                seal_cbc(key.expose(), iv.expose(), plaintext, aad)
            }
        };
        sealed.ok_or(JweError::Recipient)
    }

    /// The text, if its tag is right.
    pub(super) fn open(self, key: &Secret<Vec<u8>>, sealed: Sealed, aad: &[u8]) -> Option<Secret<Vec<u8>>> {
        if sealed.tag.len() != TAG {
            return None;
        }
        match self {
            Self::A128Gcm | Self::A256Gcm => self.open_gcm(key.expose(), sealed, aad),
            Self::A128CbcHs256 => open_cbc(key.expose(), sealed, aad),
        }
    }

    fn seal_gcm(self, key: &[u8], iv: [u8; 12], plaintext: &[u8], aad: &[u8]) -> Option<Sealed> {
        let mut text = plaintext.to_vec();
        let nonce = Nonce::assume_unique_for_key(iv);
        let tag = self.gcm(key)?.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut text).ok()?;
        Some(Sealed { iv: iv.to_vec(), ciphertext: text, tag: tag.as_ref().to_vec() })
    }

    fn open_gcm(self, key: &[u8], sealed: Sealed, aad: &[u8]) -> Option<Secret<Vec<u8>>> {
        let nonce = Nonce::try_assume_unique_for_key(&sealed.iv).ok()?;
        let mut text = Secret::new(sealed.ciphertext);
        text.expose_mut().extend(sealed.tag);
        let length = self.gcm(key)?.open_in_place(nonce, Aad::from(aad), text.expose_mut()).ok()?.len();
        text.expose_mut().truncate(length);
        Some(text)
    }

    fn gcm(self, key: &[u8]) -> Option<LessSafeKey> {
        let algorithm = if self == Self::A128Gcm { &AES_128_GCM } else { &AES_256_GCM };
        UnboundKey::new(algorithm, key).ok().map(LessSafeKey::new)
    }
}

/// [RFC 7518 section 5.2.2.1](https://www.rfc-editor.org/rfc/rfc7518#section-5.2.2.1).
fn seal_cbc(key: &[u8], iv: &[u8], plaintext: &[u8], aad: &[u8]) -> Option<Sealed> {
    let (mac_key, enc_key) = key.split_at_checked(BLOCK)?;
    let mut text = vec![0; plaintext.len() + BLOCK];
    let cipher = cbc::Encryptor::<Aes128>::new_from_slices(enc_key, iv).ok()?;
    let length = cipher.encrypt_padded_b2b::<Pkcs7>(plaintext, &mut text).ok()?.len();
    text.truncate(length);
    let tag = cbc_tag(mac_key, iv, &text, aad)?;
    Some(Sealed { iv: iv.to_vec(), ciphertext: text, tag })
}

/// The tag first: the padding of a text that nobody vouches for is never looked at,
/// [RFC 7518 section 5.2.2.2](https://www.rfc-editor.org/rfc/rfc7518#section-5.2.2.2).
fn open_cbc(key: &[u8], sealed: Sealed, aad: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (mac_key, enc_key) = key.split_at_checked(BLOCK)?;
    let cipher = cbc::Decryptor::<Aes128>::new_from_slices(enc_key, &sealed.iv).ok()?;
    if !constant_time_eq(&cbc_tag(mac_key, &sealed.iv, &sealed.ciphertext, aad)?, &sealed.tag) {
        return None;
    }
    let mut text = Secret::new(sealed.ciphertext);
    let length = cipher.decrypt_padded::<Pkcs7>(text.expose_mut()).ok()?.len();
    text.expose_mut().truncate(length);
    Some(text)
}

fn cbc_tag(mac_key: &[u8], iv: &[u8], ciphertext: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, mac_key));
    mac.update(aad);
    mac.update(iv);
    mac.update(ciphertext);
    mac.update(&u64::try_from(aad.len()).ok()?.checked_mul(8)?.to_be_bytes());
    mac.sign().as_ref().split_at_checked(TAG).map(|(tag, _)| tag.to_vec())
}

impl FromStr for ContentEncryption {
    type Err = UnknownContentEncryption;

    fn from_str(name: &str) -> Result<Self, UnknownContentEncryption> {
        Self::ALL.into_iter().find(|enc| enc.as_str() == name).ok_or(UnknownContentEncryption)
    }
}

impl fmt::Display for ContentEncryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
