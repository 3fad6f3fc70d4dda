//! Strict JWS, JWK and JWT over ring.
//!
//! - [`SigningKey`] signs, [`jws::verify`] verifies against a [`JwkSet`].
//! - [`jws::hmac`] verifies with a shared secret: a door of its own, with algorithms of its own.
//! - [`jws::peek`] reads what nobody has vouched for, to find out whose keys to verify it with.
//! - [`generate()`] makes private keys.
//! - [`jwt`] has the claims that every token shares, and checks their times as a pure function.
//! - [`at_hash()`] and [`c_hash()`] bind an ID token to the access token or code beside it.
//! - With feature `jwe`, `jwe` encrypts to a public key, and decrypts with a P-256 key. Off by default.
//!
//! Four signature algorithms are spoken ([`Algorithm`]): no `none`, no public key taken for a secret, no keys
//! out of a token's own header.
//! The crate does no I/O and knows no clock.
//!
//! ```
//! use towergate_jose::{Algorithm, Expected, JwkSet, SigningKey, Typ, generate, jws};
//!
//! let pkcs8 = generate(Algorithm::ES256)?;
//! let key = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None)?;
//! let token = key.sign_jwt("at+jwt", &serde_json::json!({ "sub": "alice" }))?;
//!
//! let keys = JwkSet::new(vec![key.public_jwk().clone()]);
//! let expected = Expected { algorithms: &[Algorithm::ES256], typ: Typ::Exactly("at+jwt") };
//! let claims: serde_json::Value = jws::verify(&token, &keys, &expected)?.claims()?;
//! assert_eq!(claims["sub"], "alice");
//! assert!(jws::verify(&token, &keys, &Expected { typ: Typ::Exactly("logout+jwt"), ..expected }).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod at_hash;
mod generate;
pub mod json;
#[cfg(feature = "jwe")]
pub mod jwe;
pub mod jwk;
mod jwk_set;
pub mod jws;
pub mod jwt;
mod key_management;
mod signing_key;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use at_hash::{at_hash, c_hash};
pub use generate::generate;
pub use jwk::{Jwk, JwkError, KeyUse};
pub use jwk_set::JwkSet;
pub use jws::{Expected, Header, JwsError, Typ, Unverified, Verified};
pub use key_management::{KeyManagement, UnknownKeyManagement};
pub use signing_key::{JoseError, SigningKey};
