//! What whoever is turned away gets.

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::Refusal;

/// Builds the body, and headers of its own, for whoever is turned away. Any `Fn(&Refusal) -> Response<B>` does.
///
/// Status and challenge are set afterwards: no wording can break
/// [RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3).
pub trait RejectApiToken<B> {
    /// The response; the refusal's details are not for the peer.
    fn reject(&self, refusal: &Refusal) -> Response<B>;
}

impl<B, F: Fn(&Refusal) -> Response<B>> RejectApiToken<B> for F {
    fn reject(&self, refusal: &Refusal) -> Response<B> {
        self(refusal)
    }
}

/// The default: the error as JSON, and nothing for whoever showed nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonRejection;

impl<B: From<Bytes>> RejectApiToken<B> for JsonRejection {
    fn reject(&self, refusal: &Refusal) -> Response<B> {
        let Some((code, sentence)) = refusal.error() else { return Response::new(B::from(Bytes::new())) };
        // Both are constants of ours, without a character that JSON would escape.
        let json = format!(r#"{{"error":"{code}","error_description":"{sentence}"}}"#);
        let mut response = Response::new(B::from(Bytes::from(json)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// The whole response: the host's body under the status and headers that the RFC rules.
pub(crate) fn response<B>(refusal: Refusal, rejection: &impl RejectApiToken<B>) -> Response<B> {
    tracing::debug!(reason = %refusal, "a request of a program was turned away");
    let mut response = rejection.reject(&refusal);
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match &refusal {
        Refusal::Unavailable => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Refusal::Broken => {}
        other => {
            headers.insert(WWW_AUTHENTICATE, challenge(other));
        }
    }
    response.extensions_mut().insert(refusal);
    response
}

/// The challenge of [RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3).
fn challenge(refusal: &Refusal) -> HeaderValue {
    let mut text = String::from(r#"Bearer realm="api""#);
    if let Some((code, sentence)) = refusal.error() {
        text.push_str(&format!(r#", error="{code}", error_description="{sentence}""#));
    }
    if let Refusal::InsufficientScope(permission) = refusal {
        // A permission holds no quote and no backslash.
        text.push_str(&format!(r#", scope="{permission}""#));
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
}
