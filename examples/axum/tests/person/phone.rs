//! A person's phone.

use std::time::Duration;

use towergate::{
    core::{Clock, Secret, Timestamp, system::SystemClock},
    identity::rules::totp::{STEP_SECONDS, TotpSecret},
};

use super::chromium::Chromium;

/// An authenticator app.
pub(crate) struct Phone {
    secret: TotpSecret,
    taught_at: Timestamp,
}

impl Phone {
    /// With the secret that the page shows.
    pub(crate) async fn taught(browser: &Chromium) -> Self {
        let shown = browser.words("#totp-secret").await;
        let secret = TotpSecret::parse(&Secret::from(shown.as_str())).unwrap();
        Self { secret, taught_at: SystemClock.now() }
    }

    /// The code of the step in which it was taught, or of a later one: a code of the step after is good already, so that
    /// nobody need wait for it.
    pub(crate) fn code(&self, later: u64) -> String {
        let at = self.taught_at.plus(Duration::from_secs(later * STEP_SECONDS));
        self.secret.code_at(at).unwrap().expose().to_owned()
    }
}
