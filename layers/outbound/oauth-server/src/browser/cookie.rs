//! The cookie that binds interactions to the browser which began them. One secret serves all tabs.

use cookie::{Cookie, SameSite};
use http::{HeaderMap, header};
use towergate_core::token::OpaqueToken;
use towergate_oauth::rules::interaction::BROWSER_PREFIX;

/// The browser's secret, when it has brought one of ours.
pub(super) fn read(headers: &HeaderMap, insecure: bool) -> Option<OpaqueToken> {
    headers
        .get_all(header::COOKIE)
        .iter()
        // As bytes: another application's cookie may hold any, and must not hide ours.
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            pair.trim_ascii().strip_prefix(cookie_name(insecure).as_bytes())?.strip_prefix(b"=")
        })
        .filter_map(|value| std::str::from_utf8(value).ok())
        .find_map(|value| OpaqueToken::parse(BROWSER_PREFIX, value))
}

/// The `Set-Cookie` value that gives the browser its secret until it closes.
pub(super) fn give(token: &OpaqueToken, insecure: bool) -> String {
    Cookie::build((cookie_name(insecure), token.reveal().expose().as_str()))
        .path("/")
        .http_only(true)
        .secure(!insecure)
        .same_site(SameSite::Lax)
        .to_string()
}

const fn cookie_name(insecure: bool) -> &'static str {
    if insecure { "tgib" } else { "__Host-tgib" }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use towergate_core::{Timestamp, random::InsecureSeededRandom};

    use super::*;

    fn headers(line: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(line).unwrap())])
    }

    #[test]
    fn only_an_insecure_issuer_gives_and_reads_the_plain_name() {
        let token =
            OpaqueToken::mint(BROWSER_PREFIX, Timestamp::from_unix_seconds(1), &InsecureSeededRandom::new(1))
                .unwrap();
        for insecure in [false, true] {
            let given = give(&token, insecure);
            assert_eq!(given.starts_with("__Host-tgib="), !insecure, "{given}");
            assert_eq!(given.contains("Secure"), !insecure, "{given}");
            let line = given.split(';').next().unwrap();
            assert_eq!(read(&headers(line), insecure).unwrap().id(), token.id());
            assert!(read(&headers(line), !insecure).is_none());
        }
    }

    #[test]
    fn another_applications_cookie_does_not_hide_ours() {
        let token =
            OpaqueToken::mint(BROWSER_PREFIX, Timestamp::from_unix_seconds(1), &InsecureSeededRandom::new(1))
                .unwrap();
        let line = format!("theme=d\u{fc}ster; {}", give(&token, false).split(';').next().unwrap());
        let headers =
            HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap())]);
        assert_eq!(read(&headers, false).unwrap().id(), token.id());
    }

    #[test]
    fn a_foreign_or_torn_cookie_is_no_cookie() {
        for line in ["", "__Host-tgib", "__Host-tgib=", "__Host-tgib=tgib_x", "x=__Host-tgib=1", "; ;=;"] {
            assert!(read(&headers(line), false).is_none(), "{line}");
        }
    }
}
