//! JSON answers, and the forms they answer.

use std::{error::Error, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body;
use serde::Serialize;
use serde_json::{Map, Value};
use towergate_core::{Secret, form::Form};
use towergate_endpoint::{
    Document,
    body::{self, Unread},
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::failure::Failure;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const TOO_LARGE: &str = "the body has more than 65536 bytes";

/// An answer for this client alone, never to be kept.
pub(super) fn private(status: StatusCode, body: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A JWT of this media type, for this client alone, never to be kept.
pub(super) fn private_jwt(media_type: &'static str, token: &Secret<String>) -> Response<Bytes> {
    let mut response = private(StatusCode::OK, token.expose().as_bytes().to_vec());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An error of [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
pub(super) fn error(status: StatusCode, error: OAuthError) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Wire {
        error: &'static str,
        error_description: &'static str,
    }
    let wire = Wire { error: error.code.as_str(), error_description: error.description };
    private(status, serde_json::to_vec(&wire).unwrap_or_default())
}

/// An error whose sentence says more than a constant can; it keeps to the characters of RFC 6749 section 5.2.
pub(super) fn explained(status: StatusCode, code: ErrorCode, description: &str) -> Response<Bytes> {
    let wire = serde_json::json!({ "error": code.as_str(), "error_description": description });
    private(status, wire.to_string().into_bytes())
}

/// Nothing to say beside the status.
pub(super) fn nothing(status: StatusCode) -> Response<Bytes> {
    let mut response = private(status, Vec::new());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

pub(super) fn method_not_allowed(allow: &'static str) -> Response<Bytes> {
    let refused = OAuthError::new(ErrorCode::InvalidRequest, "this method is not answered here");
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, refused);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// A document that anybody may keep a copy of for so long.
pub(super) fn document(value: &impl Serialize, cache_for: Duration) -> Document {
    let text = serde_json::to_vec(value).unwrap_or_else(|error| {
        tracing::error!(%error, "a public document does not turn into JSON");
        b"{}".to_vec()
    });
    Document::json(text, cache_for)
}

/// Reads a form of at most 64 KiB.
pub(super) async fn read_form<B>(
    headers: &HeaderMap,
    body: B,
    known: &[&'static str],
) -> Result<Form, OAuthError>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    read_form_with_lists(headers, body, known, &[]).await
}

/// Reads a form of at most 64 KiB in which the parameters of `lists` may be there several times.
pub(super) async fn read_form_with_lists<B>(
    headers: &HeaderMap,
    body: B,
    known: &[&'static str],
    lists: &[&'static str],
) -> Result<Form, OAuthError>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let invalid = |description| OAuthError::new(ErrorCode::InvalidRequest, description);
    let body = body::read_form(headers, body).await.map_err(|unread| {
        invalid(match unread {
            Unread::MediaType => "the body must be application/x-www-form-urlencoded",
            Unread::TooLong => TOO_LARGE,
            Unread::Torn => "the body broke off midway",
        })
    })?;
    Form::parse_with_lists(&body, known, lists).map_err(|_| invalid(TOO_LARGE))
}

/// Reads the text of a form of at most 64 KiB, of which several readers take their part.
pub(super) async fn read_text<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Failure>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let invalid = |description| OAuthError::new(ErrorCode::InvalidRequest, description).into();
    body::read_form(headers, body).await.map_err(|unread| match unread {
        Unread::MediaType => invalid("the body must be application/x-www-form-urlencoded"),
        Unread::TooLong => Failure::TooLong,
        Unread::Torn => invalid("the body broke off midway"),
    })
}

/// Reads one JSON object of at most 64 KiB that says each thing once.
pub(super) async fn read_object<B>(headers: &HeaderMap, body: B) -> Result<Map<String, Value>, OAuthError>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let invalid = |description| OAuthError::new(ErrorCode::InvalidRequest, description);
    let body = body::read_json(headers, body).await.map_err(|unread| {
        invalid(match unread {
            Unread::MediaType => "the body must be application/json",
            Unread::TooLong => TOO_LARGE,
            Unread::Torn => "the body broke off midway",
        })
    })?;
    towergate_jose::json::read_object(&body).map_err(|_| {
        let description = "the body must be one JSON object in which each member is there once";
        OAuthError::new(ErrorCode::InvalidClientMetadata, description)
    })
}
