use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

/// First and last address of each block that is set apart.
const APART: &[(&str, &str, AddressClass)] = &[
    ("0.0.0.0", "0.255.255.255", AddressClass::Unspecified),
    ("10.0.0.0", "10.255.255.255", AddressClass::Private),
    ("100.64.0.0", "100.127.255.255", AddressClass::Shared),
    ("100.100.100.200", "100.100.100.200", AddressClass::Metadata),
    ("127.0.0.0", "127.255.255.255", AddressClass::Loopback),
    ("168.63.129.16", "168.63.129.16", AddressClass::Metadata),
    ("169.254.0.0", "169.254.255.255", AddressClass::LinkLocal),
    ("169.254.169.254", "169.254.169.254", AddressClass::Metadata),
    ("169.254.170.2", "169.254.170.2", AddressClass::Metadata),
    ("172.16.0.0", "172.31.255.255", AddressClass::Private),
    ("192.0.0.0", "192.0.0.255", AddressClass::Reserved),
    ("192.0.2.0", "192.0.2.255", AddressClass::Documentation),
    ("192.88.99.0", "192.88.99.255", AddressClass::Tunnel),
    ("192.168.0.0", "192.168.255.255", AddressClass::Private),
    ("198.18.0.0", "198.19.255.255", AddressClass::Benchmarking),
    ("198.51.100.0", "198.51.100.255", AddressClass::Documentation),
    ("203.0.113.0", "203.0.113.255", AddressClass::Documentation),
    ("224.0.0.0", "239.255.255.255", AddressClass::Multicast),
    ("240.0.0.0", "255.255.255.255", AddressClass::Reserved),
    ("::", "::", AddressClass::Unspecified),
    ("::1", "::1", AddressClass::Loopback),
    ("::2", "::fffe:ffff:ffff", AddressClass::Reserved),
    ("::127.0.0.1", "::10.0.0.1", AddressClass::Reserved),
    ("::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8", AddressClass::Reserved),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", AddressClass::Tunnel),
    ("100::", "100::ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("100:0:0:1::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Tunnel),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", AddressClass::Benchmarking),
    ("2001:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("2001:10::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Documentation),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Tunnel),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Documentation),
    ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Private),
    ("fd00:ec2::254", "fd00:ec2::254", AddressClass::Metadata),
    ("fd20:ce::254", "fd20:ce::254", AddressClass::Metadata),
    ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Reserved),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::LinkLocal),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Private),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", AddressClass::Multicast),
];

/// The last before and the first after each block, and some that everybody knows.
const PUBLIC: &[&str] = &[
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.1.255",
    "192.0.3.0",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "198.51.99.255",
    "198.51.101.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2000::",
    "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:200::",
    "2001:4860:4860::8888",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2003::",
    "2606:4700:4700::1111",
    "2620:4f:8000::1",
    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "3fff:1000::",
    "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
];

fn class_of(address: &str) -> Option<AddressClass> {
    AddressClass::of(address.parse().unwrap())
}

#[test]
fn the_ends_of_each_block_are_refused() {
    for (first, last, class) in APART {
        assert_eq!(class_of(first), Some(*class), "{first}");
        assert_eq!(class_of(last), Some(*class), "{last}");
    }
}

#[test]
fn the_neighbours_of_each_block_are_public() {
    for address in PUBLIC {
        assert_eq!(class_of(address), None, "{address}");
    }
}

#[test]
fn an_ipv4_address_inside_an_ipv6_one_is_judged_as_itself() {
    for (address, class) in [
        ("::ffff:127.0.0.1", AddressClass::Loopback),
        ("::ffff:169.254.169.254", AddressClass::Metadata),
        ("64:ff9b::10.0.0.1", AddressClass::Private),
        ("64:ff9b::169.254.169.254", AddressClass::Metadata),
        ("2002:7f00:1::", AddressClass::Tunnel),
        ("2001:0:0808:0808:0:0:80ff:fffe", AddressClass::Tunnel),
    ] {
        assert_eq!(class_of(address), Some(class), "{address}");
    }
}

#[test]
fn as_much_is_public_as_the_registries_leave() {
    // Of the 2^16 blocks a.b/16 these many are refused at a.b.77.77; the /24 and /32 entries lie elsewhere.
    let refused = (0..=u16::MAX).filter(|block| {
        let [a, b] = block.to_be_bytes();
        AddressClass::of(Ipv4Addr::new(a, b, 77, 77).into()).is_some()
    });
    let whole_eights = 3 + 32;
    assert_eq!(refused.count(), whole_eights * 256 + 64 + 1 + 16 + 1 + 2);
}

proptest! {
    #[test]
    fn whatever_lies_in_a_block_is_refused(pick in 0..APART.len(), at in any::<u128>()) {
        let (first, last, _) = APART[pick];
        let address = between(first.parse().unwrap(), last.parse().unwrap(), at);
        prop_assert!(AddressClass::of(address).is_some(), "{address}");
    }

    #[test]
    fn a_mapped_or_translated_address_is_judged_as_the_ipv4_one(bits in any::<u32>()) {
        let plain = Ipv4Addr::from_bits(bits);
        let class = AddressClass::of(plain.into());
        prop_assert_eq!(AddressClass::of(plain.to_ipv6_mapped().into()), class);
        let translated = Ipv6Addr::from_bits((0x0064_ff9b << 96) | u128::from(bits));
        prop_assert_eq!(AddressClass::of(translated.into()), class);
        prop_assert!(AddressClass::of(plain.to_ipv6_compatible().into()).is_some());
    }

    #[test]
    fn what_the_standard_library_sets_apart_is_refused(v4 in any::<u32>(), v6 in any::<u128>()) {
        let v4 = Ipv4Addr::from_bits(v4);
        let apart = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
            || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified();
        prop_assert!(!apart || AddressClass::of(v4.into()).is_some(), "{v4}");
        let v6 = Ipv6Addr::from_bits(v6);
        let apart = v6.is_loopback() || v6.is_multicast() || v6.is_unicast_link_local()
            || v6.is_unique_local() || v6.is_unspecified();
        prop_assert!(!apart || AddressClass::of(v6.into()).is_some(), "{v6}");
    }
}

fn between(first: IpAddr, last: IpAddr, at: u128) -> IpAddr {
    let pick = |first: u128, last: u128| first.min(last) + at % (first.abs_diff(last) + 1);
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            let picked = pick(first.to_bits().into(), last.to_bits().into());
            Ipv4Addr::from_bits(picked.try_into().unwrap()).into()
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            Ipv6Addr::from_bits(pick(first.to_bits(), last.to_bits())).into()
        }
        mixed => panic!("{mixed:?}"),
    }
}
