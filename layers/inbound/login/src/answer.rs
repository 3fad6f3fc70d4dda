//! What a browser is answered: pages under a strict policy, and redirects within the host.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use towergate_core::{LocalPath, StoreError, Timestamp, audit::Attempted};
use towergate_endpoint::page;
use url::form_urlencoded::byte_serialize;

use crate::{
    form::FormError,
    pages::{LoginPages, ProblemView},
};

/// A page. There is no `form-action` in its policy: browsers apply it to all redirects that follow a form, and those
/// after signing in may end at a client of the host.
pub(crate) fn page(status: StatusCode, html: String, pages: &impl LoginPages) -> Response<Bytes> {
    page::page(status, html, pages.style_source(), "")
}

/// A problem that is not the person's fault, or that no person makes.
pub(crate) fn problem(status: StatusCode, message: &str, pages: &impl LoginPages) -> Response<Bytes> {
    let view = ProblemView { status: status.as_u16(), message: message.to_owned() };
    page(status, pages.problem(&view), pages)
}

/// A form that was not read.
pub(crate) fn unreadable(error: FormError, pages: &impl LoginPages) -> Response<Bytes> {
    let mut response = problem(error.status(), &error.to_string(), pages);
    // No page of the house sends such a form; one that broke off on the way is nobody's doing.
    if error != FormError::Torn {
        response.extensions_mut().insert(Attempted("malformed_form"));
    }
    response
}

/// Something the host lacks for a moment.
pub(crate) fn unavailable(pages: &impl LoginPages) -> Response<Bytes> {
    let message = "This is not possible at the moment. Please try again shortly.";
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, message, pages);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A page for whoever must wait until then.
pub(crate) fn waiting(mut page: Response<Bytes>, until: Timestamp, now: Timestamp) -> Response<Bytes> {
    let seconds = until.since(now).as_millis().div_ceil(1000).max(1);
    *page.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    if let Ok(seconds) = HeaderValue::from_str(&seconds.to_string()) {
        page.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    page
}

/// On to `path`, and from there back to `return_to`.
pub(crate) fn see_other_first(path: &LocalPath, return_to: &LocalPath) -> Response<Bytes> {
    let escaped: String = byte_serialize(return_to.as_str().as_bytes()).collect();
    let location = HeaderValue::try_from(format!("{path}?return_to={escaped}"));
    page::see_other(location.unwrap_or(HeaderValue::from_static("/")))
}

/// Something that broke.
pub(crate) fn broken(pages: &impl LoginPages) -> Response<Bytes> {
    let message = "This did not work, and it is not your fault. The operator has been told.";
    problem(StatusCode::INTERNAL_SERVER_ERROR, message, pages)
}

/// A store that failed: to be tried again, or to be looked at.
pub(crate) fn store_failed(error: &StoreError, pages: &impl LoginPages) -> Response<Bytes> {
    if let StoreError::Unavailable(_) = error {
        tracing::warn!(%error, "the store is unavailable");
        return unavailable(pages);
    }
    tracing::error!(%error, "the store failed");
    broken(pages)
}

/// On to a path of this host, with GET.
pub(crate) fn see_other(path: &LocalPath) -> Response<Bytes> {
    // A local path is visible ASCII, which is what a header value is; the front page stands in all the same.
    page::see_other(HeaderValue::from_str(path.as_str()).unwrap_or(HeaderValue::from_static("/")))
}

/// The method is none of those that `allow` lists.
pub(crate) fn wrong_method(allow: &'static str, pages: &impl LoginPages) -> Response<Bytes> {
    let message = "This address is not used in that way.";
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, message, pages);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// The host is put together wrongly; told in plain text to whoever is building it.
pub(crate) fn misbuilt(message: String) -> Response<Bytes> {
    tracing::error!(message);
    page::plain(StatusCode::INTERNAL_SERVER_ERROR, message)
}
