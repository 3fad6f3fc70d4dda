//! What was fetched.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, StatusCode,
    header::{AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName},
};

/// An answer that counts, and what its header says of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// 200 for a GET, any 2xx for a POST.
    pub status: StatusCode,
    /// The `Content-Type` as it was sent.
    pub content_type: Option<String>,
    /// How long the answer may be kept from now on: `max-age` less `Age`, zero for `no-store` and `no-cache`, `None` when
    /// nothing is said.
    pub max_age: Option<Duration>,
    /// The `ETag` as it was sent.
    pub etag: Option<String>,
    /// The body, within the policy's bound.
    pub body: Bytes,
}

impl Fetched {
    pub(crate) fn new(status: StatusCode, header: &HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            content_type: text(header, CONTENT_TYPE),
            max_age: max_age(header),
            etag: text(header, ETAG),
            body,
        }
    }

    /// The media type in lower case, without parameters: `application/json`.
    #[must_use]
    pub fn media_type(&self) -> Option<String> {
        let essence = self.content_type.as_deref()?.split(';').next()?;
        Some(essence.trim().to_ascii_lowercase())
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("max_age", &self.max_age)
            .field("etag", &self.etag)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

fn text(header: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(header.get(name)?.to_str().ok()?.to_owned())
}

/// [RFC 9111 5.2.2](https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2); the shortest, when several are given.
fn max_age(header: &HeaderMap) -> Option<Duration> {
    let values = header.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let stated = values.flat_map(|value| value.split(',')).filter_map(|directive| {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => Some(0),
            "max-age" => argument.trim().trim_matches('"').parse::<u64>().ok(),
            _ => None,
        }
    });
    let age = text(header, AGE).and_then(|age| age.trim().parse::<u64>().ok()).unwrap_or(0);
    stated.min().map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetched(header: &[(HeaderName, &'static str)]) -> Fetched {
        let header = header.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        Fetched::new(StatusCode::OK, &header, Bytes::from_static(b"secret"))
    }

    #[test]
    fn the_shortest_time_that_is_said_holds() {
        for (said, seconds) in [
            ("max-age=60", Some(60)),
            ("public, Max-Age=\"60\", must-revalidate", Some(60)),
            ("max-age=60, max-age=30", Some(30)),
            ("max-age=60, no-store", Some(0)),
            ("no-cache=\"x\"", Some(0)),
            ("max-age=-1", None),
            ("max-age=99999999999999999999", None),
            ("s-maxage=60", None),
            ("", None),
        ] {
            let max_age = fetched(&[(CACHE_CONTROL, said)]).max_age;
            assert_eq!(max_age, seconds.map(Duration::from_secs), "{said}");
        }
        let aged = |age| fetched(&[(CACHE_CONTROL, "max-age=60"), (AGE, age)]).max_age.unwrap().as_secs();
        assert_eq!((aged("20"), aged("99"), aged("x")), (40, 0, 60));
        assert_eq!(fetched(&[]).max_age, None);
    }

    #[test]
    fn the_media_type_is_without_parameters() {
        let fetched = fetched(&[(CONTENT_TYPE, "Application/JSON ; charset=utf-8")]);
        assert_eq!(fetched.media_type().as_deref(), Some("application/json"));
    }

    #[test]
    fn a_body_is_not_printed() {
        assert!(!format!("{:?}", fetched(&[])).contains("secret"));
    }
}
