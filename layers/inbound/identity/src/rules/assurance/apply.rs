//! What a profile means for each rule.

use std::time::Duration;

use super::Profile;
use crate::rules::{
    enrolment::EnrolmentDuty, lockout::LockoutPolicy, password::PasswordPolicy, session::SessionLifetime,
};

impl From<&Profile> for EnrolmentDuty {
    /// The same for everybody: at once, where the profile asks for two factors.
    fn from(profile: &Profile) -> Self {
        if profile.settings().second_factor { Self::Now } else { Self::Free }
    }
}

impl From<&Profile> for SessionLifetime {
    fn from(profile: &Profile) -> Self {
        let settings = profile.settings();
        // A note that came later than a part of the idle time would end sessions that are used.
        let activity_every = Self::default().activity_every.min(settings.session_idle / 6);
        Self { idle: settings.session_idle, absolute: settings.session_absolute, activity_every }
    }
}

impl From<&Profile> for PasswordPolicy {
    /// As for a password that opens something by itself: when one is set, its person may have no second factor yet.
    fn from(profile: &Profile) -> Self {
        let settings = profile.settings();
        let policy =
            Self::at_least(settings.password_minimum).beside_factor(settings.password_minimum_beside_factor);
        if settings.password_blocklist { policy } else { policy.insecure_without_blocklist() }
    }
}

impl From<&Profile> for LockoutPolicy {
    fn from(profile: &Profile) -> Self {
        let settings = profile.settings();
        let policy = Self::default().free(settings.free_tries).limit(settings.failure_limit);
        policy.first_wait(settings.first_wait.max(Duration::from_secs(1)))
    }
}
