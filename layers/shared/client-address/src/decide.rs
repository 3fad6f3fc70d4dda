//! Who the client is: decided from the peer and one header.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header::FORWARDED};

use crate::{node, proxies::TrustedProxies};

/// How many proxies are followed at most.
pub const MAX_HOPS: usize = 32;

/// By which header the proxies say who asked them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ForwardedBy {
    /// `Forwarded`, [RFC 7239](https://www.rfc-editor.org/rfc/rfc7239).
    Forwarded,
    /// `X-Forwarded-For`.
    XForwardedFor,
}

impl ForwardedBy {
    /// The header's name.
    #[must_use]
    pub const fn header(self) -> HeaderName {
        match self {
            Self::Forwarded => FORWARDED,
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
        }
    }

    fn read(self, element: &[u8]) -> Option<IpAddr> {
        match self {
            Self::Forwarded => node::forwarded(element),
            Self::XForwardedFor => node::plain(element),
        }
    }
}

/// The client's address. See the [crate's documentation](crate) for the rules.
#[must_use]
pub fn client_address(
    peer: IpAddr,
    headers: &HeaderMap,
    proxies: &TrustedProxies,
    by: ForwardedBy,
) -> IpAddr {
    let mut known = peer.to_canonical();
    if !proxies.contains(known) {
        return known;
    }
    // From the right: the last line first, and in it the last element.
    let lines = headers.get_all(by.header()).into_iter().rev();
    let elements = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for element in elements.take(MAX_HOPS) {
        let Some(said) = by.read(element) else { return known };
        known = said;
        if !proxies.contains(known) {
            return known;
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use ForwardedBy::{Forwarded, XForwardedFor};
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, by: ForwardedBy, lines: &[&str]) -> String {
        let proxies = "10.0.0.0/8 2001:db8::/32".parse().unwrap();
        let lines = lines.iter().map(|line| (by.header(), HeaderValue::from_str(line).unwrap()));
        let mut headers = HeaderMap::new();
        lines.for_each(|(name, value)| {
            headers.append(name, value);
        });
        client_address(peer.parse().unwrap(), &headers, &proxies, by).to_string()
    }

    #[test]
    fn whoever_is_no_proxy_speaks_for_themself() {
        assert_eq!(client("203.0.113.7", XForwardedFor, &["192.0.2.1"]), "203.0.113.7");
        assert_eq!(client("203.0.113.7", XForwardedFor, &["10.0.0.1"]), "203.0.113.7");
        assert_eq!(client("203.0.113.7", Forwarded, &["for=192.0.2.1"]), "203.0.113.7");
    }

    #[test]
    fn a_proxy_that_says_nothing_is_the_client() {
        assert_eq!(client("10.0.0.1", XForwardedFor, &[]), "10.0.0.1");
        assert_eq!(client("::ffff:10.0.0.1", Forwarded, &[]), "10.0.0.1");
    }

    #[test]
    fn the_first_from_the_right_that_is_no_proxy_is_the_client() {
        for (lines, expected) in [
            (&["192.0.2.1"][..], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1"], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1, 10.0.0.9"], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1, 10.0.0.9 , 2001:db8::5"], "192.0.2.1"),
            (&["10.0.0.7,10.0.0.9"], "10.0.0.7"),
            // Several lines are one list, in their order.
            (&["6.6.6.6", "192.0.2.1", "10.0.0.9"], "192.0.2.1"),
            (&["6.6.6.6, 192.0.2.1", "10.0.0.8, 10.0.0.9"], "192.0.2.1"),
        ] {
            assert_eq!(client("10.0.0.1", XForwardedFor, lines), expected, "{lines:?}");
            let named: Vec<_> = lines
                .iter()
                .map(|line| {
                    let hops = line.split(',').map(|hop| format!("for=\"{}\"", bracketed(hop.trim())));
                    hops.collect::<Vec<_>>().join(", ")
                })
                .collect();
            let named: Vec<_> = named.iter().map(String::as_str).collect();
            assert_eq!(client("2001:db8::1", Forwarded, &named), expected, "{named:?}");
        }
    }

    fn bracketed(hop: &str) -> String {
        if hop.contains(':') { format!("[{hop}]") } else { hop.to_owned() }
    }

    #[test]
    fn what_names_no_address_ends_the_search_at_whoever_wrote_it() {
        for written in ["unknown", "_hidden", "", "garbage", "1.2.3.4.5"] {
            assert_eq!(client("10.0.0.1", XForwardedFor, &[&format!("192.0.2.1, {written}")]), "10.0.0.1");
            let line = format!("192.0.2.1, {written}, 10.0.0.9");
            assert_eq!(client("10.0.0.1", XForwardedFor, &[&line]), "10.0.0.9", "{line}");
            let line = format!("for=192.0.2.1, for={written}, for=10.0.0.9");
            assert_eq!(client("10.0.0.1", Forwarded, &[&line]), "10.0.0.9", "{line}");
        }
        assert_eq!(client("10.0.0.1", XForwardedFor, &["192.0.2.1", ""]), "10.0.0.1", "an empty last line");
    }

    #[test]
    fn a_quote_that_the_client_opened_swallows_nothing() {
        let line = "for=\"6.6.6.6, for=192.0.2.1";
        assert_eq!(client("10.0.0.1", Forwarded, &[line]), "192.0.2.1");
        // A client's host name, which a proxy quotes, is no hop.
        for host in ["a,for=6.6.6.6", "a,for=6.6.6.6;x=y", "a\\\",for=6.6.6.6;x=\\\"b"] {
            let line = format!("for=192.0.2.1;host=\"{host}\"");
            assert_eq!(client("10.0.0.1", Forwarded, &[&line]), "10.0.0.1", "{line}");
        }
    }

    #[test]
    fn the_other_header_is_not_read() {
        let proxies = "10.0.0.0/8".parse().unwrap();
        let headers = HeaderMap::from_iter([
            (XForwardedFor.header(), HeaderValue::from_static("192.0.2.1")),
            (Forwarded.header(), HeaderValue::from_static("for=192.0.2.2")),
        ]);
        let of = |by| client_address("10.0.0.1".parse().unwrap(), &headers, &proxies, by).to_string();
        assert_eq!([of(XForwardedFor), of(Forwarded)], ["192.0.2.1", "192.0.2.2"]);
    }

    #[test]
    fn thousands_of_proxies_are_not_followed() {
        let many = vec!["10.0.0.9"; 20_000].join(",");
        let line = format!("192.0.2.1,{many}");
        assert_eq!(client("10.0.0.1", XForwardedFor, &[&line]), "10.0.0.9");
        let few = vec!["10.0.0.9"; MAX_HOPS - 1].join(",");
        assert_eq!(client("10.0.0.1", XForwardedFor, &[&format!("192.0.2.1,{few}")]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", XForwardedFor, &[&format!("192.0.2.1,10.0.0.8,{few}")]), "10.0.0.8");
    }
}
