//! A limit by address: for one address, and for the network around it.

use std::time::Duration;

use towergate_client_address::ClientAddress;

use super::{
    bucket::{Bucket, RateKey},
    policy::RatePolicy,
};

/// How many times as many a network may as one address of it, unless told.
const NETWORK: u32 = 10;

/// How often one address may ask for something, and how often the network around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    name: &'static str,
    address: RatePolicy,
    network: RatePolicy,
}

impl Limit {
    /// At most `most` within `within` for an address; ten times as many for its network, and for all whose address is unknown
    /// together. Limits of one name share their buckets.
    #[must_use]
    pub fn new(name: &'static str, most: u32, within: Duration) -> Self {
        let address = RatePolicy::new(most, within);
        Self { name, address, network: address.times(NETWORK) }
    }

    /// The limit with another number for an address, and ten times that for its network.
    #[must_use]
    pub fn most(self, most: u32) -> Self {
        Self::new(self.name, most, self.address.within())
    }

    /// The limit with another policy for the network.
    #[must_use]
    pub const fn network(self, network: RatePolicy) -> Self {
        Self { network, ..self }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is asked for a request from `address`.
    #[must_use]
    pub fn buckets(&self, address: ClientAddress) -> Vec<Bucket> {
        match address.ip() {
            Some(ip) => vec![
                Bucket { key: RateKey::address(self.name, ip), policy: self.address },
                Bucket { key: RateKey::network(self.name, ip), policy: self.network },
            ],
            None => vec![Bucket { key: RateKey::unknown(self.name), policy: self.network }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_unknown_is_limited_with_all_who_are() {
        let limit = Limit::new("x", 5, Duration::from_secs(60));
        let [bucket] = &*limit.buckets(ClientAddress::UNKNOWN) else { panic!("not one") };
        assert_eq!((bucket.key.clone(), bucket.policy.most()), (RateKey::unknown("x"), 50));
    }

    #[test]
    fn an_address_is_limited_by_itself_and_with_its_network() {
        let limit =
            Limit::new("x", 5, Duration::from_secs(60)).network(RatePolicy::new(7, Duration::from_secs(9)));
        let ip = "192.0.2.1".parse().unwrap();
        let [one, network] = &*limit.buckets(ClientAddress::from(ip)) else { panic!("not two") };
        assert_eq!((one.key.clone(), one.policy.most()), (RateKey::address("x", ip), 5));
        assert_eq!((network.key.clone(), network.policy.most()), (RateKey::network("x", ip), 7));
    }
}
