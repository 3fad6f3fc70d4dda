//! The public keys. [RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)

use std::time::Duration;

use towergate_endpoint::Document;

use super::json;
use crate::key_ring::Snapshot;

pub(super) fn document(keys: &Snapshot, cache_for: Duration) -> Document {
    json::document(&**keys.public(), cache_for)
}
