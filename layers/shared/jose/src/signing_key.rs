//! A private key, ready to sign.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use serde::Serialize;
use towergate_core::system::OsRandom;

use crate::{
    Algorithm, Jwk,
    jwk::{MAX_KID_LENGTH, PublicKey},
};

/// Why a key could not be made or read, or did not sign.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoseError {
    /// The private key is not a PKCS #8 key of the algorithm.
    #[error("the private key is not a PKCS #8 key for {algorithm}")]
    Key {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// The key identifier is empty or longer than 255 bytes.
    #[error("a kid must have 1 to 255 bytes")]
    Kid,
    /// The token type holds a character that a media type may not have.
    #[error("typ must be a media type, or one without its `application/`")]
    Typ,
    /// The claims do not turn into JSON.
    #[error("the claims do not turn into JSON")]
    Claims(#[from] serde_json::Error),
    /// The claims turn into JSON that is no object.
    #[error("the claims must be a JSON object")]
    ClaimsNotAnObject,
    /// The system gave no random bytes.
    #[error("no randomness is to be had")]
    Random,
    /// An RSA key could not be made.
    #[error("the RSA key could not be generated")]
    Generation,
    /// The signature could not be made.
    #[error("the signature could not be made")]
    Signature,
}

/// A private key, read and checked once, that signs JWTs.
pub struct SigningKey {
    algorithm: Algorithm,
    jwk: Jwk,
    kid: String,
    /// The protected header up to the value of its last member, `typ`, as base64url; what does not fill a group of it is in `rest`.
    header: String,
    rest: Vec<u8>,
    pair: Pair,
    random: OsRandom,
}

enum Pair {
    P256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Reads a PKCS #8 DER private key. Without a `kid` it is named by its thumbprint,
    /// [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638).
    ///
    /// # Errors
    /// When the key is damaged, or not one of the algorithm; RSA keys have 2048 to 4096 bits.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8], kid: Option<String>) -> Result<Self, JoseError> {
        let random = OsRandom::new();
        let refused = |_| JoseError::Key { algorithm };
        let pair = match algorithm {
            Algorithm::ES256 => Pair::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, random.as_ring())
                    .map_err(refused)?,
            ),
            Algorithm::RS256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8).map_err(refused)?), &RSA_PKCS1_SHA256)
            }
            Algorithm::PS256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8).map_err(refused)?), &RSA_PSS_SHA256)
            }
            Algorithm::EdDSA => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(refused)?),
        };
        let public = pair.public().ok_or(JoseError::Key { algorithm })?;
        let kid = kid.unwrap_or_else(|| public.thumbprint());
        if kid.is_empty() || kid.len() > MAX_KID_LENGTH {
            return Err(JoseError::Kid);
        }
        let header =
            format!(r#"{{"alg":"{algorithm}","kid":{},"typ":""#, serde_json::Value::from(kid.as_str()));
        let (groups, rest) = header.as_bytes().as_chunks::<3>();
        let (header, rest) = (URL_SAFE_NO_PAD.encode(groups.as_flattened()), rest.to_vec());
        let jwk = Jwk::for_signing_key(public, kid.clone(), algorithm);
        Ok(Self { algorithm, jwk, kid, header, rest, pair, random })
    }

    /// The algorithm it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its identifier.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, to publish.
    #[must_use]
    pub const fn public_jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The claims as a signed JWT in compact form,
    /// [RFC 7515 section 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1).
    ///
    /// `typ` says what kind of token it is, so that one kind is never taken for another
    /// ([RFC 8725 section 3.11](https://www.rfc-editor.org/rfc/rfc8725#section-3.11)).
    ///
    /// # Errors
    /// When `typ` is no media type, the claims are no JSON object, or there is no randomness.
    pub fn sign_jwt<T: Serialize + ?Sized>(&self, typ: &str, claims: &T) -> Result<String, JoseError> {
        let media_type = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
        if typ.is_empty() || !typ.bytes().all(media_type) {
            return Err(JoseError::Typ);
        }
        let end_of_header = [self.rest.as_slice(), typ.as_bytes(), b"\"}"].concat();
        // Room for what most tokens say: a text that grows is copied.
        let mut text = Vec::with_capacity(512);
        serde_json::to_writer(&mut text, claims)?;
        if text.first() != Some(&b'{') {
            return Err(JoseError::ClaimsNotAnObject);
        }
        let mut token = String::with_capacity(
            self.header.len() + (end_of_header.len() + text.len() + self.signature_length()) * 4 / 3 + 8,
        );
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(end_of_header, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(text, &mut token);
        self.append_signature(&mut token)?;
        Ok(token)
    }

    fn append_signature(&self, token: &mut String) -> Result<(), JoseError> {
        let random = self.random.as_ring();
        match &self.pair {
            Pair::P256(pair) => {
                let signature = pair.sign(random, token.as_bytes()).map_err(|_| JoseError::Signature)?;
                append(token, signature.as_ref());
            }
            Pair::Ed25519(pair) => {
                let signature = pair.sign(token.as_bytes());
                append(token, signature.as_ref());
            }
            Pair::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*padding, random, token.as_bytes(), &mut signature)
                    .map_err(|_| JoseError::Signature)?;
                append(token, &signature);
            }
        }
        Ok(())
    }

    fn signature_length(&self) -> usize {
        match &self.pair {
            Pair::P256(_) | Pair::Ed25519(_) => 64,
            Pair::Rsa(pair, _) => pair.public().modulus_len(),
        }
    }
}

fn append(token: &mut String, signature: &[u8]) {
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, token);
}

impl Pair {
    fn public(&self) -> Option<PublicKey> {
        match self {
            Self::P256(pair) => PublicKey::p256(pair.public_key().as_ref().try_into().ok()?),
            Self::Ed25519(pair) => Some(PublicKey::ed25519(pair.public_key().as_ref().try_into().ok()?)),
            Self::Rsa(pair, _) => {
                let PublicKeyComponents { n, e } = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                PublicKey::rsa(n, e).ok()
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
