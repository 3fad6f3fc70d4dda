//! What a browser is answered, each with the headers that keep it from being framed, kept, or told on.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

/// A page of HTML.
///
/// `style_source` is what its content security policy allows as styles, and `more` is added to the policy: browsers
/// apply `form-action` to all redirects that follow a form, so each page knows for itself where its forms may lead. A
/// source that no header may hold is left out, so that the page comes without styles.
#[must_use]
pub fn page(status: StatusCode, html: String, style_source: &str, more: &str) -> Response<Bytes> {
    policed(status, html, &Policy { style: style_source, images: "", more })
}

/// What a page's content security policy allows.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// The source of its styles.
    pub style: &'a str,
    /// Where its pictures may come from beside this host; empty when from nowhere.
    pub images: &'a str,
    /// Further directives.
    pub more: &'a str,
}

/// A page of HTML under a policy of its own; see [`page`]. A source that holds the end of a directive is left out.
#[must_use]
pub fn policed(status: StatusCode, html: String, policy: &Policy<'_>) -> Response<Bytes> {
    let sound = |source: &str| !source.contains([';', ',']) && HeaderValue::from_str(source).is_ok();
    let style = if sound(policy.style) { policy.style } else { "'none'" };
    let images = if sound(policy.images) { policy.images } else { "" };
    let (space, semicolon) =
        (if images.is_empty() { "" } else { " " }, if policy.more.is_empty() { "" } else { "; " });
    let policy = format!(
        "default-src 'none'; style-src {style}; img-src 'self' data:{space}{images}; base-uri 'none'; \
         frame-ancestors 'none'{semicolon}{}",
        policy.more
    );
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(
        "default-src 'none'; form-action 'none'; frame-ancestors 'none'",
    ));
    guarded(status, html.into(), "text/html; charset=utf-8", policy)
}

/// One line of text, for whoever mounts or calls an endpoint wrongly.
#[must_use]
pub fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Bytes> {
    let policy = HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
    guarded(status, text.into(), "text/plain; charset=utf-8", policy)
}

/// Whether whoever asks would rather have a page: a browser that navigates, not a program.
#[must_use]
pub fn wants_html(request: &HeaderMap) -> bool {
    let accepted = request.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|media| {
        media.split(';').next().is_some_and(|media| media.trim().eq_ignore_ascii_case("text/html"))
    })
}

/// Sends the browser on, by `GET`.
#[must_use]
pub fn see_other(location: HeaderValue) -> Response<Bytes> {
    let mut response = plain(StatusCode::SEE_OTHER, Bytes::new());
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn guarded(
    status: StatusCode,
    body: Bytes,
    content_type: &'static str,
    policy: HeaderValue,
) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // Stricter would make browsers hide the origin of our own forms, which the cross-origin check reads.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    response.headers_mut().extend(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(response: &Response<Bytes>) -> &str {
        response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap()
    }

    #[test]
    fn each_answer_forbids_framing_sniffing_keeping_and_telling() {
        let pages = [
            page(StatusCode::OK, String::from("<p>"), "'self'", ""),
            plain(StatusCode::OK, "text"),
            see_other(HeaderValue::from_static("/")),
        ];
        for response in pages {
            assert!(policy(&response).starts_with("default-src 'none'; "), "{response:?}");
            assert!(policy(&response).ends_with("base-uri 'none'; frame-ancestors 'none'"), "{response:?}");
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
            assert_eq!(response.headers()[header::REFERRER_POLICY], "same-origin");
        }
    }

    #[test]
    fn a_style_source_that_no_header_may_hold_leaves_the_rest_of_the_policy() {
        let response = page(StatusCode::OK, String::new(), "'self'\n", "form-action 'self'");
        assert!(policy(&response).contains("style-src 'none'; "));
        assert!(policy(&response).ends_with("; form-action 'self'"));
    }

    #[test]
    fn no_source_ends_its_directive() {
        let page = |images| {
            let rules = Policy { style: "'self'; script-src *", images, more: "" };
            policed(StatusCode::OK, String::new(), &rules)
        };
        let allowed = page("https://cdn.example");
        assert!(policy(&allowed).contains("; img-src 'self' data: https://cdn.example; base-uri"));
        for evil in ["https://x; script-src *", "https://x, default-src *", "\n"] {
            assert!(policy(&page(evil)).contains("; img-src 'self' data:; base-uri"), "{evil}");
            assert!(policy(&page(evil)).contains("style-src 'none'; "), "{evil}");
        }
    }
}
