//! The three parts of a token, read but not believed.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{Expected, JwsError, MAX_LENGTH};
use crate::json::is_unambiguous_object;

pub(super) struct Parts<'a> {
    pub(super) header: RawHeader,
    /// What the signature is over.
    pub(super) message: &'a str,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

#[derive(Deserialize)]
pub(super) struct RawHeader {
    pub(super) alg: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) typ: Option<String>,
    #[serde(default, deserialize_with = "text")]
    pub(super) kid: Option<String>,
    #[serde(default, deserialize_with = "is_present")]
    crit: bool,
    #[serde(default, deserialize_with = "is_present")]
    b64: bool,
}

impl<'a> Parts<'a> {
    pub(super) fn read(compact: &'a str) -> Result<Self, JwsError> {
        if compact.len() > MAX_LENGTH {
            return Err(JwsError::TooLong);
        }
        let (message, signature) = compact.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(JwsError::Malformed)?;
        Ok(Self {
            header: RawHeader::decode(header)?,
            message,
            signature: decode(signature)?,
            payload: decode(payload)?,
        })
    }

    /// The algorithm, when the header asks for nothing but what is expected.
    pub(super) fn algorithm<A>(&self, expected: &Expected<'_, A>) -> Result<A, JwsError>
    where
        A: FromStr + PartialEq,
    {
        let algorithm = self.header.alg.parse::<A>().map_err(|_| JwsError::Algorithm)?;
        if !expected.algorithms.contains(&algorithm) {
            return Err(JwsError::Algorithm);
        }
        self.refuse_extensions()?;
        if !expected.typ.allows(self.header.typ.as_deref()) {
            return Err(JwsError::Typ);
        }
        Ok(algorithm)
    }

    pub(super) const fn refuse_extensions(&self) -> Result<(), JwsError> {
        if self.header.crit || self.header.b64 { Err(JwsError::Extension) } else { Ok(()) }
    }
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

/// A second dot in the payload's part is no base64url character, so there are exactly three parts.
fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)
}

/// A member that is text when it is there; `null` is no text.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// A member that is there at all, `null` too.
fn is_present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
