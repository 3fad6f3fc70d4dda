//! The name of the authorization server: a URL, [RFC 8414 section 2](https://www.rfc-editor.org/rfc/rfc8414#section-2).

use std::fmt;

use url::{Host, Url};

/// The issuer identifier, kept letter for letter: clients compare it as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Issuer {
    text: String,
    origin: String,
    path: String,
    insecure: bool,
}

/// Why a text is no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIssuer {
    /// It is not a URL in its canonical spelling.
    #[error(
        "the issuer must be a URL in canonical spelling, such as https://id.example, without a slash at its end"
    )]
    NotCanonical,
    /// It does not use `https`.
    #[error("the issuer must use https; for trials on this very machine there is Issuer::insecure_http")]
    NotHttps,
    /// It names a user, a query or a fragment.
    #[error("the issuer must have no user, query or fragment")]
    TooMuch,
    /// It uses `http` and is not this machine.
    #[error("an http issuer must be on localhost, 127.0.0.1 or [::1]; any other is read by Issuer::https")]
    NotLoopback,
}

impl Issuer {
    /// Reads an `https` issuer.
    ///
    /// # Errors
    /// When the text is not a canonical `https` URL without user, query, fragment and closing slash.
    pub fn https(text: &str) -> Result<Self, InvalidIssuer> {
        let url = canonical(text)?;
        if url.scheme() != "https" {
            return Err(InvalidIssuer::NotHttps);
        }
        Ok(Self::of(text, &url, false))
    }

    /// Reads an `http` issuer on this very machine, for development: tokens travel in clear and the cookies of the
    /// browser side lose their `Secure` attribute and their `__Host-` prefix.
    ///
    /// # Errors
    /// When the text is not such a URL, or names another machine.
    pub fn insecure_http(text: &str) -> Result<Self, InvalidIssuer> {
        let url = canonical(text)?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() != "http" || !loopback {
            return Err(InvalidIssuer::NotLoopback);
        }
        Ok(Self::of(text, &url, true))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it was made by [`Issuer::insecure_http`].
    #[must_use]
    pub const fn is_insecure(&self) -> bool {
        self.insecure
    }

    /// Its path: empty, or for example `/tenant`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The URL of a path from the root of its host, for example of its token endpoint.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Whether an address has its scheme, host and port.
    #[must_use]
    pub fn is_origin_of(&self, address: &str) -> bool {
        match (Url::parse(&self.text), Url::parse(address)) {
            (Ok(own), Ok(address)) => own.origin() == address.origin(),
            _ => false,
        }
    }

    fn of(text: &str, url: &Url, insecure: bool) -> Self {
        let path = url.path().trim_end_matches('/').to_owned();
        let origin = text.strip_suffix(path.as_str()).unwrap_or(text).to_owned();
        Self { text: text.to_owned(), origin, path, insecure }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn canonical(text: &str) -> Result<Url, InvalidIssuer> {
    let url = Url::parse(text).map_err(|_| InvalidIssuer::NotCanonical)?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(InvalidIssuer::TooMuch);
    }
    // The parser writes the empty path as a slash.
    if text.ends_with('/') || url.as_str().trim_end_matches('/') != text {
        return Err(InvalidIssuer::NotCanonical);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8414_2_an_issuer_is_an_https_url_without_query_or_fragment() {
        for good in ["https://id.example", "https://id.example:8443", "https://id.example/tenant"] {
            assert_eq!(Issuer::https(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "id.example",
            "http://id.example",
            "https://id.example/",
            "https://ID.example",
            "https://id.example:443",
            "https://id.example?x",
            "https://id.example#x",
            "https://id.example/tenant?x",
            "https://id.example/tenant#x",
            "https://me@id.example",
            "https://id.example/a/../b",
        ] {
            assert!(Issuer::https(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_belongs_to_the_issuer_and_addresses_begin_at_the_root() {
        for (text, path) in [("https://id.example", ""), ("https://id.example:8443/a/b", "/a/b")] {
            let issuer = Issuer::https(text).unwrap();
            assert_eq!(issuer.path(), path);
            assert_eq!(issuer.join("/x"), format!("{}/x", text.trim_end_matches("/a/b")));
        }
    }

    #[test]
    fn http_is_for_this_machine_and_says_insecure() {
        for good in ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080"] {
            assert!(Issuer::insecure_http(good).unwrap().is_insecure(), "{good}");
        }
        for bad in ["http://id.example", "https://localhost", "http://127.0.0.1.example"] {
            assert!(Issuer::insecure_http(bad).is_err(), "{bad}");
        }
    }
}
