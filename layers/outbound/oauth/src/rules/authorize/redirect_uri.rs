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

    /// The host that people know it by, with its port unless that is the usual one; of a private-use scheme the scheme,
    /// since whichever app has claimed that gets the answer, whatever host stands behind it.
    #[must_use]
    pub fn host(&self) -> String {
        let Ok(url) = Url::parse(&self.uri) else { return String::new() };
        if !url.is_special() {
            return url.scheme().to_owned();
        }
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
mod tests;
