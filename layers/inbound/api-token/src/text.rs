//! The text of a token.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use towergate_core::Secret;
use towergate_identity::rules::api_token::ApiTokenFailure;

/// How the text of a token begins, so that scanners find one that leaked.
pub const PREFIX: &str = "tg_api_";

/// The longest text that is read, in bytes.
pub const MAX_TEXT: usize = 4096;

/// The bytes of a token's text.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, ApiTokenFailure> {
    if text.len() > MAX_TEXT {
        return Err(ApiTokenFailure::Unreadable);
    }
    let encoded = text.strip_prefix(PREFIX).ok_or(ApiTokenFailure::Unreadable)?;
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| ApiTokenFailure::Unreadable)
}

/// The text of a token's bytes; `None` where it would be longer than anybody reads.
pub(crate) fn encode(bytes: &[u8]) -> Option<Secret<String>> {
    let mut text = String::from(PREFIX);
    URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    (text.len() <= MAX_TEXT).then(|| Secret::new(text))
}
