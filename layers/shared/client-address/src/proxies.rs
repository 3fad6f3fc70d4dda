//! The proxies whose word counts.

use std::{net::IpAddr, str::FromStr};

use ipnet::{IpNet, Ipv4Net};

/// The networks of the proxies in front of a host. None unless told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// A text is not a list of networks that may be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidProxies {
    /// One is neither an address nor a network.
    #[error("{0:?} is neither an address nor a network such as 10.0.0.0/8 or 2001:db8::/32")]
    NotANetwork(String),
    /// One is everybody.
    #[error("{0:?} is everybody: whoever connects could then say that they are anybody")]
    Everybody(String),
}

impl TrustedProxies {
    /// Nobody is trusted.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads addresses (`127.0.0.1`) and networks (`10.0.0.0/8`), IPv4 or IPv6.
    ///
    /// # Errors
    /// When one of them is none, or is everybody.
    pub fn parse<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Self, InvalidProxies> {
        networks.into_iter().map(|text| network(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nobody is trusted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }
}

impl FromStr for TrustedProxies {
    type Err = InvalidProxies;

    /// Reads what stands between blanks or commas.
    fn from_str(text: &str) -> Result<Self, InvalidProxies> {
        let blank = |at: char| at == ',' || at.is_whitespace();
        Self::parse(text.split(blank).filter(|part| !part.is_empty()))
    }
}

fn network(text: &str) -> Result<IpNet, InvalidProxies> {
    let text = text.trim();
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    let network =
        text.parse().or_else(|_| single()).map_err(|_| InvalidProxies::NotANetwork(text.to_owned()))?;
    let network = as_ipv4(network);
    if network.prefix_len() == 0 { Err(InvalidProxies::Everybody(text.to_owned())) } else { Ok(network) }
}

/// An IPv4 network that is written as IPv6 is IPv4.
fn as_ipv4(network: IpNet) -> IpNet {
    let IpNet::V6(wide) = network else { return network };
    let plain = wide.network().to_ipv4_mapped().zip(wide.prefix_len().checked_sub(96));
    plain.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(proxies: &str, ip: &str) -> bool {
        proxies.parse::<TrustedProxies>().unwrap().contains(ip.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        for (proxies, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::1", "::1", "::2"),
            ("192.0.2.0/25, 192.0.2.128/25", "192.0.2.200", "192.0.3.0"),
        ] {
            assert!(contains(proxies, inside), "{proxies} {inside}");
            assert!(!contains(proxies, outside), "{proxies} {outside}");
        }
        assert!(!TrustedProxies::none().contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn ipv4_is_ipv4_however_it_is_written() {
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(contains("::ffff:10.0.0.0/104", "10.0.0.1"));
        assert!(!contains("::ffff:10.0.0.0/104", "11.0.0.1"));
        assert!(contains("::ffff:127.0.0.1", "127.0.0.1"));
    }

    #[test]
    fn everybody_is_not_trusted() {
        for text in ["0.0.0.0/0", "::/0", "1.2.3.4/0", "::ffff:0.0.0.0/96"] {
            let refused = text.parse::<TrustedProxies>().unwrap_err();
            assert_eq!(refused, InvalidProxies::Everybody(text.to_owned()));
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["localhost", "10.0.0.0/33", "10.0.0", "10.0.0.0/-1", "::1/129", "*"] {
            let refused = TrustedProxies::parse([text]).unwrap_err();
            assert_eq!(refused, InvalidProxies::NotANetwork(text.to_owned()));
        }
    }
}
