//! Looking new passwords up among those that leaked, at a service that keeps them (feature `breaches`).
//!
//! 1. The service learns five digits of the password's SHA-1 digest and nothing else, over the guarded client; it is asked to pad its
//!    answer, so that who listens learns nothing from its length.
//! 2. An answer is waited for at most two seconds. Without one the password is taken and `password.unchecked` is written to the
//!    audit log, unless the host [refuses](Breaches::refuse_unchecked): people can register while a service elsewhere is away.
//!
//! ```no_run
//! use towergate_login::{NewPasswords, breaches::Breaches};
//! # fn f(hasher: towergate_login::PasswordHasher) -> Result<(), Box<dyn std::error::Error>> {
//! let passwords = NewPasswords::new(hasher).looked_up(Breaches::new()?);
//! # drop(passwords);
//! # Ok(())
//! # }
//! ```

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, header::ACCEPT};
use towergate_guarded_http::{FetchError, GuardedClient, InvalidPolicy, InvalidUrl, Policy};
use towergate_identity::rules::password::{BreachRange, Password};

/// The service of [Have I Been Pwned](https://haveibeenpwned.com/API/v3#PwnedPasswords).
const SERVICE: &str = "https://api.pwnedpasswords.com";

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Answers are some 40 KiB long, padded ones some 60.
const MAX_ANSWER: usize = 512 * 1024;

/// Looks passwords up. Cheap to clone.
#[derive(Clone)]
pub struct Breaches {
    client: GuardedClient,
    service: Arc<str>,
    refuses_unchecked: bool,
}

/// Nobody knows whether a password leaked.
#[derive(Debug, thiserror::Error)]
pub enum BreachUnknown {
    /// The service cannot be named.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// It did not answer, or not in words that are understood.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

impl Breaches {
    /// Looks them up at Have I Been Pwned.
    ///
    /// # Errors
    /// When the guarded client cannot be made.
    pub fn new() -> Result<Self, InvalidPolicy> {
        Ok(Self::at(SERVICE, GuardedClient::new(Self::policy())?))
    }

    /// The policy of a client that waits two seconds for an answer, which is of the size that answers have: for [`at`](Self::at).
    #[must_use]
    pub fn policy() -> Policy {
        Policy::new().connect_timeout(PATIENCE).timeout(PATIENCE).max_body(MAX_ANSWER)
    }

    /// Looks them up at another service that answers `GET service/range/PREFIX` in the same way.
    #[must_use]
    pub fn at(service: &str, client: GuardedClient) -> Self {
        Self { client, service: service.trim_end_matches('/').into(), refuses_unchecked: false }
    }

    /// Takes no password that could not be looked up.
    #[must_use]
    pub const fn refuse_unchecked(mut self) -> Self {
        self.refuses_unchecked = true;
        self
    }

    pub(crate) const fn refuses_unchecked(&self) -> bool {
        self.refuses_unchecked
    }

    /// Whether `password` leaked.
    ///
    /// # Errors
    /// When nobody knows.
    pub async fn know(&self, password: &Password) -> Result<bool, BreachUnknown> {
        let range = BreachRange::of(password);
        let url = self.client.url(&format!("{}/range/{}", self.service, range.prefix()))?;
        let padded = (HeaderName::from_static("add-padding"), HeaderValue::from_static("true"));
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/plain")), padded]);
        let answer = self.client.get_with(&url, headers).await?;
        Ok(range.is_in(&String::from_utf8_lossy(&answer.body)))
    }
}

impl fmt::Debug for Breaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaches").field("service", &self.service).finish_non_exhaustive()
    }
}
