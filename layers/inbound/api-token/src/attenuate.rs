//! Narrowing a token, by whoever holds it.

use std::{collections::BTreeSet, net::IpAddr};

use biscuit_auth::{Algorithm, BlockBuilder, KeyPair, PrivateKey, UnverifiedBiscuit};
use http::Method;
use towergate_core::{Random, RandomUnavailable, Secret, Timestamp, random};
use towergate_identity::rules::api_token::Permission;

use crate::{datalog, dialect, path::PathPrefix, text};

/// What else must hold for a token to be good. Each of these only ever takes away; saying one twice leaves what both admit.
///
/// ```
/// use std::time::Duration;
/// use http::Method;
/// use towergate_api_token::{Attenuation, PathPrefix, Permission};
/// # let now = towergate_core::Timestamp::from_unix_seconds(1_700_000_000);
///
/// let narrow = Attenuation::new()
///     .only_permissions([Permission::parse("reports:read")?])
///     .only_until(now.plus(Duration::from_secs(600)))
///     .only_methods([Method::GET])
///     .only_below(PathPrefix::parse("/api/reports")?)
///     .only_from(["203.0.113.7".parse()?]);
/// # assert!(!narrow.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Attenuation {
    permissions: Vec<BTreeSet<Permission>>,
    until: Option<Timestamp>,
    methods: Vec<BTreeSet<String>>,
    below: Vec<PathPrefix>,
    from: Vec<BTreeSet<String>>,
}

/// Why a token could not be narrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttenuationError {
    /// It is no token, or none that can be narrowed.
    #[error("this is no token that can be narrowed")]
    NoToken,
    /// Nothing was to be taken away.
    #[error("nothing was to be taken away")]
    Nothing,
    /// It would be too long, or say more than is taken.
    #[error("the token would say more than is taken: narrow it fewer times, or by shorter lists")]
    TooLong,
    /// No randomness is to be had.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
}

impl Attenuation {
    /// Takes nothing away yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves only these permissions, as far as the token has them.
    pub fn only_permissions(mut self, permissions: impl IntoIterator<Item = Permission>) -> Self {
        self.permissions.push(permissions.into_iter().collect());
        self
    }

    /// Ends it at `end`, in whole seconds, or when it ends anyway.
    pub fn only_until(mut self, end: Timestamp) -> Self {
        self.until = Some(self.until.map_or(end, |other| other.min(end)));
        self
    }

    /// Leaves only requests by these methods.
    pub fn only_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.methods.push(methods.into_iter().map(|method| method.as_str().to_owned()).collect());
        self
    }

    /// Leaves only requests at or below this path, as the host's layer sees it.
    pub fn only_below(mut self, path: PathPrefix) -> Self {
        self.below.push(path);
        self
    }

    /// Leaves only requests from these addresses.
    pub fn only_from(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.from.push(addresses.into_iter().map(|ip| ip.to_canonical().to_string()).collect());
        self
    }

    /// Whether nothing is taken away.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { permissions, until, methods, below, from } = self;
        permissions.is_empty() && until.is_none() && methods.is_empty() && below.is_empty() && from.is_empty()
    }

    fn block(&self) -> Option<BlockBuilder> {
        let words =
            |set: &BTreeSet<Permission>| -> Vec<String> { set.iter().map(ToString::to_string).collect() };
        let permissions = self.permissions.iter().map(|set| datalog::one_of(datalog::ASKS, words(set)));
        let until = self.until.map(datalog::before);
        let methods = self.methods.iter().map(|set| datalog::one_of(datalog::METHOD, set.clone()));
        let below = self.below.iter().map(|path| datalog::at_or_below(datalog::PATH, path.as_str()));
        let from = self.from.iter().map(|set| datalog::one_of(datalog::ADDRESS, set.clone()));
        let mut block = BlockBuilder::new();
        for check in permissions.chain(until).chain(methods).chain(below).chain(from) {
            block = block.check(check).ok()?;
        }
        Some(block)
    }
}

/// The token that is good for what `token` is and `to` leaves. Asks nobody: no store, no key of the host, no network.
///
/// The new one is revoked with the old one. Whoever is given it cannot get back at the old one.
///
/// # Errors
/// When `token` is none, nothing is taken away, the new one would be too long, or no randomness is to be had.
pub fn attenuate(
    token: &str,
    to: &Attenuation,
    random: &dyn Random,
) -> Result<Secret<String>, AttenuationError> {
    if to.is_empty() {
        return Err(AttenuationError::Nothing);
    }
    let bytes = text::decode(token.trim()).map_err(|_| AttenuationError::NoToken)?;
    dialect::admit(&bytes).map_err(|_| AttenuationError::NoToken)?;
    let biscuit = UnverifiedBiscuit::from(&bytes).map_err(|_| AttenuationError::NoToken)?;
    let block = to.block().ok_or(AttenuationError::TooLong)?;
    let narrowed =
        biscuit.append_with_keypair(&next_key(random)?, block).map_err(|_| AttenuationError::NoToken)?;
    let bytes = narrowed.to_vec().map_err(|_| AttenuationError::NoToken)?;
    dialect::admit(&bytes).map_err(|_| AttenuationError::TooLong)?;
    text::encode(&bytes).ok_or(AttenuationError::TooLong)
}

/// A key for whoever appends the next block.
pub(crate) fn next_key(random: &dyn Random) -> Result<KeyPair, RandomUnavailable> {
    let seed = zeroize::Zeroizing::new(random::bytes::<32>(random)?);
    let private = PrivateKey::from_bytes(&*seed, Algorithm::Ed25519).map_err(|_| RandomUnavailable)?;
    Ok(KeyPair::from(&private))
}
