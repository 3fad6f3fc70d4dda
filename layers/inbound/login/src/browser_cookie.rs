//! The cookie by which a browser is known again: as the one that asked for a mail, or began a ceremony with a passkey. It
//! lasts until the browser closes, and opens nothing by itself.

use http::{HeaderMap, HeaderValue, header};
use towergate_core::token::OpaqueToken;
use towergate_identity::rules::email_token::BROWSER_PREFIX;

/// How the cookie goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrowserCookie {
    Secure,
    Insecure,
}

impl BrowserCookie {
    /// The browser's secret, when it has brought one of ours.
    pub(crate) fn read(self, headers: &HeaderMap) -> Option<OpaqueToken> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| pair.trim_ascii().strip_prefix(self.name().as_bytes())?.strip_prefix(b"="))
            .filter_map(|value| std::str::from_utf8(value).ok())
            .find_map(|value| OpaqueToken::parse(BROWSER_PREFIX, value))
    }

    /// The `Set-Cookie` value that gives the browser its secret.
    pub(crate) fn give(self, token: &OpaqueToken) -> Option<HeaderValue> {
        let rest = match self {
            Self::Secure => "; Path=/; HttpOnly; SameSite=Lax; Secure",
            Self::Insecure => "; Path=/; HttpOnly; SameSite=Lax",
        };
        let mut value =
            HeaderValue::try_from([self.name(), "=", token.reveal().expose(), rest].concat()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-tgmb",
            Self::Insecure => "tgmb",
        }
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::{Timestamp, random::InsecureSeededRandom};

    use super::*;

    #[test]
    fn what_is_given_is_read_under_its_own_name_alone() {
        let now = Timestamp::from_unix_seconds(1);
        let token = OpaqueToken::mint(BROWSER_PREFIX, now, &InsecureSeededRandom::new(1)).unwrap();
        for cookie in [BrowserCookie::Secure, BrowserCookie::Insecure] {
            let given = cookie.give(&token).unwrap();
            let given = given.to_str().unwrap();
            assert_eq!(given.ends_with("; Secure"), cookie == BrowserCookie::Secure);
            let brought = format!("theme=dark; {}", given.split(';').next().unwrap());
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&brought).unwrap())]);
            assert_eq!(cookie.read(&headers).unwrap().id(), token.id());
            for other in [BrowserCookie::Secure, BrowserCookie::Insecure] {
                assert_eq!(other.read(&headers).is_some(), other == cookie);
            }
        }
    }
}
