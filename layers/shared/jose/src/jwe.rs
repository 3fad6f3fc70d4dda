//! Encrypting to a public key, and decrypting, a JWE in compact form,
//! [RFC 7516 section 7.1](https://www.rfc-editor.org/rfc/rfc7516#section-7.1).
//!
//! What [`decrypt()`] asks, in order: at most [`MAX_LENGTH`] bytes; five parts in canonical base64url; a header that
//! says each thing once; an `alg` and an `enc` that the caller expects; no `crit` and no `zip`, since no extension is
//! understood and a compressed text can grow without bound; an `epk` that is a public point on P-256; parts of
//! exactly the lengths of their algorithms; the tag, before anything is decrypted. Whatever fails, the answer is one
//! and the same. Keys and addresses of keys inside the token (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
//!
//! An encrypted token proves nothing of its sender, who needs only a public key: sign first, then encrypt.
//!
//! ```
//! use towergate_core::system::OsRandom;
//! use towergate_jose::{
//!     Algorithm, KeyManagement, generate,
//!     jwe::{self, ContentEncryption, DecryptionKey},
//! };
//!
//! let key = DecryptionKey::from_pkcs8(generate(Algorithm::ES256)?.expose())?;
//! let (alg, enc) = (KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
//! let token = jwe::encrypt(b"hush", key.public_jwk(), alg, enc, None, &OsRandom::new())?;
//!
//! assert_eq!(jwe::decrypt(&token, &key, &[alg], &[enc])?.expose(), b"hush");
//! assert!(jwe::decrypt(&token, &key, &[KeyManagement::EcdhEsA256Kw], &[enc]).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use towergate_core::{Random, RandomUnavailable, Secret};

use self::{agreement::Agreement, content::Sealed};
use crate::{Jwk, JwkSet, KeyManagement, json::is_unambiguous_object, jwk::PublicKey};

mod agreement;
mod content;
mod decryption_key;
mod rsa_oaep;

pub use content::{ContentEncryption, UnknownContentEncryption};
pub use decryption_key::DecryptionKey;

/// The longest token that is read, in bytes.
pub const MAX_LENGTH: usize = 32 * 1024;

/// The longest text that is encrypted, in bytes: as long as the longest signed token.
pub const MAX_PLAINTEXT: usize = crate::jws::MAX_LENGTH;

/// Why a token was not made or not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JweError {
    /// The recipient's key is not for this algorithm, or not a point on its curve.
    #[error("the key cannot be encrypted to by this algorithm")]
    Recipient,
    /// The text is longer than [`MAX_PLAINTEXT`].
    #[error("the text is too long to encrypt")]
    TooLong,
    /// `cty` holds a character that a media type may not have.
    #[error("cty must be a media type, or one without its `application/`")]
    ContentType,
    /// The private key is not a PKCS #8 key on P-256.
    #[error("the private key is not a PKCS #8 key on P-256")]
    Key,
    /// There were no random bytes.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// The token cannot be read; nothing more is told, since a reason would help to forge one.
    #[error("the token cannot be decrypted")]
    Refused,
}

/// Encrypts to `recipient`, whose `kid` the token names; `cty` is `JWT` when the text is a signed token,
/// [RFC 7519 section 5.2](https://www.rfc-editor.org/rfc/rfc7519#section-5.2).
///
/// # Errors
/// When the key does not allow the algorithm, the text is too long, `cty` is no media type, or randomness fails.
pub fn encrypt(
    plaintext: &[u8],
    recipient: &Jwk,
    alg: KeyManagement,
    enc: ContentEncryption,
    cty: Option<&str>,
    random: &dyn Random,
) -> Result<String, JweError> {
    if plaintext.len() > MAX_PLAINTEXT {
        return Err(JweError::TooLong);
    }
    if !cty.is_none_or(is_media_type) {
        return Err(JweError::ContentType);
    }
    if !recipient.allows_encryption(alg) {
        return Err(JweError::Recipient);
    }
    let mut header = Map::new();
    header.insert("alg".into(), alg.as_str().into());
    header.insert("enc".into(), enc.as_str().into());
    header.extend(recipient.kid().map(|kid| ("kid".into(), kid.into())));
    header.extend(cty.map(|cty| ("cty".into(), cty.into())));
    let (cek, encrypted_key) = match (alg, recipient.key()) {
        (KeyManagement::RsaOaep256, PublicKey::Rsa { n, e }) => {
            let cek = fresh(enc.key_length(), random)?;
            let encrypted_key = rsa_oaep::encrypt(n, e, cek.expose(), random)?;
            (cek, encrypted_key)
        }
        (KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw, PublicKey::P256(point)) => {
            let (agreement, epk) = Agreement::with_ephemeral(point, random)?;
            header.insert("epk".into(), epk);
            if alg == KeyManagement::EcdhEs {
                (agreement.derive(enc.as_str(), b"", b"", enc.key_length()), Vec::new())
            } else {
                let cek = fresh(enc.key_length(), random)?;
                let encrypted_key = agreement.wrap(alg, cek.expose()).ok_or(JweError::Recipient)?;
                (cek, encrypted_key)
            }
        }
        _ => return Err(JweError::Recipient),
    };
    let header = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let sealed = enc.seal(&cek, plaintext, header.as_bytes(), random)?;
    let [key, iv, text, tag] = [&encrypted_key, &sealed.iv, &sealed.ciphertext, &sealed.tag]
        .map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(format!("{header}.{key}.{iv}.{text}.{tag}"))
}

/// Encrypts to the fitting key of a recipient who publishes several ([`JwkSet::for_encryption`]); a signed token is
/// nested with `cty` `JWT`.
///
/// # Errors
/// [`JweError::Recipient`] when no key of the set allows the algorithm; else as [`encrypt`].
pub fn encrypt_to(
    keys: &JwkSet,
    alg: KeyManagement,
    enc: ContentEncryption,
    cty: Option<&str>,
    payload: &[u8],
    random: &dyn Random,
) -> Result<String, JweError> {
    encrypt(payload, keys.for_encryption(alg).ok_or(JweError::Recipient)?, alg, enc, cty, random)
}

/// Decrypts a token that was encrypted to `key`; its sender is not known by that.
///
/// `RSA-OAEP-256` among `algorithms` has no effect: there is no private RSA operation here.
///
/// # Errors
/// [`JweError::Refused`] when the token breaks any of the rules of this module.
pub fn decrypt(
    compact: &str,
    key: &DecryptionKey,
    algorithms: &[KeyManagement],
    encodings: &[ContentEncryption],
) -> Result<Secret<Vec<u8>>, JweError> {
    open(compact, key, algorithms, encodings).ok_or(JweError::Refused)
}

fn open(
    compact: &str,
    key: &DecryptionKey,
    algorithms: &[KeyManagement],
    encodings: &[ContentEncryption],
) -> Option<Secret<Vec<u8>>> {
    if compact.len() > MAX_LENGTH {
        return None;
    }
    // A sixth part would stay in the fifth, where a dot is no base64url character.
    let mut parts = compact.splitn(5, '.');
    let protected = parts.next()?;
    let header = header(protected)?;
    let [encrypted_key, iv, ciphertext, tag] =
        [decode(parts.next()?)?, decode(parts.next()?)?, decode(parts.next()?)?, decode(parts.next()?)?];
    let alg: KeyManagement = header.get("alg")?.as_str()?.parse().ok()?;
    let enc: ContentEncryption = header.get("enc")?.as_str()?.parse().ok()?;
    if !(algorithms.contains(&alg) && encodings.contains(&enc)) {
        return None;
    }
    if header.contains_key("crit") || header.contains_key("zip") {
        return None;
    }
    let epk = Jwk::from_value(header.get("epk")?.clone()).ok()?;
    let PublicKey::P256(point) = epk.key() else { return None };
    let agreement = key.agree(point)?;
    let (apu, apv) = (party(&header, "apu")?, party(&header, "apv")?);
    let cek = match alg {
        KeyManagement::EcdhEs if encrypted_key.is_empty() => {
            agreement.derive(enc.as_str(), &apu, &apv, enc.key_length())
        }
        KeyManagement::EcdhEsA256Kw => agreement.unwrap(alg, &apu, &apv, &encrypted_key, enc.key_length())?,
        KeyManagement::EcdhEs | KeyManagement::RsaOaep256 => return None,
    };
    enc.open(&cek, Sealed { iv, ciphertext, tag }, protected.as_bytes())
}

fn header(part: &str) -> Option<Map<String, Value>> {
    let json = decode(part)?;
    if !is_unambiguous_object(&json) {
        return None;
    }
    serde_json::from_slice(&json).ok()
}

/// What a party said of itself, [RFC 7518 section 4.6.1](https://www.rfc-editor.org/rfc/rfc7518#section-4.6.1).
fn party(header: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    header.get(name).map_or(Some(Vec::new()), |value| decode(value.as_str()?))
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn fresh(length: usize, random: &dyn Random) -> Result<Secret<Vec<u8>>, RandomUnavailable> {
    let mut key = Secret::new(vec![0; length]);
    random.fill(key.expose_mut())?;
    Ok(key)
}

fn is_media_type(cty: &str) -> bool {
    let media_type = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(&byte);
    (1..=255).contains(&cty.len()) && cty.bytes().all(media_type)
}

#[cfg(test)]
mod tests;
