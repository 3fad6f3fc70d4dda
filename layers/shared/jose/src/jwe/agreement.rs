//! Agreeing on a key, [RFC 7518 section 4.6](https://www.rfc-editor.org/rfc/rfc7518#section-4.6).

use aes_kw::{KeyInit, KwAes256};
use p256::{SecretKey, ecdh::SharedSecret};
use ring::digest::{Context, SHA256};
use serde_json::{Value, json};
use towergate_core::{Random, RandomUnavailable, Secret, random};

use super::JweError;
use crate::{KeyManagement, jwk::PublicKey};

/// What AES key wrap adds to a key, in bytes.
const WRAP_OVERHEAD: usize = 8;

/// How often a random number may miss the curve's order before the source is called broken: one miss is one in 2^32.
const MAX_DRAWS: usize = 4;

/// What both sides know and nobody else.
pub(super) struct Agreement(SharedSecret);

impl Agreement {
    /// With a key made for one token; its public half goes into the header as `epk`.
    pub(super) fn with_ephemeral(point: &[u8; 65], random: &dyn Random) -> Result<(Self, Value), JweError> {
        let ephemeral = ephemeral(random)?;
        let agreement = Self::between(&ephemeral, point).ok_or(JweError::Recipient)?;
        let epk = ephemeral.public_key().to_sec1_bytes().as_ref().try_into().ok();
        let epk = epk.and_then(PublicKey::p256).ok_or(JweError::Recipient)?;
        Ok((agreement, json!(epk.bare())))
    }

    /// Nothing when the point is not on the curve: a point elsewhere would betray the private key piece by piece.
    pub(super) fn between(secret: &SecretKey, point: &[u8; 65]) -> Option<Self> {
        let public = p256::PublicKey::from_sec1_bytes(point).ok()?;
        Some(Self(secret.diffie_hellman(&public)))
    }

    /// The Concat KDF, [RFC 7518 section 4.6.2](https://www.rfc-editor.org/rfc/rfc7518#section-4.6.2).
    /// No key here is longer than one SHA-256, so there is one round.
    pub(super) fn derive(&self, algorithm: &str, apu: &[u8], apv: &[u8], length: usize) -> Secret<Vec<u8>> {
        let mut round = Context::new(&SHA256);
        round.update(&1_u32.to_be_bytes());
        round.update(self.0.raw_secret_bytes());
        for field in [algorithm.as_bytes(), apu, apv] {
            // Every field comes from a token of bounded length.
            round.update(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            round.update(field);
        }
        round.update(&u32::try_from(length * 8).unwrap_or(u32::MAX).to_be_bytes());
        Secret::new(round.finish().as_ref().iter().copied().take(length).collect())
    }

    /// The key under the agreed key, [RFC 3394](https://www.rfc-editor.org/rfc/rfc3394).
    pub(super) fn wrap(&self, alg: KeyManagement, key: &[u8]) -> Option<Vec<u8>> {
        let mut wrapped = vec![0; key.len() + WRAP_OVERHEAD];
        self.wrapping_key(alg, b"", b"")?.wrap_key(key, &mut wrapped).ok()?;
        Some(wrapped)
    }

    /// The key of exactly this length out of its wrapping.
    pub(super) fn unwrap(
        &self,
        alg: KeyManagement,
        apu: &[u8],
        apv: &[u8],
        wrapped: &[u8],
        length: usize,
    ) -> Option<Secret<Vec<u8>>> {
        if wrapped.len() != length + WRAP_OVERHEAD {
            return None;
        }
        let mut key = Secret::new(vec![0; length]);
        self.wrapping_key(alg, apu, apv)?.unwrap_key(wrapped, key.expose_mut()).ok()?;
        Some(key)
    }

    fn wrapping_key(&self, alg: KeyManagement, apu: &[u8], apv: &[u8]) -> Option<KwAes256> {
        KwAes256::new_from_slice(self.derive(alg.as_str(), apu, apv, 32).expose()).ok()
    }
}

fn ephemeral(source: &dyn Random) -> Result<SecretKey, RandomUnavailable> {
    for _ in 0..MAX_DRAWS {
        let bytes = Secret::new(random::bytes::<32>(source)?);
        if let Ok(key) = SecretKey::from_slice(bytes.expose()) {
            return Ok(key);
        }
    }
    Err(RandomUnavailable)
}
