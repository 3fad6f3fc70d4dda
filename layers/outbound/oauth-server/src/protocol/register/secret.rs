//! The secret of a client that registers itself: made here, since only what a machine makes may be kept as a bare digest.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use towergate_core::{Random, RandomUnavailable, Secret, random};

/// The beginning of every secret, by which scanners find one that leaked.
const PREFIX: &str = "tgcs_";

/// 256 random bits.
pub(super) fn fresh(random: &dyn Random) -> Result<Secret<String>, RandomUnavailable> {
    let drawn: Secret<[u8; 32]> = Secret::new(random::bytes(random)?);
    let mut text = String::with_capacity(PREFIX.len() + 43);
    text.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(drawn.expose(), &mut text);
    Ok(Secret::new(text))
}
