//! What whoever is turned away gets.

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{Refusal, judge::Policy};

/// Builds the body, and headers of its own, for whoever is turned away. Any `Fn(&Refusal) -> Response<B>` does.
///
/// The layer sets the status and the challenge itself afterwards: no wording can break
/// [RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3).
pub trait RejectToken<B> {
    /// The response; the refusal's details are not for the peer.
    fn reject(&self, refusal: &Refusal) -> Response<B>;
}

impl<B, F: Fn(&Refusal) -> Response<B>> RejectToken<B> for F {
    fn reject(&self, refusal: &Refusal) -> Response<B> {
        self(refusal)
    }
}

/// The default: the error as JSON, and nothing for whoever presented nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonRejection;

impl<B: From<Bytes>> RejectToken<B> for JsonRejection {
    fn reject(&self, refusal: &Refusal) -> Response<B> {
        let Some(error) = refusal.error() else { return Response::new(B::from(Bytes::new())) };
        // Both are constants of ours, without a character that JSON would escape.
        let (code, description) = (error.code, error.description);
        let json = format!(r#"{{"error":"{code}","error_description":"{description}"}}"#);
        let mut response = Response::new(B::from(Bytes::from(json)));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

/// The whole response: the host's body under the status and headers that the RFC rules.
pub(crate) fn response<B>(refusal: Refusal, policy: &Policy, rejection: &impl RejectToken<B>) -> Response<B> {
    tracing::debug!(reason = %refusal, "a request to the API was turned away");
    let mut response = rejection.reject(&refusal);
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match refusal {
        Refusal::Unavailable => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Refusal::Broken => {}
        _ => {
            headers.insert(WWW_AUTHENTICATE, challenge(&refusal, policy));
        }
    }
    response.extensions_mut().insert(refusal);
    response
}

/// The challenge of [RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3), with what
/// [RFC 9470 section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3) and
/// [RFC 9728 section 5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1) add. The realm is the audience.
fn challenge(refusal: &Refusal, policy: &Policy) -> HeaderValue {
    let mut text = String::from("Bearer realm=\"");
    text.extend(quotable(&policy.audience));
    text.push('"');
    if let Some(error) = refusal.error() {
        text.push_str(&format!(r#", error="{}", error_description="{}""#, error.code, error.description));
    }
    if *refusal == Refusal::InsufficientScope {
        // A scope holds no quote and no backslash.
        text.push_str(&format!(r#", scope="{}""#, policy.scope));
    }
    if *refusal == Refusal::InsufficientUserAuthentication {
        if !policy.acr.is_empty() {
            let values: String = quotable(&policy.acr.join(" ")).collect();
            text.push_str(&format!(r#", acr_values="{values}""#));
        }
        if let Some(age) = policy.max_age {
            text.push_str(&format!(r#", max_age="{}""#, age.as_secs()));
        }
    }
    if let Some(metadata) = &policy.metadata {
        let address: String = quotable(metadata).collect();
        text.push_str(&format!(r#", resource_metadata="{address}""#));
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("Bearer"))
}

/// A quoted string without escapes: what would need one is left out.
fn quotable(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'))
}
