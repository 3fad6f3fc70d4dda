//! Documents at well-known places.

use std::time::Duration;

use serde_json::json;
use towergate_core::LocalPath;
use towergate_endpoint::Document;

use crate::relying_party::RelyingParty;

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// The documents.
pub(super) struct WellKnown {
    /// [Where passkeys are made and kept](https://w3c.github.io/webappsec-passkey-endpoints/passkey-endpoints.html).
    pub(super) endpoints: Document,
    /// [At which other origins keys are taken](https://www.w3.org/TR/webauthn-3/#sctn-related-origins), where there are any.
    pub(super) related: Option<Document>,
}

impl WellKnown {
    pub(super) fn new(party: &RelyingParty, page: &LocalPath) -> Self {
        let (origins, page) = (party.origins(), format!("{}{page}", party.origin()));
        let endpoints = json!({ "enroll": page, "manage": page }).to_string();
        let related = origins.len() > 1;
        Self {
            endpoints: Document::json(endpoints, DAY),
            related: related.then(|| Document::json(json!({ "origins": origins }).to_string(), HOUR)),
        }
    }
}
