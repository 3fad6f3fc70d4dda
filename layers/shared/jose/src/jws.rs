//! Verifying a JWS in compact form, [RFC 7515 section 5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2).
//!
//! The rules, in order: at most [`MAX_LENGTH`] bytes; three parts in canonical base64url; a header that says each
//! thing once; an algorithm that the caller expects; no `crit` and no `b64`, since no extension is understood; the
//! expected `typ`; one key of the caller's own set, by `kid` if there is one, that fits the algorithm; the signature;
//! a payload that is one JSON object which says each thing once. Keys and addresses of keys inside the token
//! (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
//!
//! [`verify`] takes public keys and their algorithms. Shared secrets have a door and algorithms of their own,
//! [`hmac`], so that a public key is never taken for a secret. [`peek`] proves nothing, and says so.

use std::fmt;

use serde::de::DeserializeOwned;

use self::parts::Parts;
use crate::{Algorithm, JwkSet, json::is_unambiguous_object, jwk_set::Selection};

pub mod hmac;
mod parts;
mod typ;
mod unverified;

pub use typ::Typ;
pub use unverified::{Unverified, peek};

/// The longest token that is read, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;

/// What the caller asks of a token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a, A = Algorithm> {
    /// The algorithms it may be signed with.
    pub algorithms: &'a [A],
    /// Its type.
    pub typ: Typ<'a>,
}

/// What a verified header said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<A = Algorithm> {
    /// The algorithm of the signature.
    pub algorithm: A,
    /// The key's name, if the token names it.
    pub kid: Option<String>,
    /// The token's type as it was written.
    pub typ: Option<String>,
}

/// A token whose signature and form are right; only [`verify`] makes it, and [`hmac::verify`] one of another type.
/// Its claims are still to be judged.
pub struct Verified<A = Algorithm> {
    header: Header<A>,
    payload: Vec<u8>,
}

/// Why a token was refused: for the operator; the peer is told only that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwsError {
    /// It is longer than [`MAX_LENGTH`].
    #[error("the token is too long")]
    TooLong,
    /// It is not three parts of canonical base64url, or its header is not an unambiguous JSON object.
    #[error("the token is malformed")]
    Malformed,
    /// Its algorithm is unknown or not expected here.
    #[error("the algorithm is refused")]
    Algorithm,
    /// It asks for an extension (`crit`, `b64`); none is understood.
    #[error("the token asks for an extension that is not understood")]
    Extension,
    /// It is a token of another kind.
    #[error("the token is of another type")]
    Typ,
    /// No key of the set has its `kid`, or none fits.
    #[error("the key is unknown")]
    UnknownKey,
    /// The key of this name is not for this algorithm.
    #[error("the key is not for this algorithm")]
    WrongKey,
    /// It names no key, or a name that several have, and more than one would fit.
    #[error("several keys would fit")]
    AmbiguousKey,
    /// The shared secret is shorter than the hash of the algorithm.
    #[error("the shared secret is too short for the algorithm")]
    WeakSecret,
    /// The signature is not the key's.
    #[error("the signature is wrong")]
    Signature,
    /// Its payload is not one JSON object that says each thing once.
    #[error("the claims are malformed or ambiguous")]
    Claims,
}

/// Verifies a token against the keys that the caller trusts.
///
/// # Errors
/// When the token breaks one of the rules of this module.
pub fn verify(compact: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Verified, JwsError> {
    let parts = Parts::read(compact)?;
    let algorithm = parts.algorithm(expected)?;
    let key = keys.select(algorithm, parts.header.kid.as_deref()).map_err(|reason| match reason {
        Selection::Unknown => JwsError::UnknownKey,
        Selection::WrongAlgorithm => JwsError::WrongKey,
        Selection::Ambiguous => JwsError::AmbiguousKey,
    })?;
    if !key.verifies(algorithm, parts.message.as_bytes(), &parts.signature) {
        return Err(JwsError::Signature);
    }
    Verified::new(algorithm, parts)
}

impl<A> Verified<A> {
    /// Called once the signature has been found right.
    fn new(algorithm: A, parts: Parts<'_>) -> Result<Self, JwsError> {
        if !is_unambiguous_object(&parts.payload) {
            return Err(JwsError::Claims);
        }
        let header = Header { algorithm, kid: parts.header.kid, typ: parts.header.typ };
        Ok(Self { header, payload: parts.payload })
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header<A> {
        &self.header
    }

    /// The payload as it was signed: one JSON object.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as claims of a type of the caller's.
    ///
    /// # Errors
    /// When a claim is missing or of another form.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Claims)
    }
}

impl<A: fmt::Debug> fmt::Debug for Verified<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
