//! The make of an authenticator.

use std::{collections::BTreeSet, fmt, str::FromStr};

use towergate_core::id::Uuid;

/// The make of an authenticator, as it names itself:
/// [Web Authentication section 6.5.1](https://www.w3.org/TR/webauthn-3/#aaguid). All zeros when it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aaguid([u8; 16]);

impl Aaguid {
    /// Of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Aaguid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Uuid::from_bytes(self.0).fmt(f)
    }
}

/// What cannot be an AAGUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an AAGUID is 32 hexadecimal digits, such as ee882879-721c-4913-9775-3dfcce97072a")]
pub struct InvalidAaguid;

impl FromStr for Aaguid {
    type Err = InvalidAaguid;

    fn from_str(text: &str) -> Result<Self, InvalidAaguid> {
        Uuid::parse_str(text).map(|id| Self(id.into_bytes())).map_err(|_| InvalidAaguid)
    }
}

/// Which makes of authenticators may be registered.
///
/// Without attestation nobody vouches for what an authenticator says of itself: this keeps honest people to the makes that a
/// host knows, and nobody else out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AaguidPolicy {
    /// Any.
    #[default]
    Any,
    /// These alone.
    Only(BTreeSet<Aaguid>),
    /// Any but these.
    Not(BTreeSet<Aaguid>),
}

impl AaguidPolicy {
    /// Whether an authenticator of this make may be registered.
    #[must_use]
    pub fn allows(&self, aaguid: &Aaguid) -> bool {
        match self {
            Self::Any => true,
            Self::Only(these) => these.contains(aaguid),
            Self::Not(these) => !these.contains(aaguid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_allows_or_denies_what_is_on_it() {
        let on: Aaguid = "ee882879-721c-4913-9775-3dfcce97072a".parse().unwrap();
        let off = Aaguid::from_bytes([0; 16]);
        let list = BTreeSet::from([on]);
        for (policy, allowed) in [
            (AaguidPolicy::Any, (true, true)),
            (AaguidPolicy::Only(list.clone()), (true, false)),
            (AaguidPolicy::Not(list), (false, true)),
        ] {
            assert_eq!((policy.allows(&on), policy.allows(&off)), allowed, "{policy:?}");
        }
        assert_eq!(on.to_string(), "ee882879-721c-4913-9775-3dfcce97072a");
        assert_eq!("yubikey".parse::<Aaguid>(), Err(InvalidAaguid));
    }
}
