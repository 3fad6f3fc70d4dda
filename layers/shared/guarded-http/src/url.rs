//! The address of something to fetch, read once and strictly.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use http::{
    Uri,
    uri::{Authority, Scheme},
};

/// The longest address that is read, in bytes.
const MAX_LENGTH: usize = 2048;

/// An absolute https URL without user and fragment, whose host is a name or an address in its usual spelling.
///
/// It stays as it was written, and what was written is what is asked: nothing is decoded, shortened or rewritten. Two of
/// them are equal when they are written alike. That it parses says nothing about where its host is: [`GuardedClient`]
/// judges that when it sends.
///
/// [`GuardedClient`]: crate::GuardedClient
///
/// ```
/// use towergate_guarded_http::HttpsUrl;
///
/// let url = HttpsUrl::parse("https://Client.example:8443/jwks.json?v=1")?;
/// assert_eq!((url.host(), url.path()), ("client.example", "/jwks.json"));
///
/// assert!(HttpsUrl::parse("http://client.example/jwks.json").is_err());
/// assert!(HttpsUrl::parse("https://user@client.example/").is_err());
/// assert!(HttpsUrl::parse("https://0x7f.1/").is_err());
/// # Ok::<(), towergate_guarded_http::InvalidUrl>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpsUrl {
    text: String,
    uri: Uri,
    host: String,
    address: Option<IpAddr>,
}

/// The text is not the address of something that may be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUrl {
    /// It has a fragment, which is never sent.
    #[error("the URL has a fragment: leave out the # and what follows")]
    Fragment,
    /// The host is missing, or in a spelling that programs read in different ways.
    #[error("the host of the URL is neither a DNS name nor an address in its usual spelling")]
    Host,
    /// It is over 2048 bytes.
    #[error("the URL is longer than 2048 bytes")]
    Length,
    /// It is not an absolute URL.
    #[error("not an absolute URL in visible ASCII characters: write other characters percent-encoded")]
    Malformed,
    /// The port is empty, 0, or no number.
    #[error("the port of the URL is not a number from 1 to 65535")]
    Port,
    /// It is not https.
    #[error("the URL does not begin with https://")]
    Scheme,
    /// It has a user or a password.
    #[error("the URL has a user or a password: leave out the @ and what precedes it")]
    UserInfo,
}

impl HttpsUrl {
    /// Reads an https URL.
    ///
    /// # Errors
    ///
    /// When it is something else; see [`InvalidUrl`].
    pub fn parse(text: &str) -> Result<Self, InvalidUrl> {
        let url = Self::read(text)?;
        if url.is_plain() { Err(InvalidUrl::Scheme) } else { Ok(url) }
    }

    /// Reads an https URL, or one with `http` whose host is `localhost`, a name below it, or a loopback address.
    ///
    /// A client fetches the latter only when its policy says
    /// [`danger_allow_loopback`](crate::Policy::danger_allow_loopback).
    ///
    /// # Errors
    ///
    /// When it is something else; see [`InvalidUrl`].
    pub fn danger_parse_allowing_loopback(text: &str) -> Result<Self, InvalidUrl> {
        let url = Self::read(text)?;
        let here = match url.address {
            Some(address) => address.to_canonical().is_loopback(),
            None => url.host == "localhost" || url.host.ends_with(".localhost"),
        };
        if url.is_plain() && !here { Err(InvalidUrl::Scheme) } else { Ok(url) }
    }

    /// The URL as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host in lower case, without the port; an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path, at least `/`, as it was written.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query without its question mark, as it was written.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host, when it is an address: those are not looked up.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTP)
    }

    fn read(text: &str) -> Result<Self, InvalidUrl> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidUrl::Length);
        }
        if !text.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\') {
            return Err(InvalidUrl::Malformed);
        }
        if text.contains('#') {
            return Err(InvalidUrl::Fragment);
        }
        let uri: Uri = text.parse().map_err(|_| InvalidUrl::Malformed)?;
        let known = uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTPS || *scheme == Scheme::HTTP);
        let authority = uri.authority().ok_or(InvalidUrl::Malformed)?;
        if !known {
            return Err(InvalidUrl::Scheme);
        }
        if authority.as_str().contains('@') {
            return Err(InvalidUrl::UserInfo);
        }
        let (host, address) = host_of(authority)?;
        check_port(authority)?;
        Ok(Self { text: text.to_owned(), uri, host, address })
    }
}

impl FromStr for HttpsUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn host_of(authority: &Authority) -> Result<(String, Option<IpAddr>), InvalidUrl> {
    let host = authority.host().to_ascii_lowercase();
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let address: Ipv6Addr = inner.parse().map_err(|_| InvalidUrl::Host)?;
        return Ok((inner.to_owned(), Some(address.into())));
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok((host, Some(address.into())));
    }
    if is_name(&host) { Ok((host, None)) } else { Err(InvalidUrl::Host) }
}

/// A DNS name whose last label is no number: `127.1` and `0x7f000001` are addresses to some and names to others.
fn is_name(host: &str) -> bool {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_number = |label: &str| {
        let hexadecimal = label.strip_prefix("0x").is_some_and(|x| x.bytes().all(|b| b.is_ascii_hexdigit()));
        hexadecimal || label.bytes().all(|byte| byte.is_ascii_digit())
    };
    labels.len() <= 253
        && labels.split('.').all(is_label)
        && !labels.rsplit('.').next().is_some_and(is_number)
}

fn check_port(authority: &Authority) -> Result<(), InvalidUrl> {
    let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    let stated = port.is_empty() || matches!(authority.port_u16(), Some(1..));
    if stated { Ok(()) } else { Err(InvalidUrl::Port) }
}

#[cfg(test)]
mod tests;
