//! A consent that a person asked to be remembered.

use towergate_core::Timestamp;
use towergate_oauth_types::Scope;

use super::{client::ClientId, grant::Subject};

/// What a person allows a client without being asked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who allowed it.
    pub subject: Subject,
    /// To whom.
    pub client: ClientId,
    /// How far; a request beyond it is asked anew.
    pub scope: Scope,
    /// When it was last given.
    pub given_at: Timestamp,
}

impl Consent {
    /// Whether a request for `scope` needs no further question.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        self.scope.covers(scope)
    }
}
