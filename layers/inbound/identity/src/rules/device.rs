//! What is kept of the device that somebody signs in on, so that they know it again in a list: which browser on which system,
//! from which network, perhaps near which place. None of it proves anything.

mod agent;

use std::net::IpAddr;

pub use agent::describe;

/// The longest user agent that is kept, in bytes.
pub const MAX_AGENT_BYTES: usize = 512;

/// The longest name of a place that is kept, in bytes.
pub const MAX_PLACE_BYTES: usize = 128;

/// A device, as far as it showed itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// What its browser calls itself: at most [`MAX_AGENT_BYTES`], without control characters.
    pub agent: Option<String>,
    /// The network it came from: the first 24 bits of an IPv4 address, the first 48 of an IPv6 address.
    pub network: Option<String>,
    /// Where that is, roughly, as the host says.
    pub place: Option<String>,
}

impl Device {
    /// What is kept of these.
    #[must_use]
    pub fn new(agent: Option<&[u8]>, address: Option<IpAddr>, place: Option<String>) -> Self {
        Self {
            agent: agent.and_then(|agent| bounded(&String::from_utf8_lossy(agent), MAX_AGENT_BYTES)),
            network: address.map(network_of),
            place: place.and_then(|place| bounded(&place, MAX_PLACE_BYTES)),
        }
    }

    /// In words, such as "Firefox on Windows".
    #[must_use]
    pub fn in_words(&self) -> String {
        self.agent.as_deref().map_or_else(|| String::from("An unknown device"), describe)
    }
}

/// The network of an address: enough to tell home from abroad, too little to follow somebody.
#[must_use]
pub fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// The text without control characters, cut at a character's border; nothing where nothing is left.
fn bounded(text: &str, most: usize) -> Option<String> {
    let mut kept = String::with_capacity(text.len().min(most));
    for c in text.trim().chars().filter(|c| !c.is_control()) {
        if kept.len() + c.len_utf8() > most {
            break;
        }
        kept.push(c);
    }
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_has_no_control_characters() {
        let long = "ä".repeat(600);
        let device = Device::new(Some(long.as_bytes()), None, Some("x".repeat(500)));
        assert_eq!(device.agent.map(|agent| agent.len()), Some(MAX_AGENT_BYTES));
        assert_eq!(device.place.map(|place| place.len()), Some(MAX_PLACE_BYTES));
        let odd = Device::new(Some(b"\x1b[31mMozilla\r\n\x00 \xff"), None, None);
        assert_eq!(odd.agent.as_deref(), Some("[31mMozilla \u{fffd}"));
        assert_eq!(Device::new(Some(b" \r\n"), None, None), Device::default());
    }

    #[test]
    fn an_address_is_kept_as_its_network_alone() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("::1", "::/48"),
        ] {
            let device = Device::new(None, address.parse().ok(), None);
            assert_eq!(device.network.as_deref(), Some(network));
        }
    }
}
