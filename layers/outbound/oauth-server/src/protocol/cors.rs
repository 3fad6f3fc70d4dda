//! Scripts of other sites, in browsers: single-page clients that redeem their code and read userinfo there.
//! [The CORS protocol](https://fetch.spec.whatwg.org/#http-cors-protocol)
//!
//! Any site may read these answers, and none gets anything by it: no cookie is read, and whoever asks must hold a code with
//! its verifier, or a token. `*` is never sent along with credentials of the browser's own.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

/// What a browser is told that asks whether it may ask.
pub(super) fn preflight(allow: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(allow));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    opened(response)
}

/// The answer, readable for a script of any site.
pub(super) fn opened(mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("retry-after, www-authenticate"),
    );
    response
}
