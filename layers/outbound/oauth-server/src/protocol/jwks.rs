//! The public keys. [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)

use super::json::Document;
use crate::key_ring::KeyRing;

pub(super) fn document(keys: &KeyRing) -> Document {
    Document::of(&*keys.jwks())
}
