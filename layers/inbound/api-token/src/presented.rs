//! Reading the token out of the request,
//! [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).

use http::{
    HeaderMap,
    header::{AUTHORIZATION, COOKIE},
};

use crate::text::PREFIX;

/// What a request shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented<'a> {
    /// No token of ours: nothing, or what somebody else may make sense of.
    NotOurs,
    /// One of ours beside other credentials.
    Torn,
    /// One of ours.
    Ours(&'a str),
}

pub(crate) fn presented(headers: &HeaderMap) -> Presented<'_> {
    let mut credentials = headers.get_all(AUTHORIZATION).iter();
    let first = credentials.next().and_then(|value| ours(value.as_bytes()));
    let others = credentials.collect::<Vec<_>>();
    match first {
        Some(token) if others.is_empty() => Presented::Ours(token),
        None if others.iter().all(|value| ours(value.as_bytes()).is_none()) => Presented::NotOurs,
        _ => Presented::Torn,
    }
}

/// The cookies by which a browser is signed in, or comes to be.
const SESSION_COOKIES: [&str; 4] =
    [towergate_session::NAME, towergate_session::INSECURE_NAME, "__Host-tgr", "tgr"];

/// Whether a session cookie came along, or one that is traded for a session.
pub(crate) fn shows_session(headers: &HeaderMap) -> bool {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    let mut names = pairs.filter_map(|pair| pair.split(|byte| *byte == b'=').next()).map(<[u8]>::trim_ascii);
    names.any(|name| SESSION_COOKIES.iter().any(|cookie| name == cookie.as_bytes()))
}

fn ours(credentials: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(credentials).ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    let token = rest.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("Bearer") && token.starts_with(PREFIX)).then_some(token)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut all = HeaderMap::new();
        for value in values {
            all.append(name.clone(), HeaderValue::from_static(value));
        }
        all
    }

    #[test]
    fn only_our_own_tokens_are_ours() {
        for good in ["Bearer tg_api_x", "bearer   tg_api_x ", "BEARER tg_api_x"] {
            assert_eq!(presented(&headers(&AUTHORIZATION, &[good])), Presented::Ours("tg_api_x"));
        }
        for other in ["Bearer eyJ", "Basic tg_api_x", "tg_api_x", "Bearer", "DPoP tg_api_x"] {
            assert_eq!(presented(&headers(&AUTHORIZATION, &[other])), Presented::NotOurs, "{other}");
        }
        assert_eq!(presented(&HeaderMap::new()), Presented::NotOurs);
    }

    #[test]
    fn one_of_ours_stands_alone() {
        for torn in [["Bearer tg_api_x", "Bearer tg_api_x"], ["Bearer eyJ", "Bearer tg_api_x"]] {
            assert_eq!(presented(&headers(&AUTHORIZATION, &torn)), Presented::Torn);
        }
        assert_eq!(presented(&headers(&AUTHORIZATION, &["Basic a", "Bearer b"])), Presented::NotOurs);
    }

    #[test]
    fn a_session_cookie_is_seen_wherever_it_stands() {
        for cookie in ["__Host-tgs=x", "a=b; __Host-tgs=", "a=b;tgs=1", "__Host-tgr=x", "tgr=1"] {
            assert!(shows_session(&headers(&COOKIE, &[cookie])), "{cookie}");
        }
        for none in ["a=b", "xtgs=1", "tgsx=1", "a=__Host-tgs"] {
            assert!(!shows_session(&headers(&COOKIE, &[none])), "{none}");
        }
        assert!(shows_session(&headers(&COOKIE, &["a=b", "tgs=1"])));
    }
}
