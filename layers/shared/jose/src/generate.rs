//! Making private keys.

use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use rsa::pkcs8::EncodePrivateKey;
use towergate_core::{Random, Secret, system::OsRandom};

use crate::{Algorithm, JoseError};

/// The length of the RSA keys that are made, in bits.
const RSA_BITS: usize = 2048;

/// A fresh private key as PKCS #8 DER, [RFC 5958](https://www.rfc-editor.org/rfc/rfc5958): seal it before it is kept.
///
/// It comes from the operating system's randomness; ring takes no other. An RSA key costs up to half a second of
/// one core: make it off the async threads.
///
/// # Errors
/// When no randomness is to be had.
pub fn generate(algorithm: Algorithm) -> Result<Secret<Vec<u8>>, JoseError> {
    let random = OsRandom::new();
    match algorithm {
        Algorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random.as_ring())
            .map(|document| Secret::new(document.as_ref().to_vec()))
            .map_err(|_| JoseError::Random),
        Algorithm::EdDSA => Ed25519KeyPair::generate_pkcs8(random.as_ring())
            .map(|document| Secret::new(document.as_ref().to_vec()))
            .map_err(|_| JoseError::Random),
        Algorithm::RS256 | Algorithm::PS256 => generate_rsa(&random),
    }
}

fn generate_rsa(random: &OsRandom) -> Result<Secret<Vec<u8>>, JoseError> {
    // The generator below cannot report a failure, so it is asked for only when the system has just given bytes.
    random.fill(&mut [0; 32]).map_err(|_| JoseError::Random)?;
    let mut system = rand::rand_core::UnwrapErr(rand::rngs::SysRng);
    let key = rsa::RsaPrivateKey::new(&mut system, RSA_BITS).map_err(|_| JoseError::Generation)?;
    let document = key.to_pkcs8_der().map_err(|_| JoseError::Generation)?;
    Ok(Secret::new(document.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;

    #[test]
    fn every_algorithm_gets_a_key_that_it_accepts_and_no_two_are_alike() {
        for algorithm in Algorithm::ALL {
            let (one, two) = (generate(algorithm).unwrap(), generate(algorithm).unwrap());
            let one = SigningKey::from_pkcs8(algorithm, one.expose(), None).unwrap();
            let two = SigningKey::from_pkcs8(algorithm, two.expose(), None).unwrap();
            assert_ne!(one.kid(), two.kid());
        }
    }
}
