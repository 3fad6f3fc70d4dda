//! What may be shown once: the identifier of an assertion, remembered as long as the assertion could be shown again.

use std::time::Duration;

use towergate_core::{Digest, Timestamp};

use super::client::assertion::{MAX_LIFETIME, TOLERANCE};

/// An identifier that counts once, until it is worth nothing anyway.
#[derive(Debug, Clone)]
pub struct SingleUse {
    /// What kind of identifier it is: the same text may stand for another thing elsewhere.
    pub kind: SingleUseKind,
    /// The digest of who chose it and of the identifier itself. Who chose it bounds neither its length nor its letters.
    pub digest: Digest,
    /// From this moment on it need not be remembered, since what it stands in has expired.
    pub until: Timestamp,
}

/// What an identifier stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SingleUseKind {
    /// The `jti` of a client assertion, [RFC 7523 section 3](https://www.rfc-editor.org/rfc/rfc7523#section-3).
    ClientAssertion,
}

/// How long after it was shown anything has to be remembered at most: a client assertion whose end is as far away as it may be.
pub const LONGEST: Duration = Duration::from_secs(MAX_LIFETIME.as_secs() + 2 * TOLERANCE.as_secs());

impl SingleUse {
    /// The identifier `id` that `owner` chose.
    #[must_use]
    pub fn new(kind: SingleUseKind, owner: &str, id: &str, until: Timestamp) -> Self {
        // With its length first, no owner and identifier run together into those of another.
        let named = format!("{}:{owner}{id}", owner.len());
        Self { kind, digest: Digest::of(named.as_bytes()), until }
    }
}

impl SingleUseKind {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::ClientAssertion];

    /// The name under which a store keeps it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientAssertion => "client_assertion",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_its_owners_alone() {
        let until = Timestamp::from_unix_seconds(1);
        let of = |owner, id| SingleUse::new(SingleUseKind::ClientAssertion, owner, id, until).digest;
        assert!(of("shop", "1").matches(&of("shop", "1")));
        for (owner, id) in [("shop", "2"), ("other", "1"), ("sho", "p1"), ("shop1", ""), ("", "shop1")] {
            assert!(!of("shop", "1").matches(&of(owner, id)), "{owner} {id}");
        }
    }
}
