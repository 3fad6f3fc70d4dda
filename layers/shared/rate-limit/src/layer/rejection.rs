//! What whoever asks too often gets.

use bytes::Bytes;
use http::{HeaderValue, Response, header::RETRY_AFTER, request::Parts};
use towergate_endpoint::page;

use crate::reason::RateLimited;

/// Builds the response to whoever asks too often. Any `Fn(&Parts, RateLimited) -> Response<B>` does.
pub trait RejectRateLimited<B> {
    /// The response.
    fn reject(&self, request: &Parts, reason: RateLimited) -> Response<B>;
}

impl<B, F: Fn(&Parts, RateLimited) -> Response<B>> RejectRateLimited<B> for F {
    fn reject(&self, request: &Parts, reason: RateLimited) -> Response<B> {
        self(request, reason)
    }
}

/// One sentence, as a plain page for browsers and as a line of text for whoever else, with `Retry-After` where trying
/// again makes sense.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainRefusal;

impl RateLimited {
    /// What a person may be told.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TooMany { .. } => {
                "Too many requests came from your network. Please wait a while before you try again."
            }
            Self::Unavailable => "This is not possible at the moment. Please try again shortly.",
            Self::Broken => "This did not work, and it is not your fault. The operator has been told.",
        }
    }

    /// Puts `Retry-After` on a response, where trying again makes sense.
    pub fn write_retry_after<B>(self, response: &mut Response<B>) {
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

impl<B: From<Bytes>> RejectRateLimited<B> for PlainRefusal {
    fn reject(&self, request: &Parts, reason: RateLimited) -> Response<B> {
        let (status, sentence) = (reason.status(), reason.sentence());
        let mut response = if page::wants_html(&request.headers) {
            let html = format!(
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
                 <title>{status}</title><h1>{status}</h1><p>{sentence}</p></html>\n"
            );
            page::page(status, html, "'none'", "")
        } else {
            page::plain(status, format!("{sentence}\n"))
        };
        reason.write_retry_after(&mut response);
        response.map(B::from)
    }
}
