//! Which addresses are public: everything that the special-purpose registries of IANA do not set apart.
//!
//! [IPv4](https://www.iana.org/assignments/iana-ipv4-special-registry),
//! [IPv6](https://www.iana.org/assignments/iana-ipv6-special-registry). Of IPv6 only the block that is handed out for
//! public use, `2000::/3`, can be public at all, so a block that is set apart later elsewhere is refused today.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Why an address is not one of the public network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressClass {
    /// For measurements between devices. [RFC 2544](https://www.rfc-editor.org/rfc/rfc2544)
    Benchmarking,
    /// For examples in texts. [RFC 5737](https://www.rfc-editor.org/rfc/rfc5737)
    Documentation,
    /// Of one link, valid nowhere else. [RFC 3927](https://www.rfc-editor.org/rfc/rfc3927)
    LinkLocal,
    /// This very machine.
    Loopback,
    /// Where a cloud tells a machine its secrets.
    Metadata,
    /// Many machines at once.
    Multicast,
    /// Of a private network. [RFC 1918](https://www.rfc-editor.org/rfc/rfc1918), [RFC 4193](https://www.rfc-editor.org/rfc/rfc4193)
    Private,
    /// Kept for protocols or for a future use.
    Reserved,
    /// Between a provider and its customers. [RFC 6598](https://www.rfc-editor.org/rfc/rfc6598)
    Shared,
    /// An IPv4 address inside an IPv6 one that a relay would unpack: 6to4, Teredo, local NAT64.
    Tunnel,
    /// No address, or "this network".
    Unspecified,
}

impl AddressClass {
    /// The class of an address that is not public; `None` for a public one.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => of_v4(address),
            IpAddr::V6(address) => of_v6(address),
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Benchmarking => "an address for measurements",
            Self::Documentation => "an address for examples in texts",
            Self::LinkLocal => "an address of the local link",
            Self::Loopback => "this machine",
            Self::Metadata => "a cloud's metadata service",
            Self::Multicast => "a multicast address",
            Self::Private => "an address of a private network",
            Self::Reserved => "a reserved address",
            Self::Shared => "an address shared by a provider's customers",
            Self::Tunnel => "an IPv4 address inside a tunnel",
            Self::Unspecified => "no address of any machine",
        })
    }
}

/// The blocks that are set apart: network, length of its prefix, class. The first that matches decides.
const V4: &[([u8; 4], u32, AddressClass)] = &[
    ([169, 254, 169, 254], 32, AddressClass::Metadata),
    ([169, 254, 170, 2], 32, AddressClass::Metadata),
    ([100, 100, 100, 200], 32, AddressClass::Metadata),
    // One provider gives its metadata a public address; no other machine has it.
    ([168, 63, 129, 16], 32, AddressClass::Metadata),
    ([0, 0, 0, 0], 8, AddressClass::Unspecified),
    ([10, 0, 0, 0], 8, AddressClass::Private),
    ([100, 64, 0, 0], 10, AddressClass::Shared),
    ([127, 0, 0, 0], 8, AddressClass::Loopback),
    ([169, 254, 0, 0], 16, AddressClass::LinkLocal),
    ([172, 16, 0, 0], 12, AddressClass::Private),
    ([192, 0, 0, 0], 24, AddressClass::Reserved),
    ([192, 0, 2, 0], 24, AddressClass::Documentation),
    ([192, 88, 99, 0], 24, AddressClass::Tunnel),
    ([192, 168, 0, 0], 16, AddressClass::Private),
    ([198, 18, 0, 0], 15, AddressClass::Benchmarking),
    ([198, 51, 100, 0], 24, AddressClass::Documentation),
    ([203, 0, 113, 0], 24, AddressClass::Documentation),
    ([224, 0, 0, 0], 4, AddressClass::Multicast),
    ([240, 0, 0, 0], 4, AddressClass::Reserved),
];

const V6: &[([u16; 8], u32, AddressClass)] = &[
    ([0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254], 128, AddressClass::Metadata),
    ([0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254], 128, AddressClass::Metadata),
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, AddressClass::Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, AddressClass::Loopback),
    ([0x0064, 0xff9b, 1, 0, 0, 0, 0, 0], 48, AddressClass::Tunnel),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, AddressClass::Tunnel),
    ([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, AddressClass::Benchmarking),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, AddressClass::Reserved),
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32, AddressClass::Documentation),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, AddressClass::Tunnel),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, AddressClass::Documentation),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, AddressClass::Private),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, AddressClass::LinkLocal),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, AddressClass::Private),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, AddressClass::Multicast),
];

fn of_v4(address: Ipv4Addr) -> Option<AddressClass> {
    let differs = |network: [u8; 4]| address.to_bits() ^ Ipv4Addr::from(network).to_bits();
    V4.iter().find(|(network, prefix, _)| differs(*network).leading_zeros() >= *prefix).map(|found| found.2)
}

fn of_v6(address: Ipv6Addr) -> Option<AddressClass> {
    if let Some(inner) = v4_inside(address) {
        return of_v4(inner);
    }
    let differs = |network: [u16; 8]| address.to_bits() ^ Ipv6Addr::from(network).to_bits();
    let listed = V6.iter().find(|(network, prefix, _)| differs(*network).leading_zeros() >= *prefix);
    let handed_out = address.to_bits() >> 125 == 0b001;
    listed.map(|found| found.2).or((!handed_out).then_some(AddressClass::Reserved))
}

/// The IPv4 address that is reached through `address`: mapped (`::ffff:0:0/96`), or translated by the network's own
/// NAT64 (`64:ff9b::/96`, the only way to an IPv4 host from a network without IPv4).
fn v4_inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x0064, 0xff9b, 0, 0, 0, 0, ..] => {
            let [.., a, b, c, d] = address.octets();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
