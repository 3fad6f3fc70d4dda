//! `[passkeys]`: who people sign in at, as authenticators see it.

use towergate::{
    identity::rules::passkey::SignCountPolicy,
    passkey::{InvalidRelyingParty, RelyingParty},
};
use url::Url;

use super::reader::Section;

/// `None` where passkeys do not work, at an address of digits, or are switched off.
pub(super) fn read(section: Option<Section<'_>>, issuer: Option<&Url>, site: &str) -> Option<RelyingParty> {
    let origin = issuer?.origin().ascii_serialization();
    let Some(section) = section else { return RelyingParty::new(site, &origin).ok() };
    let enabled = section.flag("enabled").unwrap_or(true);
    let name = section.text("rp_name");
    let name = name.as_ref().map_or(site, |name| name.value.as_str());
    let id = section.text("rp_id");
    let related = section.texts("related_origins").unwrap_or_default();
    let counts = section.text("sign_counts");
    let mut party = match RelyingParty::new(name, &origin) {
        Ok(party) => Some(party),
        Err(error) if enabled => {
            section.refuse_all(&refusal(error));
            None
        }
        Err(_) => None,
    };
    if let Some(id) = id {
        party = party.and_then(|party| {
            party.id(&id.value).map_err(|error| section.refuse(&id.place, refusal(error))).ok()
        });
    }
    for text in related {
        party = party.and_then(|party| {
            let related = party.related_origin(&text.value);
            related.map_err(|error| section.refuse(&text.place, refusal(error))).ok()
        });
    }
    if let Some(text) = counts {
        match SignCountPolicy::parse(&text.value) {
            Some(policy) => party = party.map(|party| party.sign_counts(policy)),
            None => section.refuse(&text.place, "`sign_counts` must be \"warn\", \"refuse\" or \"revoke\""),
        }
    }
    section.finish();
    party.filter(|_| enabled)
}

fn refusal(error: InvalidRelyingParty) -> String {
    format!("[passkeys] {error}")
}
