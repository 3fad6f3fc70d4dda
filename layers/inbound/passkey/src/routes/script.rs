//! The one script: the same for everybody, kept by browsers, asked for again at each use.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use towergate_core::Digest;

use super::json;

const TEXT: &[u8] = include_bytes!("../script.js");

/// The script with its tag.
pub(super) struct Script {
    tag: HeaderValue,
}

impl Script {
    pub(super) fn new() -> Self {
        let digest: String =
            Digest::of(TEXT).as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let tag = HeaderValue::try_from(format!("\"{digest}\""));
        Self { tag: tag.unwrap_or(HeaderValue::from_static("\"script\"")) }
    }

    pub(super) fn answer(&self, method: &Method, request: &HeaderMap) -> Response<Bytes> {
        if method != Method::GET && method != Method::HEAD {
            return json::wrong_method("GET, HEAD");
        }
        let mut response = Response::new(Bytes::new());
        if request.get(header::IF_NONE_MATCH) == Some(&self.tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if method == Method::GET {
            *response.body_mut() = Bytes::from_static(TEXT);
        }
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
        response
    }
}
