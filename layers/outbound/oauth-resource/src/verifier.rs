//! What is trusted: one issuer, its keys, and its store if that is at hand.

use std::{fmt, sync::Arc, time::Duration};

use towergate_core::{Clock, Digest, Timestamp, system::SystemClock, token::OpaqueToken};
use towergate_jose::{Algorithm, Expected, Typ, jws};
use towergate_oauth::{ports::GrantStore, rules::access_token::PREFIX};

use crate::{
    AccessTokenInfo, InStore, KeySource, NoStore, Refusal, TokenLookup, TokenProblem,
    judge::{self, Policy, Presented},
    lookup::Lookup,
    remembered::{Remembered, Verified},
};

/// Verifies the access tokens of one issuer.
pub struct Verifier<K, L = NoStore> {
    issuer: Arc<str>,
    keys: Arc<K>,
    lookup: Arc<L>,
    clock: Arc<dyn Clock>,
    algorithms: Arc<[Algorithm]>,
    tolerance: Duration,
    remembered: Arc<Remembered>,
}

/// How many verified JWTs are remembered unless the host says otherwise: with all that they say, about as many KiB.
const REMEMBERED: usize = 4096;

/// What is known of a token when its text has been read.
pub(crate) enum Reading {
    /// All that there is to know.
    Verified(AccessTokenInfo),
    /// The store must be asked.
    Asked { lookup: Lookup, presented: Presented },
}

impl<K: KeySource> Verifier<K> {
    /// Verifies JWTs of `issuer` offline, with any algorithm its keys are for, and no tolerance for a wrong clock.
    ///
    /// The issuer is compared letter for letter with `iss`: an `Issuer` of the authorization server gives its text by
    /// `as_str`. Keys may come from any function; a host that is its own issuer writes `move || key_ring.jwks()`.
    #[must_use]
    pub fn new(issuer: impl Into<Arc<str>>, keys: K) -> Self {
        Self {
            issuer: issuer.into(),
            keys: Arc::new(keys),
            lookup: Arc::new(NoStore),
            clock: Arc::new(SystemClock),
            algorithms: Arc::new(Algorithm::ALL),
            tolerance: Duration::ZERO,
            remembered: Remembered::room(REMEMBERED),
        }
    }
}

impl<K, L> Verifier<K, L> {
    /// Asks `store` about every token: opaque ones work, and a revocation is seen at once.
    #[must_use]
    pub fn with_store<S: GrantStore + Clone>(self, store: S) -> Verifier<K, InStore<S>> {
        let Self { issuer, keys, clock, algorithms, tolerance, remembered, lookup: _ } = self;
        Verifier { issuer, keys, lookup: Arc::new(InStore(store)), clock, algorithms, tolerance, remembered }
    }

    /// Asks `clock` for the time, instead of the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Accepts only these algorithms.
    #[must_use]
    pub fn algorithms(mut self, algorithms: &[Algorithm]) -> Self {
        self.algorithms = algorithms.into();
        // What a clone of this verifier let pass may not pass here.
        self.remembered = self.remembered.emptied();
        self
    }

    /// Forgives clocks that differ by so much; a few seconds, where the issuer runs on another machine.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Remembers as many verified JWTs, 4096 unless the host says otherwise, so that the signature of one that comes again is not
    /// computed again; 0 remembers none. Whether it has expired, what it is for and whether it was revoked is looked at each
    /// time, and a change of the [keys](KeySource) forgets all that was verified under the ones before.
    #[must_use]
    pub fn remembering(mut self, most: usize) -> Self {
        self.remembered = Remembered::room(most);
        self
    }

    /// Whose tokens it verifies.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl<K: KeySource, L: TokenLookup> Verifier<K, L> {
    /// Reads a token and does all that can be done without the store.
    pub(crate) fn read(&self, token: &str, policy: &Policy, now: Timestamp) -> Result<Reading, Refusal> {
        if is_opaque(token) {
            let token = OpaqueToken::parse(PREFIX, token).ok_or(TokenProblem::Unknown)?;
            let lookup = self.lookup.find(token.id()).ok_or(TokenProblem::NoStore)?;
            return Ok(Reading::Asked { lookup, presented: Presented::Opaque(token.digest()) });
        }
        let info = self.jwt(token, now)?;
        policy.check_audience(&info)?;
        match self.lookup.find(info.id) {
            Some(lookup) => Ok(Reading::Asked { lookup, presented: Presented::Jwt(info) }),
            None => {
                policy.check(&info, now)?;
                Ok(Reading::Verified(info))
            }
        }
    }

    /// What a JWT says that is ours, and in time.
    fn jwt(&self, token: &str, now: Timestamp) -> Result<AccessTokenInfo, Refusal> {
        let (text, keys) = (Digest::of(token.as_bytes()), self.keys.keys());
        if let Some(Verified { info, times }) = self.remembered.find(&text, &keys) {
            times.check(now, self.tolerance)?;
            return Ok(info);
        }
        let expected = Expected { algorithms: &self.algorithms, typ: Typ::Exactly("at+jwt") };
        let claims = jws::verify(token, &keys, &expected)?.claims()?;
        let verified = judge::jwt(claims, &self.issuer)?;
        verified.times.check(now, self.tolerance)?;
        self.remembered.keep(&text, keys, verified.clone());
        Ok(verified.info)
    }
}

fn is_opaque(token: &str) -> bool {
    token.strip_prefix(PREFIX.as_str()).is_some_and(|rest| rest.starts_with('_'))
}

impl<K, L> Clone for Verifier<K, L> {
    fn clone(&self) -> Self {
        Self {
            issuer: Arc::clone(&self.issuer),
            keys: Arc::clone(&self.keys),
            lookup: Arc::clone(&self.lookup),
            clock: Arc::clone(&self.clock),
            algorithms: Arc::clone(&self.algorithms),
            tolerance: self.tolerance,
            remembered: Arc::clone(&self.remembered),
        }
    }
}

impl<K, L> fmt::Debug for Verifier<K, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("algorithms", &self.algorithms)
            .field("tolerance", &self.tolerance)
            .field("remembered", &self.remembered)
            .finish_non_exhaustive()
    }
}
