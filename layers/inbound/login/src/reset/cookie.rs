//! The cookie that carries the token of a mailed link from the address that was opened to the page, so that the address that
//! stays in the browser holds no secret.

use http::{HeaderMap, HeaderValue, header};
use towergate_core::token::OpaqueToken;
use towergate_identity::rules::email_token::{PREFIX, Purpose};

use crate::browser_cookie::BrowserCookie;

/// The token that the browser brings, when it has one.
pub(super) fn read(kind: BrowserCookie, headers: &HeaderMap) -> Option<OpaqueToken> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii().strip_prefix(name(kind).as_bytes())?.strip_prefix(b"="))
        .filter_map(|value| std::str::from_utf8(value).ok())
        .find_map(|value| OpaqueToken::parse(PREFIX, value))
}

/// The `Set-Cookie` value that keeps the token as long as it may be good.
pub(super) fn give(kind: BrowserCookie, token: &OpaqueToken) -> Option<HeaderValue> {
    let age = Purpose::ResetPassword.lifetime().as_secs();
    set(kind, token.reveal().expose(), age)
}

/// The `Set-Cookie` value that takes it away.
pub(super) fn clear(kind: BrowserCookie) -> Option<HeaderValue> {
    set(kind, "", 0)
}

fn set(kind: BrowserCookie, value: &str, age: u64) -> Option<HeaderValue> {
    let secure = match kind {
        BrowserCookie::Secure => "; Secure",
        BrowserCookie::Insecure => "",
    };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", name(kind));
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

const fn name(kind: BrowserCookie) -> &'static str {
    match kind {
        BrowserCookie::Secure => "__Host-tgpr",
        BrowserCookie::Insecure => "tgpr",
    }
}
