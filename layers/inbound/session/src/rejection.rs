//! What is answered when the store cannot be asked.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use towergate_core::StoreError;

/// Why a request was answered without being let in; found in the response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionRejection {
    /// The store holds something it should not, or broke a rule. The cause went to the log.
    Broken,
    /// The store is locked or gone; the same request may succeed later.
    Unavailable,
}

impl SessionRejection {
    /// Sorts a failure of the store, and tells the operator what the peer must not see.
    pub(crate) fn from_store(error: &StoreError) -> Self {
        if matches!(error, StoreError::Unavailable(_)) {
            tracing::warn!(%error, "the session store is unavailable");
            Self::Unavailable
        } else {
            tracing::error!(%error, "the session store is broken");
            Self::Broken
        }
    }

    /// 503 or 500.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Builds the response to a request that was not let in. Any `Fn(SessionRejection) -> Response<B>` does.
pub trait RejectSession<B> {
    /// The response.
    fn reject(&self, reason: SessionRejection) -> Response<B>;
}

impl<B, F: Fn(SessionRejection) -> Response<B>> RejectSession<B> for F {
    fn reject(&self, reason: SessionRejection) -> Response<B> {
        self(reason)
    }
}

/// One sentence of plain text, and `Retry-After: 1` when trying again makes sense.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainRejection;

impl<B: From<Bytes>> RejectSession<B> for PlainRejection {
    fn reject(&self, reason: SessionRejection) -> Response<B> {
        let text: &'static [u8] = match reason {
            SessionRejection::Broken => b"Something went wrong on our side.\n",
            SessionRejection::Unavailable => {
                b"We cannot look up sessions right now. Please try again in a moment.\n"
            }
        };
        let mut response = Response::new(B::from(Bytes::from_static(text)));
        *response.status_mut() = reason.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if reason == SessionRejection::Unavailable {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
