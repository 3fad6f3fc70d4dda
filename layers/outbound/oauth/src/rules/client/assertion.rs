//! A client assertion: a JWT that a client signs to prove itself,
//! [RFC 7523 section 3](https://www.rfc-editor.org/rfc/rfc7523#section-3) and
//! [OpenID Connect Core section 9](https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication).
//!
//! The rules, in order:
//!
//! 1. It is a JWS of at most 16 KiB in compact form, signed by an algorithm that is spoken here: `HS256` under the
//!    client's secret, any other under a key that it registered. Which of the two is the method that must be registered.
//! 2. `iss` and `sub` are both the client.
//! 3. Its `typ` is `JWT`, `client-authentication+jwt`, or absent: a token of another kind is no assertion.
//! 4. The signature is the client's. Where no key is to be had, a verification is done all the same, with keys whose
//!    verdict is thrown away: an unknown client costs what a wrong signature costs.
//! 5. `aud` names this server and nobody else: a client that tells the same to two servers lets each act for it.
//! 6. `exp` is there, has not come, and is at most [`MAX_LIFETIME`] away; `iat` and `nbf` have come. Clocks may differ by
//!    [`TOLERANCE`].
//! 7. `jti` is there. It counts once, which is for the store to say, after everything else was right.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use serde::Deserialize;
use towergate_core::{Secret, Timestamp};
use towergate_jose::{
    Algorithm, Expected, JwkSet, JwsError, Typ, UnknownAlgorithm,
    jws::{
        self,
        hmac::{self, HmacAlgorithm},
    },
    jwt::{Audience, JwtError, Times},
};

use super::{ClientAuthMethod, ClientId};
use crate::rules::single_use::{SingleUse, SingleUseKind};

mod decoy;
#[cfg(test)]
mod tests;

/// The one `client_assertion_type`, [RFC 7523 section 2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far `exp` may lie in the future: as long as its `jti` has to be remembered. Some clients say an hour.
pub const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// By how much the clocks of client and server may differ.
pub const TOLERANCE: Duration = Duration::from_secs(10);

const TYPES: Typ<'_> = Typ::AbsentOr(&["JWT", "client-authentication+jwt"]);

/// An algorithm that an assertion may be signed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssertionAlgorithm {
    /// `HS256`, under the client's secret.
    Shared,
    /// Under a key of the client's.
    Public(Algorithm),
}

/// A client assertion, read and not believed.
#[derive(Debug)]
pub struct Assertion {
    compact: Secret<String>,
    algorithm: AssertionAlgorithm,
    kid: Option<String>,
    client: ClientId,
}

/// What an assertion is verified with.
#[derive(Debug)]
pub enum AssertionKey {
    /// The client's public keys.
    Public(Arc<JwkSet>),
    /// The client's secret.
    Shared(Secret<Vec<u8>>),
    /// Nothing, for this reason.
    Missing(&'static str),
}

/// Whom an assertion must be for, and when.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// The names of this server: its issuer, and outside the FAPI profiles the address of its token endpoint, or of the one that
    /// takes pushed requests where it is shown there.
    pub names: &'a [&'a str],
    /// The present.
    pub now: Timestamp,
}

/// Why an assertion proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssertionError {
    /// It is no JWS that is spoken here, or its signature is not the client's.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// There is no key to verify it with.
    #[error("there is no key of the client: {0}")]
    Key(&'static str),
    /// `iss` and `sub` are not both the client.
    #[error("iss and sub are not one client")]
    Subject,
    /// It is not for this server, or not for this server alone.
    #[error("aud is not this server alone")]
    Audience,
    /// Its times are wrong.
    #[error(transparent)]
    Times(JwtError),
    /// It would be good for too long.
    #[error("exp lies too far in the future")]
    Lifetime,
    /// It has no `jti`.
    #[error("there is no jti")]
    Id,
}

#[derive(Deserialize)]
struct Names {
    iss: String,
    sub: String,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    aud: Audience,
    jti: Option<String>,
    #[serde(flatten)]
    times: Times,
}

impl Assertion {
    /// Reads the parameter `client_assertion`.
    ///
    /// # Errors
    /// When it breaks one of the first two rules of this module.
    pub fn read(compact: &str) -> Result<Self, AssertionError> {
        let unverified = jws::peek(compact)?;
        let algorithm = unverified.alg().parse().map_err(|_| JwsError::Algorithm)?;
        let Names { iss, sub } = unverified.unverified_claims()?;
        if iss != sub {
            return Err(AssertionError::Subject);
        }
        let client = ClientId::parse(&sub).map_err(|_| AssertionError::Subject)?;
        let kid = unverified.kid().map(str::to_owned);
        Ok(Self { compact: Secret::from(compact), algorithm, kid, client })
    }

    /// Who it says it is from.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        &self.client
    }

    /// What it says it is signed by.
    #[must_use]
    pub const fn algorithm(&self) -> AssertionAlgorithm {
        self.algorithm
    }

    /// The name of the key that it says it is signed by.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Verifies it with the client's `key`; answers what must not have been seen before.
    ///
    /// # Errors
    /// When it breaks one of the rules of this module.
    pub fn verify(&self, key: &AssertionKey, recipient: &Recipient<'_>) -> Result<SingleUse, AssertionError> {
        let Claims { aud, jti, times } = self.signed(key)?;
        if aud.0.is_empty() || !aud.0.iter().all(|name| recipient.names.contains(&name.as_str())) {
            return Err(AssertionError::Audience);
        }
        times.check(recipient.now, TOLERANCE).map_err(AssertionError::Times)?;
        let end = times.exp.ok_or(AssertionError::Times(JwtError::NoExpiry))?.0;
        if end > recipient.now.plus(MAX_LIFETIME).plus(TOLERANCE) {
            return Err(AssertionError::Lifetime);
        }
        let id = jti.filter(|jti| !jti.is_empty()).ok_or(AssertionError::Id)?;
        let until = end.plus(TOLERANCE);
        Ok(SingleUse::new(SingleUseKind::ClientAssertion, self.client.as_str(), &id, until))
    }

    /// Its claims, once the signature has been found right.
    fn signed(&self, key: &AssertionKey) -> Result<Claims, AssertionError> {
        let compact = self.compact.expose();
        let claims = match (self.algorithm, key) {
            (AssertionAlgorithm::Shared, AssertionKey::Shared(secret)) => {
                let expected = Expected { algorithms: &[HmacAlgorithm::HS256], typ: TYPES };
                hmac::verify(compact, secret, &expected).and_then(|verified| verified.claims())
            }
            (AssertionAlgorithm::Public(algorithm), AssertionKey::Public(keys)) => {
                let expected = Expected { algorithms: &[algorithm], typ: TYPES };
                jws::verify(compact, keys, &expected).and_then(|verified| verified.claims())
            }
            (_, AssertionKey::Missing(reason)) => {
                decoy::verify(self);
                return Err(AssertionError::Key(reason));
            }
            (_, AssertionKey::Public(_) | AssertionKey::Shared(_)) => {
                decoy::verify(self);
                return Err(JwsError::WrongKey.into());
            }
        };
        claims.map_err(|error| {
            let no_key = matches!(
                error,
                JwsError::UnknownKey | JwsError::WrongKey | JwsError::AmbiguousKey | JwsError::WeakSecret
            );
            if no_key {
                decoy::verify(self);
            }
            error.into()
        })
    }
}

impl AssertionAlgorithm {
    /// All of them, the preferred one first.
    pub const ALL: [Self; 5] = [
        Self::Public(Algorithm::ES256),
        Self::Public(Algorithm::EdDSA),
        Self::Public(Algorithm::PS256),
        Self::Public(Algorithm::RS256),
        Self::Shared,
    ];

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => HmacAlgorithm::HS256.as_str(),
            Self::Public(algorithm) => algorithm.as_str(),
        }
    }

    /// The method of an assertion that is signed by it.
    #[must_use]
    pub const fn method(self) -> ClientAuthMethod {
        match self {
            Self::Shared => ClientAuthMethod::ClientSecretJwt,
            Self::Public(_) => ClientAuthMethod::PrivateKeyJwt,
        }
    }
}

impl fmt::Display for AssertionAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AssertionAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

impl AssertionError {
    /// The stable word for the audit log.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Jws(JwsError::Signature) => "assertion_signature",
            Self::Jws(JwsError::Algorithm) => "assertion_algorithm",
            Self::Jws(JwsError::Typ) => "assertion_typ",
            Self::Jws(
                JwsError::UnknownKey | JwsError::WrongKey | JwsError::AmbiguousKey | JwsError::WeakSecret,
            ) => "assertion_key",
            Self::Jws(_) => "malformed_assertion",
            Self::Key(reason) => reason,
            Self::Subject => "assertion_subject",
            Self::Audience => "assertion_audience",
            Self::Times(JwtError::Expired) => "assertion_expired",
            Self::Times(JwtError::NoExpiry) => "assertion_expiry_missing",
            Self::Times(_) => "assertion_from_the_future",
            Self::Lifetime => "assertion_lifetime",
            Self::Id => "assertion_id_missing",
        }
    }
}
