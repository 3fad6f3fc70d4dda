//! One element of a list of hops: which address it names, or that it names none.

use std::net::{IpAddr, Ipv6Addr};

/// The address that an element of `X-Forwarded-For` names, with or without a port.
pub(crate) fn plain(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?.trim_matches([' ', '\t']);
    address(text).map(|ip| ip.to_canonical())
}

/// The address that the `for` of an element of `Forwarded` names,
/// [RFC 7239 section 6](https://www.rfc-editor.org/rfc/rfc7239#section-6). An element that is not whole names none: a comma inside of
/// quotes may have torn it.
pub(crate) fn forwarded(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?;
    let mut found = None;
    for pair in text.split(';') {
        let (name, value) = pair.trim_matches([' ', '\t']).split_once('=')?;
        let value = unquoted(value)?;
        let is_token = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
        // A second `for` contradicts the first.
        if !is_token || (name.eq_ignore_ascii_case("for") && found.replace(value).is_some()) {
            return None;
        }
    }
    found.and_then(address).map(|ip| ip.to_canonical())
}

/// A value without the quotes around it. One with an escape is no address, and one with a quote of its own is torn.
fn unquoted(value: &str) -> Option<&str> {
    let inner = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!inner.contains(['"', '\\'])).then_some(inner)
}

fn address(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse() {
        return Some(ip);
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (inside, after) = rest.split_once(']')?;
            let ip = IpAddr::V6(inside.parse::<Ipv6Addr>().ok()?);
            (ip, after.strip_prefix(':').or_else(|| after.is_empty().then_some("0"))?)
        }
        None => {
            let (host, port) = text.split_once(':')?;
            (IpAddr::V4(host.parse().ok()?), port)
        }
    };
    is_port(port).then_some(host)
}

/// A port, or the name that hides one.
fn is_port(text: &str) -> bool {
    let hidden = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    match text.strip_prefix('_') {
        Some(name) => hidden(name),
        None => {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_each_way_that_it_is_written() {
        for (written, ip) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1\t", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ] {
            assert_eq!(plain(written.as_bytes()), Some(ip.parse().unwrap()), "{written}");
        }
    }

    #[test]
    fn an_element_of_forwarded_is_read_in_each_way_that_it_is_written() {
        for (written, ip) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("For=\"192.0.2.1:4711\"", "192.0.2.1"),
            ("FOR=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=\"[2001:db8::1]\";proto=https;by=203.0.113.43", "2001:db8::1"),
            ("proto=http; for=192.0.2.1 ;host=\"a.example\"", "192.0.2.1"),
            ("for=\"192.0.2.1:_gate.7\"", "192.0.2.1"),
        ] {
            assert_eq!(forwarded(written.as_bytes()), Some(ip.parse().unwrap()), "{written}");
        }
    }

    #[test]
    fn what_names_no_address_is_none() {
        for written in [
            "",
            " ",
            "unknown",
            "_hidden",
            "localhost",
            "192.0.2",
            "192.0.2.1.1",
            "192.0.2.01",
            "192.0.2.1:",
            "192.0.2.1:x",
            "192.0.2.1:65536",
            "192.0.2.1:+1",
            "[192.0.2.1]",
            "[::1",
            "::1]",
            "[::1]x",
            "[::1]:",
            "fe80::1%eth0",
            "192.0.2.1 x",
            "\"192.0.2.1\"",
            "for=192.0.2.1",
        ] {
            assert_eq!(plain(written.as_bytes()), None, "{written}");
        }
        for written in [
            "",
            "for",
            "for=",
            "for=unknown",
            "for=_hidden",
            "192.0.2.1",
            "proto=http",
            "for=192.0.2.1;",
            "for=192.0.2.1;for=192.0.2.2",
            "for=\"192.0.2.1",
            "for=192.0.2.1\"",
            "for=192.0.2.1;x=y\"",
            "for=192.0.2.1;x=\"y",
            "for=192.0.2.1;x=\\\"y\"",
            "for=\"192.0.2\\.1\"",
            "a b=c;for=192.0.2.1",
            "=x;for=192.0.2.1",
        ] {
            assert_eq!(forwarded(written.as_bytes()), None, "{written}");
        }
        assert_eq!(plain(b"192.0.2.1\xff"), None);
        assert_eq!(forwarded(b"for=192.0.2.1;x=\xff"), None);
    }
}
