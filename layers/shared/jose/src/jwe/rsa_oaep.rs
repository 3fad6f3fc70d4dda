//! Encrypting a key to an RSA key, [RFC 7518 section 4.3](https://www.rfc-editor.org/rfc/rfc7518#section-4.3).
//!
//! The public operation only: the private one of this implementation leaks by its time (RUSTSEC-2023-0071).

use rsa::{
    BoxedUint, Oaep, RsaPublicKey,
    rand_core::{TryCryptoRng, TryRng},
    traits::PaddingScheme,
};
use sha2::Sha256;
use towergate_core::{Random, RandomUnavailable, random};

use super::JweError;

pub(super) fn encrypt(n: &[u8], e: &[u8], key: &[u8], random: &dyn Random) -> Result<Vec<u8>, JweError> {
    let number = |bytes: &[u8]| {
        let bits = u32::try_from(bytes.len() * 8).ok()?;
        BoxedUint::from_be_slice(bytes, bits).ok()
    };
    let (n, e) = number(n).zip(number(e)).ok_or(JweError::Recipient)?;
    let recipient = RsaPublicKey::new(n, e).map_err(|_| JweError::Recipient)?;
    Oaep::<Sha256>::new().encrypt(&mut Source(random), &recipient, key).map_err(|error| match error {
        rsa::Error::Rng => JweError::Random(RandomUnavailable),
        _ => JweError::Recipient,
    })
}

/// The caller's randomness under the name that `rsa` has for it.
struct Source<'a>(&'a dyn Random);

impl TryRng for Source<'_> {
    type Error = RandomUnavailable;

    fn try_next_u32(&mut self) -> Result<u32, RandomUnavailable> {
        random::bytes(self.0).map(u32::from_le_bytes)
    }

    fn try_next_u64(&mut self) -> Result<u64, RandomUnavailable> {
        random::bytes(self.0).map(u64::from_le_bytes)
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), RandomUnavailable> {
        self.0.fill(dest)
    }
}

impl TryCryptoRng for Source<'_> {}
