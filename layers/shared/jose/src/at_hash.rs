//! `at_hash`, `c_hash`: what binds an ID token to the token or code that it travels with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, SHA512, digest};

use crate::Algorithm;

/// The left half of the hash of an access token, by the hash of the ID token's `algorithm`, in base64url,
/// [OpenID Connect Core 3.1.3.6](https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken).
///
/// EdDSA hashes with SHA-512, which is what Ed25519 is built on.
#[must_use]
pub fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    left_half(algorithm, access_token)
}

/// The same of an authorization code,
/// [OpenID Connect Core 3.3.2.11](https://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken).
#[must_use]
pub fn c_hash(algorithm: Algorithm, code: &str) -> String {
    left_half(algorithm, code)
}

fn left_half(algorithm: Algorithm, text: &str) -> String {
    let hash = match algorithm {
        Algorithm::ES256 | Algorithm::RS256 | Algorithm::PS256 => &SHA256,
        Algorithm::EdDSA => &SHA512,
    };
    let digest = digest(hash, text.as_bytes());
    let half = digest.as_ref().split_at_checked(hash.output_len() / 2).map_or(&[][..], |(left, _)| left);
    URL_SAFE_NO_PAD.encode(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ed25519_takes_half_of_sha512() {
        assert_eq!(at_hash(Algorithm::EdDSA, "x").len(), 43);
    }
}
