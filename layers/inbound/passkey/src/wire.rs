//! What goes to a browser's `navigator.credentials` and what comes back, as the
//! [JSON of Web Authentication](https://www.w3.org/TR/webauthn-3/#sctn-public-key-easy) has it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use towergate_identity::rules::passkey::CeremonyId;
use webauthn_rs::prelude::{PublicKeyCredential, RegisterPublicKeyCredential};

/// A challenge for a browser's authenticators.
///
/// As JSON it is `ceremony`, which comes back with the answer, and `publicKey`, for
/// `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`.
#[derive(Debug, Clone, Serialize)]
pub struct Challenge {
    /// The ceremony that waits for the answer.
    #[serde(serialize_with = "as_text")]
    pub ceremony: CeremonyId,
    /// The options.
    #[serde(rename = "publicKey")]
    pub public_key: Value,
}

/// An authenticator's answer to a challenge, as a browser sends it: JSON with `ceremony` and `credential`, which is what
/// `PublicKeyCredential.toJSON()` answered. Nothing of it is checked yet.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The ceremony it says that it belongs to.
    pub ceremony: CeremonyId,
    credential: Value,
}

/// What is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the answer of an authenticator")]
pub struct UnreadableAnswer;

#[derive(Deserialize)]
struct Sent {
    ceremony: String,
    credential: Value,
}

impl Answer {
    /// Reads the JSON that a browser sent.
    ///
    /// # Errors
    /// When it is none, or names no ceremony.
    pub fn parse(json: &[u8]) -> Result<Self, UnreadableAnswer> {
        let Sent { ceremony, credential } = serde_json::from_slice(json).map_err(|_| UnreadableAnswer)?;
        Self::new(&ceremony, credential)
    }

    /// The answer `credential` to the ceremony that goes by this text.
    ///
    /// # Errors
    /// When the text names no ceremony, or there is no credential.
    pub fn new(ceremony: &str, credential: Value) -> Result<Self, UnreadableAnswer> {
        let ceremony = ceremony.parse().map_err(|_| UnreadableAnswer)?;
        if credential.is_object() { Ok(Self { ceremony, credential }) } else { Err(UnreadableAnswer) }
    }

    pub(crate) fn registered(&self) -> Option<RegisterPublicKeyCredential> {
        RegisterPublicKeyCredential::deserialize(&self.credential)
            .ok()
            .filter(|credential| credential.type_ == "public-key")
    }

    pub(crate) fn signed(&self) -> Option<PublicKeyCredential> {
        PublicKeyCredential::deserialize(&self.credential)
            .ok()
            .filter(|credential| credential.type_ == "public-key")
    }
}

fn as_text<S: serde::Serializer>(id: &CeremonyId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_its_ceremony_and_brings_a_credential() {
        let id = "01890a5d-ac96-774b-bcce-b302099a8057";
        let read =
            Answer::parse(format!("{{\"ceremony\":\"{id}\",\"credential\":{{}}}}").as_bytes()).unwrap();
        assert_eq!(read.ceremony.to_string(), id);
        assert!(read.registered().is_none() && read.signed().is_none());
        for bad in [
            String::new(),
            String::from("null"),
            String::from("{"),
            format!("{{\"ceremony\":\"{id}\"}}"),
            String::from("{\"ceremony\":\"x\",\"credential\":{}}"),
            format!("{{\"ceremony\":\"{id}\",\"credential\":[]}}"),
            format!("{{\"ceremony\":\"{id}\",\"credential\":{}}}", "[".repeat(60_000)),
        ] {
            assert!(Answer::parse(bad.as_bytes()).is_err(), "{}", bad.len());
        }
    }
}
