//! Looking into a token before anything about it is known to be true.

use std::fmt;

use serde::de::DeserializeOwned;

use super::{JwsError, parts::Parts};
use crate::json::is_unambiguous_object;

/// What a token says and nobody has vouched for: good for finding out whose keys to verify it with, and for nothing
/// else. There is no way from here to a [`Verified`](super::Verified) token.
pub struct Unverified {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    payload: Vec<u8>,
    is_signed: bool,
}

/// Reads a token without verifying it: to learn the `iss` of a client assertion before the client is loaded, or to
/// tell an unsigned request object apart. The rules of form are those of [`verify`](super::verify()).
///
/// # Errors
/// When the token is too long or malformed, asks for an extension, or its payload is not one JSON object that says
/// each thing once.
pub fn peek(compact: &str) -> Result<Unverified, JwsError> {
    let parts = Parts::read(compact)?;
    parts.refuse_extensions()?;
    if !is_unambiguous_object(&parts.payload) {
        return Err(JwsError::Claims);
    }
    let is_signed = !(parts.signature.is_empty() || parts.header.alg.eq_ignore_ascii_case("none"));
    let Parts { header, payload, .. } = parts;
    Ok(Unverified { alg: header.alg, kid: header.kid, typ: header.typ, payload, is_signed })
}

impl Unverified {
    /// The algorithm that the token names, known here or not.
    #[must_use]
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The key that the token names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type that the token names, as it is written.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Whether there is a signature to verify at all: not under `none`, in whatever case, and not when it is empty,
    /// [RFC 7518 section 3.6](https://www.rfc-editor.org/rfc/rfc7518#section-3.6).
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// The payload as claims of a type of the caller's; anybody may have written them.
    ///
    /// # Errors
    /// When a claim is missing or of another form.
    pub fn unverified_claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        serde_json::from_slice(&self.payload).map_err(|_| JwsError::Claims)
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Unverified");
        shown.field("alg", &self.alg).field("kid", &self.kid).field("typ", &self.typ).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;
    use crate::jws::MAX_LENGTH;

    fn token(header: &str, payload: &str, signature: &str) -> String {
        format!("{}.{}.{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn it_tells_what_the_token_says_of_itself() {
        let token = token(r#"{"alg":"RS512","kid":"k","typ":"JWT"}"#, r#"{"iss":"shop"}"#, "AAAA");
        let unverified = peek(&token).unwrap();
        assert_eq!(
            (unverified.alg(), unverified.kid(), unverified.typ(), unverified.is_signed()),
            ("RS512", Some("k"), Some("JWT"), true)
        );
        assert_eq!(unverified.unverified_claims::<serde_json::Value>().unwrap()["iss"], "shop");
        assert_eq!(unverified.unverified_claims::<Vec<u8>>().unwrap_err(), JwsError::Claims);
    }

    #[test]
    fn none_in_any_spelling_and_an_empty_signature_are_unsigned() {
        for (alg, signature) in [("none", ""), ("none", "AAAA"), ("nOnE", "AAAA"), ("ES256", "")] {
            let token = token(&format!(r#"{{"alg":"{alg}"}}"#), "{}", signature);
            assert!(!peek(&token).unwrap().is_signed(), "{alg} {signature}");
        }
    }

    #[test]
    fn its_form_is_as_strict_as_that_of_a_token_to_be_verified() {
        let header = r#"{"alg":"none"}"#;
        let long = "x".repeat(MAX_LENGTH + 1);
        for (bad, error) in [
            (long.as_str(), JwsError::TooLong),
            ("", JwsError::Malformed),
            ("e30.e30", JwsError::Malformed),
            ("e30.e30.", JwsError::Malformed),
            (&token(r#"{"alg":"none","alg":"ES256"}"#, "{}", ""), JwsError::Malformed),
            (&token(r#"{"alg":"none","kid":null}"#, "{}", ""), JwsError::Malformed),
            (&token(r#"{"alg":"none","typ":7}"#, "{}", ""), JwsError::Malformed),
            (&token(header, "{}", "AB"), JwsError::Malformed),
            (&token(header, "{}", "."), JwsError::Malformed),
            (&token(r#"{"alg":"none","crit":[]}"#, "{}", ""), JwsError::Extension),
            (&token(r#"{"alg":"none","b64":false}"#, "{}", ""), JwsError::Extension),
            (&token(header, "[]", ""), JwsError::Claims),
            (&token(header, r#"{"iss":"a","iss":"b"}"#, ""), JwsError::Claims),
        ] {
            assert_eq!(peek(bad).unwrap_err(), error, "{bad:.60}");
        }
    }
}
