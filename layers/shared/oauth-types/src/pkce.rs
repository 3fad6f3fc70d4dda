//! PKCE with `S256`, the only method offered. [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use towergate_core::Digest;

/// The SHA-256 that a code verifier must have.
#[derive(Debug, Clone)]
pub struct CodeChallenge(Digest);

/// Proof that the verifier belongs to the challenge of the request; only [`CodeChallenge::verify`] makes it.
#[derive(Debug)]
pub struct PkceVerified(());

impl CodeChallenge {
    /// Reads a `code_challenge` for the method `S256`: 43 base64url characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let written = (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok())??;
        (written == 32).then(|| Self(Digest::from_stored(bytes)))
    }

    /// The challenge read back from a store.
    #[must_use]
    pub const fn from_stored(bytes: [u8; 32]) -> Self {
        Self(Digest::from_stored(bytes))
    }

    /// The 32 bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The proof, when `verifier` is well formed
    /// ([RFC 7636 4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1)) and hashes to this challenge.
    #[must_use]
    pub fn verify(&self, verifier: &str) -> Option<PkceVerified> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        (well_formed && self.0.matches(&Digest::of(verifier.as_bytes()))).then_some(PkceVerified(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7636_4_1_a_short_or_odd_verifier_is_refused() {
        for bad in [String::from("short"), "a".repeat(42), "a".repeat(129), format!("{}é", "a".repeat(42))] {
            let challenge = CodeChallenge(Digest::of(bad.as_bytes()));
            assert!(challenge.verify(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_challenge_has_43_base64url_characters() {
        for bad in ["", "abc", &"=".repeat(43), &"a".repeat(44), &"+".repeat(43)] {
            assert!(CodeChallenge::parse(bad).is_none(), "{bad}");
        }
    }
}
