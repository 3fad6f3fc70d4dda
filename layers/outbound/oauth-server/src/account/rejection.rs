use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::ResolverError;

/// Why the host could not say who is signed in: for the operator, in the response's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFailure {
    reason: Arc<str>,
    missing_layer: Option<&'static str>,
    passes: bool,
}

impl AccountFailure {
    /// The error with all its causes.
    pub(crate) fn of(error: &ResolverError) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self { reason: text.into(), missing_layer: error.layer_to_add(), passes: error.is_unavailable() }
    }

    /// Whether the host may well be able to say it soon.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        self.passes
    }

    /// Which layer to add and where, when one is missing: this may be shown to anybody.
    #[must_use]
    pub const fn missing_layer(&self) -> Option<&'static str> {
        self.missing_layer
    }
}

impl fmt::Display for AccountFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// Says that the host could not answer. A plain function will do.
pub trait AccountRejection<B> {
    /// The response; of `failure`, only [`missing_layer`](AccountFailure::missing_layer) and whether it
    /// [passes](AccountFailure::is_unavailable) are for the peer.
    fn reject(&self, failure: &AccountFailure) -> Response<B>;
}

impl<B, F: Fn(&AccountFailure) -> Response<B>> AccountRejection<B> for F {
    fn reject(&self, failure: &AccountFailure) -> Response<B> {
        self(failure)
    }
}

/// The default: 500, or 503 for what passes, and one plain line, which names the layer that is missing, if that is it.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainAccountRejection;

impl<B: From<Bytes>> AccountRejection<B> for PlainAccountRejection {
    fn reject(&self, failure: &AccountFailure) -> Response<B> {
        let body = match failure.missing_layer() {
            Some(advice) => Bytes::from(format!("server_error: {advice}\n")),
            None => Bytes::from_static(b"server_error: this site cannot tell who is signed in right now\n"),
        };
        let mut response = Response::new(B::from(body));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        if failure.is_unavailable() {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
