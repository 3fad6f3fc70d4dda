//! Where an answer may go: one of the client's registered addresses, and nowhere else.

use std::net::Ipv4Addr;

use url::{Host, Url};

/// An address that was bound to a client's registration. Without one no answer leaves for a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    uri: String,
    was_sent: bool,
}

/// The address is not one that the client registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unbound {
    /// The request names none, and the client did not register exactly one.
    #[error("redirect_uri is missing")]
    Missing,
    /// The client did not register it.
    #[error("redirect_uri is not registered for this client")]
    Unregistered,
}

impl RedirectUri {
    /// Binds the address of a request to the client's registered list, letter for letter
    /// ([RFC 9700 section 4.1.3](https://www.rfc-editor.org/rfc/rfc9700#section-4.1.3)).
    ///
    /// Only the port of an `http` address at `127.0.0.1` or `[::1]` may differ
    /// ([RFC 8252 section 7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)). A request without an address gets
    /// the registered one when there is exactly one.
    ///
    /// # Errors
    /// When there is no such address, or it has a fragment or is no address that a browser may be sent to.
    pub fn bind(requested: Option<&str>, registered: &[String]) -> Result<Self, Unbound> {
        let (uri, was_sent) = match (requested, registered) {
            (Some(requested), _) => {
                let known = registered.iter().any(|known| {
                    known == requested
                        || loopback(known).is_some_and(|known| loopback(requested) == Some(known))
                });
                (known.then_some(requested).ok_or(Unbound::Unregistered)?, true)
            }
            (None, [only]) => (only.as_str(), false),
            (None, _) => return Err(Unbound::Missing),
        };
        if !is_sendable(uri) {
            return Err(Unbound::Unregistered);
        }
        Ok(Self { uri: uri.to_owned(), was_sent })
    }

    /// The address, letter for letter as it came: visible ASCII, without a fragment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Whether the request named it.
    #[must_use]
    pub const fn was_sent(&self) -> bool {
        self.was_sent
    }

    /// The host that people know it by, with its port unless that is the usual one; the scheme when a private-use
    /// scheme has no host.
    #[must_use]
    pub fn host(&self) -> String {
        let Ok(url) = Url::parse(&self.uri) else { return String::new() };
        match (url.host(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_string(),
            (None, _) => url.scheme().to_owned(),
        }
    }

    /// Its origin as a source of a content security policy; the scheme when it has none, or when it names an address
    /// that a policy cannot name: only `127.0.0.1`
    /// [can be](https://www.w3.org/TR/CSP3/#match-hosts).
    #[must_use]
    pub fn csp_source(&self) -> String {
        csp_source(&self.uri)
    }
}

/// The origin of an address as a source of a content security policy, as [`RedirectUri::csp_source`] has it.
pub(in crate::rules) fn csp_source(uri: &str) -> String {
    let Ok(url) = Url::parse(uri) else { return String::from("'none'") };
    let nameable = match url.host() {
        // A URL's host may hold what ends a directive; a policy's host is letters, digits, dots and hyphens.
        Some(Host::Domain(name)) => url.origin().is_tuple() && name.bytes().all(in_policy),
        Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST && url.origin().is_tuple(),
        Some(Host::Ipv6(_)) | None => false,
    };
    if nameable { url.origin().ascii_serialization() } else { format!("{}:", url.scheme()) }
}

const fn in_policy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

/// Schemes that would run or read something in the browser instead of leaving it.
const FORBIDDEN: &[&str] = &["about", "blob", "data", "file", "javascript", "vbscript", "view-source"];

/// Whether a browser may be sent there: visible ASCII without a fragment, and nothing that it would run or read itself.
pub(in crate::rules) fn is_sendable(uri: &str) -> bool {
    let plain = |byte: u8| (0x21..0x7f).contains(&byte) && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'#');
    uri.bytes().all(plain)
        && Url::parse(uri).is_ok_and(|url| !FORBIDDEN.contains(&url.scheme()) && says_its_host(uri, &url))
}

/// Whether a browser that is sent there from anywhere goes to the host of `url`, which was read from `uri`.
///
/// [A browser reads](https://url.spec.whatwg.org/#special-relative-or-authority-state) `https:cb` and `https:/cb` as places at
/// the very server that sent it there.
pub(in crate::rules) fn says_its_host(uri: &str, url: &Url) -> bool {
    let rest = uri.get(url.scheme().len()..).unwrap_or_default();
    !url.is_special() || rest.strip_prefix("://").is_some_and(|rest| !rest.starts_with('/'))
}

/// Host and everything behind the port of an `http` loopback address.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let (host, rest) = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find_map(|host| rest.strip_prefix(host).map(|rest| (host, rest)))?;
    let rest = match rest.strip_prefix(':') {
        Some(ported) => {
            let path = ported.trim_start_matches(|letter: char| letter.is_ascii_digit());
            ported.strip_suffix(path)?.parse::<u16>().ok()?;
            path
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(requested: &str, registered: &[&str]) -> Result<RedirectUri, Unbound> {
        let registered: Vec<String> = registered.iter().map(ToString::to_string).collect();
        RedirectUri::bind(Some(requested), &registered)
    }

    #[test]
    fn rfc9700_4_1_3_an_address_matches_letter_for_letter() {
        let registered = "https://app.example/cb";
        assert_eq!(bind(registered, &[registered]).unwrap().as_str(), registered);
        for other in [
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example:443/cb",
            "https://APP.example/cb",
            "https://app.example/cB",
            "https://app.example/a/../cb",
            "https://app.example.evil/cb",
            "https://app.example@evil/cb",
            "http://app.example/cb",
            "https://app.example/cb#x",
            "https://app.example/cb ",
        ] {
            assert_eq!(bind(other, &[registered]), Err(Unbound::Unregistered), "{other}");
        }
    }

    #[test]
    fn rfc8252_7_3_only_the_port_of_a_loopback_address_may_differ() {
        for (requested, registered) in [
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:8080/cb"),
            ("http://[::1]:9/cb?a=b", "http://[::1]/cb?a=b"),
            ("http://127.0.0.1:7", "http://127.0.0.1"),
        ] {
            assert!(bind(requested, &[registered]).is_ok(), "{requested}");
        }
        for (requested, registered) in [
            ("http://127.0.0.1:1/other", "http://127.0.0.1/cb"),
            ("http://[::1]:1/cb", "http://127.0.0.1/cb"),
            ("https://127.0.0.1:1/cb", "https://127.0.0.1/cb"),
            ("http://localhost:1/cb", "http://localhost/cb"),
            ("http://127.0.0.1:1@evil.example/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:99999/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:+1/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1.evil.example/cb", "http://127.0.0.1/cb"),
            ("http://127.0.0.1:1.evil.example", "http://127.0.0.1"),
            ("http://127.0.0.1:1@shop.example/cb", "http://127.0.0.1@shop.example/cb"),
        ] {
            assert_eq!(bind(requested, &[registered]), Err(Unbound::Unregistered), "{requested}");
        }
    }

    #[test]
    fn rfc6749_3_1_2_3_without_an_address_the_only_registered_one_is_used() {
        let one = [String::from("https://app.example/cb")];
        let bound = RedirectUri::bind(None, &one).unwrap();
        assert_eq!((bound.as_str(), bound.was_sent()), ("https://app.example/cb", false));
        let two = [one[0].clone(), String::from("https://app.example/cb2")];
        assert_eq!(RedirectUri::bind(None, &two), Err(Unbound::Missing));
        assert_eq!(RedirectUri::bind(None, &[]), Err(Unbound::Missing));
    }

    #[test]
    fn rfc6749_3_1_2_an_address_has_no_fragment_even_when_registered() {
        for bad in
            ["https://app.example/cb#f", "javascript:alert(1)", "data:text/html,x", "/cb", "https://é/"]
        {
            assert_eq!(bind(bad, &[bad]), Err(Unbound::Unregistered), "{bad}");
            assert_eq!(RedirectUri::bind(None, &[bad.to_owned()]), Err(Unbound::Unregistered), "{bad}");
        }
    }

    #[test]
    fn an_address_that_a_browser_reads_as_a_place_of_our_own_is_nobodys() {
        for bad in ["https:cb", "https:/account/delete", "https:app.example/cb", "http:/cb", "https:///cb"] {
            assert_eq!(bind(bad, &[bad]), Err(Unbound::Unregistered), "{bad}");
        }
        assert!(bind("HTTPS://app.example/cb", &["HTTPS://app.example/cb"]).is_ok());
    }

    #[test]
    fn a_policy_source_is_the_origin_or_the_private_scheme() {
        for (uri, source, host) in [
            ("https://app.example:8443/cb?x", "https://app.example:8443", "app.example:8443"),
            ("http://127.0.0.1:5/cb", "http://127.0.0.1:5", "127.0.0.1:5"),
            ("http://[::1]:5/cb", "http:", "[::1]:5"),
            ("https://192.0.2.1/cb", "https:", "192.0.2.1"),
            ("https://a;script-src/cb", "https:", "a;script-src"),
            ("https://a,b/cb", "https:", "a,b"),
            ("https://a'b*c/cb", "https:", "a'b*c"),
            ("com.example.app:/cb", "com.example.app:", "com.example.app"),
            ("com.example.app://host/cb", "com.example.app:", "host"),
        ] {
            let bound = bind(uri, &[uri]).unwrap();
            assert_eq!((bound.csp_source().as_str(), bound.host().as_str()), (source, host));
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_binds_but_what_is_registered(requested in "\\PC{0,60}") {
            let registered = ["https://app.example/cb", "com.example.app:/cb"];
            let bound = bind(&requested, &registered).is_ok();
            proptest::prop_assert_eq!(bound, registered.contains(&requested.as_str()));
        }

        #[test]
        fn whatever_loopback_address_binds_is_loopback_to_a_url_parser(
            tail in "[:@/?#\\\\.0-9a-z%\\[\\]]{0,20}",
        ) {
            let requested = format!("http://127.0.0.1{tail}");
            if bind(&requested, &["http://127.0.0.1/cb"]).is_ok() {
                let url = Url::parse(&requested).unwrap();
                proptest::prop_assert_eq!(url.host_str(), Some("127.0.0.1"));
                proptest::prop_assert_eq!(url.path(), "/cb");
                proptest::prop_assert!(url.username().is_empty());
            }
        }

        #[test]
        fn any_port_of_a_loopback_address_binds(port: u16) {
            let requested = format!("http://127.0.0.1:{port}/cb");
            let bound = bind(&requested, &["http://127.0.0.1/cb"]).unwrap();
            proptest::prop_assert_eq!(bound.as_str(), requested.as_str());
        }
    }
}
