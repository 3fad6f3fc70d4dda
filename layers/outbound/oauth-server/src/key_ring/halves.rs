//! The two halves of a key, between the store and the hand that signs.

use std::thread;

use futures_channel::oneshot;
use towergate_core::{Random, Secret, Timestamp, seal::SealingRing};
use towergate_jose::{Algorithm, JoseError, Jwk, SigningKey, generate};
use towergate_oauth::rules::key::{KeyRecord, Making};

use super::KeyRingError;

/// A private key that nobody keeps yet.
pub(super) struct Made {
    pub(super) algorithm: Algorithm,
    pkcs8: Secret<Vec<u8>>,
}

/// Makes keys, each in a thread of its own: an RSA key takes up to half a second.
pub(super) async fn make(algorithms: impl Iterator<Item = Algorithm>) -> Result<Vec<Made>, KeyRingError> {
    let begun: Vec<_> = algorithms.map(|algorithm| (algorithm, begin(algorithm))).collect();
    let mut made = Vec::with_capacity(begun.len());
    for (algorithm, pkcs8) in begun {
        let pkcs8 = pkcs8.await.unwrap_or(Err(JoseError::Generation)).map_err(unnamed)?;
        made.push(Made { algorithm, pkcs8 });
    }
    Ok(made)
}

fn begin(algorithm: Algorithm) -> oneshot::Receiver<Result<Secret<Vec<u8>>, JoseError>> {
    let (tell, told) = oneshot::channel();
    let work = move || {
        // Whoever asked may have gone away.
        let _ = tell.send(generate(algorithm));
    };
    // A thread that cannot be had leaves the sender dropped, which tells.
    let _ = thread::Builder::new().name(String::from("towergate-keys")).spawn(work);
    told
}

impl Made {
    /// As a store keeps it.
    pub(super) fn record(
        &self,
        making: Making,
        now: Timestamp,
        sealing: &SealingRing,
        random: &dyn Random,
    ) -> Result<KeyRecord, KeyRingError> {
        let key = SigningKey::from_pkcs8(self.algorithm, self.pkcs8.expose(), None).map_err(unnamed)?;
        let kid = key.kid().to_owned();
        let sealed_private = sealing
            .seal(&context(&kid), self.pkcs8.expose(), random)
            .map_err(|cause| KeyRingError::Seal { kid: kid.clone(), cause })?;
        let public_jwk =
            serde_json::to_string(key.public_jwk()).map_err(|cause| unnamed(JoseError::Claims(cause)))?;
        Ok(KeyRecord {
            kid,
            algorithm: self.algorithm.as_str().to_owned(),
            sealed_private,
            public_jwk,
            state: making.state,
            created_at: now,
            since: now,
        })
    }
}

pub(super) fn private_half(
    record: &KeyRecord,
    algorithm: Algorithm,
    sealing: &SealingRing,
) -> Result<SigningKey, KeyRingError> {
    let kid = record.kid.clone();
    let pkcs8 = sealing
        .open(&context(&kid), &record.sealed_private)
        .map_err(|cause| KeyRingError::Seal { kid: kid.clone(), cause })?;
    let key = SigningKey::from_pkcs8(algorithm, pkcs8.expose(), Some(kid.clone()))
        .map_err(|cause| KeyRingError::Key { kid: kid.clone(), cause })?;
    if public_half(record)?.thumbprint() != key.public_jwk().thumbprint() {
        return Err(KeyRingError::Mismatch { kid });
    }
    Ok(key)
}

pub(super) fn public_half(record: &KeyRecord) -> Result<Jwk, KeyRingError> {
    Jwk::parse(record.public_jwk.as_bytes())
        .map_err(|cause| KeyRingError::Public { kid: record.kid.clone(), cause })
}

/// The private half under the current sealing key, if it is under an older one.
pub(super) fn sealed_anew(
    record: &KeyRecord,
    sealing: &SealingRing,
    random: &dyn Random,
) -> Result<Option<Vec<u8>>, KeyRingError> {
    let context = context(&record.kid);
    let anew = || {
        if !sealing.is_stale(&record.sealed_private)? {
            return Ok(None);
        }
        let pkcs8 = sealing.open(&context, &record.sealed_private)?;
        sealing.seal(&context, pkcs8.expose(), random).map(Some)
    };
    anew().map_err(|cause| KeyRingError::Seal { kid: record.kid.clone(), cause })
}

/// A sealed key opens only in its own row.
pub(crate) fn context(kid: &str) -> Vec<u8> {
    format!("signing key {kid}").into_bytes()
}

const fn unnamed(cause: JoseError) -> KeyRingError {
    KeyRingError::Key { kid: String::new(), cause }
}
