use http::Extensions;
use towergate_core::{
    Random, RandomUnavailable, Timestamp,
    audit::{Origin, RequestId},
};

/// Where the facts of a request come from: the identifier that the audit layer left in its extensions, or a fresh one
/// where that layer is missing.
///
/// # Errors
/// When a fresh one is needed and there is no randomness.
pub fn origin(
    extensions: &Extensions,
    now: Timestamp,
    random: &dyn Random,
) -> Result<Origin, RandomUnavailable> {
    match extensions.get::<RequestId>() {
        Some(request) => Ok(Origin { request: *request, at: now }),
        None => Origin::detached(now, random),
    }
}
