//! A document that is the same for everybody: prepared once, kept by whoever likes.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use towergate_core::Digest;

use crate::page;

/// The methods that a [`Document`] answers.
const ALLOWED: &str = "GET, HEAD";

/// A JSON document that is the same for everybody, with the headers of
/// [RFC 9110 section 8.8](https://www.rfc-editor.org/rfc/rfc9110#section-8.8) that let copies of it be kept.
#[derive(Debug, Clone)]
pub struct Document(Arc<Prepared>);

#[derive(Debug)]
struct Prepared {
    body: Bytes,
    etag: HeaderValue,
    /// What every answer that bears it says.
    headers: [(HeaderName, HeaderValue); 5],
}

impl Document {
    /// The document with this text, of which anybody may keep a copy for so long, in whole seconds.
    #[must_use]
    pub fn json(text: impl Into<Bytes>, cache_for: Duration) -> Self {
        let body = text.into();
        let digest: String =
            Digest::of(&body).as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::try_from(format!("\"{digest}\""));
        let etag = etag.unwrap_or(HeaderValue::from_static("\"0\""));
        let cache_control = HeaderValue::try_from(format!("public, max-age={}", cache_for.as_secs()));
        let headers = [
            (header::ETAG, etag.clone()),
            (header::CACHE_CONTROL, cache_control.unwrap_or(HeaderValue::from_static("no-store"))),
            // Anybody may read it, a script on another site too: it holds nothing but what is public.
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ];
        Self(Arc::new(Prepared { body, etag, headers }))
    }

    /// Answers a `GET` or a `HEAD`; 304 to whoever has it already, 405 to any other method.
    #[must_use]
    pub fn answer(&self, method: &Method, request: &HeaderMap) -> Response<Bytes> {
        if method != Method::GET && method != Method::HEAD {
            let mut refused = page::plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
            refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static(ALLOWED));
            return refused;
        }
        let mut response = Response::new(Bytes::new());
        let headers = response.headers_mut();
        // With room for what is said of this request.
        headers.reserve(self.0.headers.len() + 1);
        headers.extend(self.0.headers.iter().cloned());
        if self.is_known(request) {
            headers.remove(header::CONTENT_TYPE);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else if method == Method::HEAD {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.0.body.len()));
        } else {
            *response.body_mut() = self.0.body.clone();
        }
        response
    }

    /// Whether `If-None-Match` names it, compared weakly:
    /// [RFC 9110 section 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2).
    fn is_known(&self, request: &HeaderMap) -> bool {
        request
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .map(|tag| tag.strip_prefix("W/").unwrap_or(tag))
            .any(|tag| tag == "*" || tag.as_bytes() == self.0.etag.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::json("{\"a\":1}", Duration::from_secs(60))
    }

    fn known(tags: &str) -> StatusCode {
        let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, tags.parse().unwrap())]);
        document().answer(&Method::GET, &headers).status()
    }

    #[test]
    fn whoever_has_it_is_not_sent_it_again() {
        let whole = document().answer(&Method::GET, &HeaderMap::new());
        assert_eq!((whole.status(), &**whole.body()), (StatusCode::OK, &b"{\"a\":1}"[..]));
        assert_eq!(whole.headers()[header::CACHE_CONTROL], "public, max-age=60");
        assert_eq!(whole.headers()[header::CONTENT_TYPE], "application/json");
        let etag = whole.headers()[header::ETAG].to_str().unwrap();
        for tags in [etag.to_owned(), format!("W/{etag}"), format!("\"x\", {etag}"), String::from("*")] {
            assert_eq!(known(&tags), StatusCode::NOT_MODIFIED, "{tags}");
        }
        for tags in ["\"x\"", "", etag.trim_matches('"')] {
            assert_eq!(known(tags), StatusCode::OK, "{tags}");
        }
        let other = Document::json("{\"a\":2}", Duration::from_secs(60));
        assert_ne!(other.answer(&Method::GET, &HeaderMap::new()).headers()[header::ETAG], etag);
    }

    #[test]
    fn a_head_is_told_how_long_it_is_and_not_more() {
        let head = document().answer(&Method::HEAD, &HeaderMap::new());
        assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0));
        assert_eq!(head.headers()[header::CONTENT_LENGTH], "7");
        assert!(head.headers().contains_key(header::ETAG));
    }

    #[test]
    fn another_method_is_told_which_would_do() {
        let refused = document().answer(&Method::POST, &HeaderMap::new());
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refused.headers()[header::ALLOW], ALLOWED);
    }
}
