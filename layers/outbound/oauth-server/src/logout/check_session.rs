//! The page that clients hold in a frame, to ask it whether the sign-in is still the one they know.
//! [Session Management section 3.2](https://openid.net/specs/openid-connect-session-1_0.html#OPiframe)

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, header};
use towergate_core::Digest;

/// Answers `unchanged`, `changed` or `error`. The digest is that of the rules' `session_state`; the cookie is the one that
/// [`BrowserStateLayer`](super::BrowserStateLayer) keeps.
const SCRIPT: &str = r#"
"use strict";
const NAME = "__Host-tgbs=";
function browserState() {
  const found = document.cookie.split("; ").find(pair => pair.startsWith(NAME));
  return found ? found.slice(NAME.length) : "";
}
async function answer(message, origin) {
  const [, client, digest, salt] = /^([!-~]+) ([0-9a-f]{64})\.([A-Za-z0-9_-]+)$/.exec(message);
  const text = [client, origin, browserState(), salt].join(" ");
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const now = Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("");
  return now === digest ? "unchanged" : "changed";
}
addEventListener("message", async event => {
  if (!event.source || event.origin === "null") return;
  let said = "error";
  try { said = await answer(event.data, event.origin); } catch { }
  event.source.postMessage(said, event.origin);
});
"#;

static PAGE: LazyLock<(Bytes, HeaderValue)> = LazyLock::new(|| {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Session check</title></head>\n\
         <body><script>{SCRIPT}</script></body></html>\n"
    );
    let script = STANDARD.encode(Digest::of(SCRIPT.as_bytes()).as_bytes());
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'; frame-ancestors *"
    );
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    (html.into(), policy)
});

/// The page. Anybody may frame it: it tells a client only whether what that client holds is still so.
pub(crate) fn page() -> Response<Bytes> {
    let (html, policy) = &*PAGE;
    let mut response = Response::new(html.clone());
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, policy.clone()),
    ];
    response.headers_mut().extend(headers);
    response
}
