//! Where passkeys are answered unless a host says otherwise.

use towergate_core::LocalPath;
use towergate_login::PasskeyPlaces;

use crate::relying_party::RelyingParty;

impl RelyingParty {
    /// Where passkeys are answered: below `/login` and `/mfa`, so that what counts posts there counts these. For [`Site::passkeys`](towergate_login::Site::passkeys).
    #[must_use]
    pub fn places(&self) -> PasskeyPlaces {
        let path = |text| LocalPath::parse(text).unwrap_or_else(LocalPath::root);
        let script = path("/passkey/script.js");
        let sources: Vec<_> = self.origins().iter().map(|origin| format!("{origin}{script}")).collect();
        PasskeyPlaces {
            script,
            script_source: sources.join(" "),
            sign_in: path("/login/passkey"),
            second_factor: path("/mfa/passkey"),
        }
    }
}
