//! The second factors of a person, as a store keeps them.

use std::time::Duration;

use towergate_core::Timestamp;

use super::totp::TotpStep;

/// How long a secret waits for its first code.
pub const ENROLMENT: Duration = Duration::from_secs(10 * 60);

/// An authenticator app of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpFactor {
    /// The sealed secret.
    pub sealed: Vec<u8>,
    /// Whether a first code proved it.
    pub state: TotpState,
    /// When it was made; from its first code on, when that proved it.
    pub created_at: Timestamp,
}

/// Whether an app counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotpState {
    /// Its secret was shown, and waits for a first code. It opens nothing, and is asked of nobody.
    Pending,
    /// It is asked for at every sign-in; the steps up to this one are spent.
    Enrolled(TotpStep),
}

impl TotpFactor {
    /// Whether it is asked for when its person signs in.
    #[must_use]
    pub const fn is_enrolled(&self) -> bool {
        matches!(self.state, TotpState::Enrolled(_))
    }

    /// Whether it waits for a first code at `now`, and not for too long.
    #[must_use]
    pub fn awaits_first_code(&self, now: Timestamp) -> bool {
        self.state == TotpState::Pending && now < self.created_at.plus(ENROLMENT)
    }
}
