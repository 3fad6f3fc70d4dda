//! Who may register clients, and how far they may go.

use std::time::Duration;

use towergate_core::{Digest, StoreError, audit::Origin};
pub use towergate_oauth::rules::client::{RegistrationPolicy, statement};
use towergate_oauth::{ports::OAuthStore, rules::client::statement::StatementIssuer};

use crate::server::AuthorizationServer;

/// Whether clients may register themselves, and how far they may go then.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Registration {
    /// Who may.
    pub mode: RegistrationMode,
    /// How far they may go.
    pub policy: RegistrationPolicy,
    /// Who may vouch for programs, [RFC 7591 section 2.3](https://www.rfc-editor.org/rfc/rfc7591#section-2.3).
    pub statement_issuers: Vec<StatementIssuer>,
    /// Whether somebody has to.
    pub require_statement: bool,
    /// How long a client that never got a code or a token stays registered: 30 days, unless the host says otherwise; for
    /// ever when `None`. [`AuthorizationServer::forget_unused_clients`] sees to it.
    pub unused_for: Option<Duration>,
}

/// How many clients one store step forgets at most, so that nobody waits long behind it.
const BATCH: u16 = 100;

impl<S: OAuthStore, R, P> AuthorizationServer<S, R, P> {
    /// Forgets clients that registered themselves and never got a code or a token for as long as
    /// [`Registration::unused_for`] says, so that strangers do not use up the room that
    /// [`max_clients`](RegistrationPolicy::max_clients) leaves; answers how many there were. To be called now and then.
    ///
    /// A client that guards an API and asks for nothing itself is one of them: the host registers it.
    ///
    /// # Errors
    /// When the store fails; who was forgotten until then stays so.
    pub async fn forget_unused_clients(&self, origin: Origin) -> Result<u64, StoreError> {
        let Some(unused_for) = self.config().registration.unused_for else { return Ok(0) };
        let mut total = 0;
        loop {
            let before = origin.at.minus(unused_for);
            let gone = self.store().expire_unused_clients(before, BATCH, origin).await?;
            total += gone;
            if gone < u64::from(BATCH) {
                return Ok(total);
            }
        }
    }
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::default(),
            policy: RegistrationPolicy::default(),
            statement_issuers: Vec::new(),
            require_statement: false,
            unused_for: Some(Duration::from_secs(30 * 24 * 3600)),
        }
    }
}

/// Who may register clients.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum RegistrationMode {
    /// Nobody: there is no such endpoint.
    #[default]
    Closed,
    /// Whoever holds an initial access token,
    /// [RFC 7591 section 1.2](https://www.rfc-editor.org/rfc/rfc7591#section-1.2). Each may be used as often as its holder
    /// likes, until the host takes it off the list.
    Token {
        /// The SHA-256 of each.
        digests: Vec<Digest>,
    },
    /// Anybody.
    Open,
}

impl Registration {
    /// Registration in this mode, within the usual bounds.
    #[must_use]
    pub fn new(mode: RegistrationMode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// Whether there is an endpoint for it.
    #[must_use]
    pub const fn is_offered(&self) -> bool {
        !matches!(self.mode, RegistrationMode::Closed)
    }
}

impl RegistrationMode {
    /// Initial access tokens, of which only the digests are kept.
    #[must_use]
    pub fn tokens<'t>(tokens: impl IntoIterator<Item = &'t str>) -> Self {
        Self::Token { digests: tokens.into_iter().map(|token| Digest::of(token.as_bytes())).collect() }
    }

    /// Whether whoever presents this token may register a client.
    pub(crate) fn admits(&self, presented: Option<&str>) -> bool {
        match self {
            Self::Closed => false,
            Self::Open => true,
            Self::Token { digests } => presented.is_some_and(|presented| {
                let presented = Digest::of(presented.as_bytes());
                // All of them are compared, so that the time tells nothing of their order.
                digests.iter().fold(false, |found, digest| found | digest.matches(&presented))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_admits_when_it_is_on_the_list() {
        let mode = RegistrationMode::tokens(["one", "two"]);
        assert!(mode.admits(Some("one")) && mode.admits(Some("two")));
        for wrong in [None, Some(""), Some("three"), Some("one ")] {
            assert!(!mode.admits(wrong), "{wrong:?}");
        }
        assert!(RegistrationMode::Open.admits(None));
        assert!(!RegistrationMode::Closed.admits(Some("one")));
        assert!(!RegistrationMode::tokens([]).admits(Some("")));
    }
}
