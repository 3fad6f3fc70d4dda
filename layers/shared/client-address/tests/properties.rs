//! Whatever a client sends, a trusted proxy's word about it stands.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use towergate_client_address::{ForwardedBy, TrustedProxies, client_address};

#[cfg(test)]
fn proxies() -> TrustedProxies {
    "10.0.0.0/8 fd00::/8".parse().unwrap()
}

/// A header line that a client may send: any bytes that a header may hold, or what looks like hops.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let any = proptest::collection::vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff, Just(b'\t')], 0..80);
    let hop = prop_oneof![
        Just("10.0.0.1"),
        Just("6.6.6.6"),
        Just("unknown"),
        Just("_x"),
        Just(""),
        Just("for=6.6.6.6"),
        Just("for=10.0.0.1"),
        Just("for=\"[fd00::1]\""),
        Just("for=\""),
        Just("\""),
        Just("\\"),
        Just("[::1]:1"),
        Just("for=\"a\\\"")
    ];
    let hops = proptest::collection::vec(hop, 0..40).prop_map(|hops| hops.join(", ").into_bytes());
    prop_oneof![any, hops]
}

/// An address that is no proxy.
fn client() -> impl Strategy<Value = IpAddr> {
    any::<IpAddr>().prop_map(|ip| ip.to_canonical()).prop_filter("a proxy", |ip| !proxies().contains(*ip))
}

fn named(by: ForwardedBy, ip: IpAddr) -> String {
    match (by, ip) {
        (ForwardedBy::XForwardedFor, _) => ip.to_string(),
        (ForwardedBy::Forwarded, IpAddr::V4(_)) => format!("for={ip}"),
        (ForwardedBy::Forwarded, IpAddr::V6(_)) => format!("for=\"[{ip}]\";proto=https"),
    }
}

proptest! {
    #[test]
    fn no_prefix_of_a_client_changes_who_it_is(
        sent in proptest::collection::vec(line(), 0..4),
        client in client(),
        further in 0_usize..4,
        own_line in any::<bool>(),
        by in prop_oneof![Just(ForwardedBy::Forwarded), Just(ForwardedBy::XForwardedFor)],
    ) {
        let mut lines = sent;
        // The first proxy appends who asked it, to the last line or on its own; further proxies append the one before.
        let hops = std::iter::once(client).chain((0..further).map(|n| IpAddr::from([10, 0, 0, u8::try_from(n).unwrap_or(0)])));
        for hop in hops {
            let hop = named(by, hop);
            match lines.last_mut().filter(|_| !own_line) {
                Some(last) => last.extend_from_slice(format!(", {hop}").as_bytes()),
                None => lines.push(hop.into_bytes()),
            }
        }
        let mut headers = HeaderMap::new();
        for line in &lines {
            headers.append(by.header(), HeaderValue::from_bytes(line).unwrap());
        }
        prop_assert_eq!(client_address(IpAddr::from([10, 9, 9, 9]), &headers, &proxies(), by), client);
    }

    #[test]
    fn an_untrusted_peer_is_believed_nothing(sent in proptest::collection::vec(line(), 0..4), peer in client()) {
        let mut headers = HeaderMap::new();
        for line in &sent {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
            headers.append("forwarded", HeaderValue::from_bytes(line).unwrap());
        }
        for by in [ForwardedBy::Forwarded, ForwardedBy::XForwardedFor] {
            prop_assert_eq!(client_address(peer, &headers, &proxies(), by), peer);
        }
    }
}
