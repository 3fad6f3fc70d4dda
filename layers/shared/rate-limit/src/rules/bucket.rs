//! What is counted by itself: a purpose, and who asks.

use std::net::IpAddr;

use towergate_core::Digest;

use super::policy::RatePolicy;

/// Who is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RateScope {
    /// An account, or a name that somebody typed for one.
    Account,
    /// One address: an IPv4 address, or the 64 bits of an IPv6 address that one subscriber has.
    Address,
    /// The network around it: 24 bits of IPv4, 48 of IPv6.
    Network,
    /// Everybody whose address is unknown.
    Unknown,
}

impl RateScope {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Address => "address",
            Self::Network => "network",
            Self::Unknown => "unknown",
        }
    }
}

/// What a bucket is told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateKey {
    name: &'static str,
    scope: RateScope,
    whose: Vec<u8>,
}

impl RateKey {
    /// An account, by a name that is spelled in one way only; kept as its SHA-256.
    #[must_use]
    pub fn account(name: &'static str, account: &str) -> Self {
        let digest = Digest::of(account.as_bytes());
        Self { name, scope: RateScope::Account, whose: digest.as_bytes().to_vec() }
    }

    /// An address.
    #[must_use]
    pub fn address(name: &'static str, ip: IpAddr) -> Self {
        Self { name, scope: RateScope::Address, whose: prefix(ip, 4, 8) }
    }

    /// The network around an address.
    #[must_use]
    pub fn network(name: &'static str, ip: IpAddr) -> Self {
        Self { name, scope: RateScope::Network, whose: prefix(ip, 3, 6) }
    }

    /// Everybody whose address is unknown.
    #[must_use]
    pub const fn unknown(name: &'static str) -> Self {
        Self { name, scope: RateScope::Unknown, whose: Vec::new() }
    }

    /// For what.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Who is counted together.
    #[must_use]
    pub const fn scope(&self) -> RateScope {
        self.scope
    }

    /// What tells keys of one name and scope apart, at most 32 bytes.
    #[must_use]
    pub fn whose(&self) -> &[u8] {
        &self.whose
    }
}

/// What is asked, and by which policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Which.
    pub key: RateKey,
    /// How often.
    pub policy: RatePolicy,
}

/// The first bytes of an address; an IPv4 address that is written as IPv6 is IPv4.
fn prefix(ip: IpAddr, v4: usize, v6: usize) -> Vec<u8> {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.octets().into_iter().take(v4).collect(),
        IpAddr::V6(ip) => ip.octets().into_iter().take(v6).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(key: fn(&'static str, IpAddr) -> RateKey, one: &str, other: &str) -> bool {
        key("x", one.parse().unwrap()) == key("x", other.parse().unwrap())
    }

    #[test]
    fn an_address_is_one_subscriber() {
        assert!(same(RateKey::address, "192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same(RateKey::address, "192.0.2.1", "192.0.2.2"));
        assert!(same(RateKey::address, "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
        assert!(!same(RateKey::address, "2001:db8:1:2::1", "2001:db8:1:3::1"));
    }

    #[test]
    fn a_network_is_wider() {
        assert!(same(RateKey::network, "192.0.2.1", "192.0.2.255"));
        assert!(!same(RateKey::network, "192.0.2.1", "192.0.3.1"));
        assert!(same(RateKey::network, "2001:db8:1:2::1", "2001:db8:1:ffff::1"));
        assert!(!same(RateKey::network, "2001:db8:1::1", "2001:db8:2::1"));
    }

    #[test]
    fn keys_of_two_kinds_are_never_one() {
        let ip: IpAddr = "192.0.2.0".parse().unwrap();
        let keys = [
            RateKey::address("x", ip),
            RateKey::network("x", ip),
            RateKey::unknown("x"),
            RateKey::account("x", "a"),
        ];
        for (n, key) in keys.iter().enumerate() {
            assert!(keys.iter().skip(n + 1).all(|other| other != key));
            assert!(key.whose().len() <= 32);
        }
        assert_ne!(RateKey::account("x", "a"), RateKey::account("y", "a"));
    }
}
