//! Tokens in a form that people can read.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;

use super::step::Block;

/// The header and the claims of a JWT; or, if it is none, the beginning of the token.
pub(super) fn token(name: &str, text: &str) -> Vec<Block> {
    let mut parts = text.split('.');
    let (header, claims) = (parts.next().and_then(json_of), parts.next().and_then(json_of));
    match (header, claims) {
        (Some(header), Some(claims)) => {
            vec![Block::new(format!("{name}: header"), header), Block::new(format!("{name}: claims"), claims)]
        }
        _ => {
            let beginning: String = text.chars().take(12).collect();
            vec![Block::new(format!("{name}: opaque, only the issuer can read it"), format!("{beginning}…"))]
        }
    }
}

/// A value as indented JSON.
pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn json_of(part: &str) -> Option<String> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    Some(json(&value))
}
