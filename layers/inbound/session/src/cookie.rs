//! The cookies: where the browser keeps its half of a session, of being remembered, and of being known.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header::COOKIE};
use memchr::memchr_iter;
use towergate_core::{
    Secret,
    token::{OpaqueToken, Prefix},
};
use towergate_identity::rules::{browser, remember, session};

/// The cookie's name. The `__Host-` prefix makes browsers refuse it without `Secure`, with a `Domain`, or under
/// another path.
pub const NAME: &str = "__Host-tgs";

/// Its name on plain http, for a developer's own machine.
pub const INSECURE_NAME: &str = "tgs";

/// Which cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By which a browser is known.
    Browser,
    /// By which it stays signed in.
    Remembered,
    /// Of the session.
    Session,
}

impl Kind {
    const fn prefix(self) -> Prefix {
        match self {
            Self::Browser => browser::PREFIX,
            Self::Remembered => remember::PREFIX,
            Self::Session => session::PREFIX,
        }
    }
}

/// How the cookies go over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionCookie {
    Secure,
    Insecure,
}

/// What a request brought.
#[derive(Debug)]
pub(crate) enum Presented {
    /// No cookie of this name.
    Nothing,
    /// Cookies of this name, none of which can be ours.
    Torn,
    /// The first that can be ours.
    Token(OpaqueToken),
}

impl SessionCookie {
    const fn name(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Secure, Kind::Browser) => "__Host-tgt",
            (Self::Secure, Kind::Remembered) => "__Host-tgr",
            (Self::Secure, Kind::Session) => NAME,
            (Self::Insecure, Kind::Browser) => "tgt",
            (Self::Insecure, Kind::Remembered) => "tgr",
            (Self::Insecure, Kind::Session) => INSECURE_NAME,
        }
    }

    const fn rest(self) -> &'static str {
        match self {
            Self::Secure => "; Path=/; HttpOnly; SameSite=Lax; Secure",
            Self::Insecure => "; Path=/; HttpOnly; SameSite=Lax",
        }
    }

    /// Looks through every `Cookie` header for that of the session, without allocating.
    #[inline]
    pub(crate) fn find(self, headers: &HeaderMap) -> Presented {
        self.find_a(Kind::Session, headers)
    }

    /// Looks through every `Cookie` header, without allocating.
    pub(crate) fn find_a(self, kind: Kind, headers: &HeaderMap) -> Presented {
        let name = self.name(kind);
        let mut found = Presented::Nothing;
        for pair in headers.get_all(COOKIE).into_iter().flat_map(|line| pairs(line.as_bytes())) {
            let Some(value) =
                pair.trim_ascii().strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
            else {
                continue;
            };
            match OpaqueToken::parse(kind.prefix(), value) {
                Some(token) => return Presented::Token(token),
                None => found = Presented::Torn,
            }
        }
        found
    }

    /// The `Set-Cookie` value that gives the browser `token`; gone when the browser closes.
    pub(crate) fn set(self, token: &Secret<String>) -> Option<HeaderValue> {
        let name = self.name(Kind::Session);
        let mut value = HeaderValue::try_from([name, "=", token.expose(), self.rest()].concat()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The `Set-Cookie` value that gives the browser `token` for so long.
    pub(crate) fn set_for(self, kind: Kind, token: &Secret<String>, age: Duration) -> Option<HeaderValue> {
        let age = format!("; Max-Age={}", age.as_secs());
        let text = [self.name(kind), "=", token.expose(), self.rest(), &age].concat();
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The `Set-Cookie` value that makes the browser forget that it stays signed in.
    pub(crate) const fn clear_remembered(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Secure => "__Host-tgr=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
            Self::Insecure => "tgr=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
        })
    }

    /// The `Set-Cookie` value that makes the browser forget.
    pub(crate) const fn clear(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Secure => "__Host-tgs=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
            Self::Insecure => "tgs=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
        })
    }
}

/// What stands between the semicolons.
fn pairs(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr_iter(b';', line).chain([line.len()]).filter_map(move |to| {
        let pair = line.get(from..to);
        from = to + 1;
        pair
    })
}

#[cfg(test)]
mod tests {
    use towergate_core::{Timestamp, random::InsecureSeededRandom};

    use super::*;

    fn minted(seed: u64) -> OpaqueToken {
        OpaqueToken::mint(session::PREFIX, Timestamp::from_unix_seconds(1), &InsecureSeededRandom::new(seed))
            .unwrap()
    }

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (COOKIE, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn the_first_cookie_that_can_be_ours_counts() {
        let (one, two) = (minted(1), minted(2));
        let first = format!("theme=dark; {NAME}=torn; x{NAME}=no");
        let second = format!("{NAME}={}; {NAME}={}", one.reveal().expose(), two.reveal().expose());
        let Presented::Token(found) = SessionCookie::Secure.find(&headers(&[&first, &second])) else {
            panic!("a token");
        };
        assert_eq!(found.id(), one.id());
    }

    #[test]
    fn a_torn_cookie_is_told_from_none() {
        for torn in [format!("{NAME}="), format!("{NAME}=tgs_x"), format!("a=b;{NAME}=\"quoted\"")] {
            assert!(matches!(SessionCookie::Secure.find(&headers(&[&torn])), Presented::Torn), "{torn}");
        }
        for none in ["", ";;;", "tgs", "tgs=x", "__Host-tgsx=1", "__host-tgs=1"] {
            assert!(matches!(SessionCookie::Secure.find(&headers(&[none])), Presented::Nothing), "{none}");
        }
    }

    #[test]
    fn the_plain_name_is_not_read_by_a_secure_host() {
        let plain = format!("{INSECURE_NAME}={}", minted(1).reveal().expose());
        assert!(matches!(SessionCookie::Secure.find(&headers(&[&plain])), Presented::Nothing));
        assert!(matches!(SessionCookie::Insecure.find(&headers(&[&plain])), Presented::Token(_)));
    }

    #[test]
    fn both_names_match_what_is_cleared() {
        for cookie in [SessionCookie::Secure, SessionCookie::Insecure] {
            let cleared = cookie.clear();
            assert!(cleared.to_str().unwrap().starts_with(&format!("{}=;", cookie.name(Kind::Session))));
            let cleared = cookie.clear_remembered();
            assert!(cleared.to_str().unwrap().starts_with(&format!("{}=;", cookie.name(Kind::Remembered))));
        }
    }
}
