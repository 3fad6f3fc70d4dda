//! Verifying a JWS in compact form, [RFC 7515 section 5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2).
//!
//! The rules, in order: at most [`MAX_LENGTH`] bytes; three parts in canonical base64url; a header that says each
//! thing once; an algorithm that the caller expects; no `crit` and no `b64`, since no extension is understood; the
//! expected `typ`; one key of the caller's own set, by `kid` if there is one, that fits the algorithm; the signature;
//! a payload that is one JSON object which says each thing once. Keys and addresses of keys inside the token
//! (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::{Algorithm, JwkSet, json::is_unambiguous_object, jwk_set::Selection};

/// The longest token that is read, in bytes.
pub const MAX_LENGTH: usize = 16 * 1024;

/// What the caller asks of a token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The algorithms it may be signed with.
    pub algorithms: &'a [Algorithm],
    /// Its type, without `application/`; compared without regard to case,
    /// [RFC 7515 section 4.1.9](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9).
    pub typ: &'a str,
}

/// What a verified header said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The key's name, if the token names it.
    pub kid: Option<String>,
    /// The token's type as it was written.
    pub typ: Option<String>,
}

/// A token whose signature and form are right; only [`verify`] makes it. Its claims are still to be judged.
pub struct Verified {
    header: Header,
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
    let verified = verify_signature(compact, keys, expected.algorithms, |typ| {
        typ.is_some_and(|typ| is_type(typ, expected.typ))
    })?;
    if !is_unambiguous_object(&verified.payload) {
        return Err(JwsError::Claims);
    }
    Ok(verified)
}

impl Verified {
    /// The header.
    #[must_use]
    pub const fn header(&self) -> &Header {
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

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).finish_non_exhaustive()
    }
}

fn verify_signature(
    compact: &str,
    keys: &JwkSet,
    algorithms: &[Algorithm],
    is_expected_type: impl Fn(Option<&str>) -> bool,
) -> Result<Verified, JwsError> {
    if compact.len() > MAX_LENGTH {
        return Err(JwsError::TooLong);
    }
    let (message, signature) = compact.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(JwsError::Malformed)?;
    let header = RawHeader::decode(header)?;
    let signature = decode(signature)?;
    let payload = decode(payload)?;
    let algorithm = header.alg.parse::<Algorithm>().map_err(|_| JwsError::Algorithm)?;
    if !algorithms.contains(&algorithm) {
        return Err(JwsError::Algorithm);
    }
    if header.crit || header.b64 {
        return Err(JwsError::Extension);
    }
    if !is_expected_type(header.typ.as_deref()) {
        return Err(JwsError::Typ);
    }
    let key = keys.select(algorithm, header.kid.as_deref()).map_err(|reason| match reason {
        Selection::Unknown => JwsError::UnknownKey,
        Selection::WrongAlgorithm => JwsError::WrongKey,
        Selection::Ambiguous => JwsError::AmbiguousKey,
    })?;
    if !key.verifies(algorithm, message.as_bytes(), &signature) {
        return Err(JwsError::Signature);
    }
    Ok(Verified { header: Header { algorithm, kid: header.kid, typ: header.typ }, payload })
}

/// A second dot in the payload's part is no base64url character, so there are exactly three parts.
fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)
}

fn is_type(typ: &str, expected: &str) -> bool {
    const APPLICATION: &str = "application/";
    let bare = match typ.split_at_checked(APPLICATION.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) => rest,
        _ => typ,
    };
    bare.eq_ignore_ascii_case(expected)
}

#[derive(Deserialize)]
struct RawHeader {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(default, deserialize_with = "is_present")]
    crit: bool,
    #[serde(default, deserialize_with = "is_present")]
    b64: bool,
}

impl RawHeader {
    fn decode(part: &str) -> Result<Self, JwsError> {
        let json = decode(part)?;
        if !is_unambiguous_object(&json) {
            return Err(JwsError::Malformed);
        }
        serde_json::from_slice(&json).map_err(|_| JwsError::Malformed)
    }
}

/// A member that is there at all, `null` too.
fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

#[cfg(test)]
mod tests;
