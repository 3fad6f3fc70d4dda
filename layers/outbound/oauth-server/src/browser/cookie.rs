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
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == cookie_name(insecure))
        .find_map(|(_, value)| OpaqueToken::parse(BROWSER_PREFIX, value))
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
