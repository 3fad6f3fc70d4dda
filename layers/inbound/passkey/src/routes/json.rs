//! What the script is answered.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use towergate_core::{LocalPath, StoreError};
use towergate_endpoint::{body::Unread, page};
use towergate_identity::rules::passkey::CeremonyFailure;
use towergate_login::password::{SECOND_FACTOR_MISSING, TOO_MANY_SESSIONS};
use towergate_session::SessionError;
use url::form_urlencoded::byte_serialize;

use crate::passkeys::{PasskeyError, REFUSED};

/// JSON that nobody keeps.
pub(super) fn json(status: StatusCode, value: &Value) -> Response<Bytes> {
    let mut response = page::plain(status, value.to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A sentence to be shown.
pub(super) fn message(status: StatusCode, message: &str) -> Response<Bytes> {
    json(status, &json!({ "message": message }))
}

/// Where the browser is to go.
pub(super) fn go(status: StatusCode, location: &str) -> Response<Bytes> {
    json(status, &json!({ "location": location }))
}

/// On to `path`, and from there back to `return_to`.
pub(super) fn go_first(path: &LocalPath, return_to: &LocalPath) -> Response<Bytes> {
    let escaped: String = byte_serialize(return_to.as_str().as_bytes()).collect();
    go(StatusCode::FORBIDDEN, &format!("{path}?return_to={escaped}"))
}

/// A body that was not read.
pub(super) fn unread(unread: Unread) -> Response<Bytes> {
    let status = match unread {
        Unread::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Unread::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
        Unread::Torn => StatusCode::BAD_REQUEST,
    };
    message(status, &unread.to_string())
}

/// The method is none of those that `allow` lists.
pub(super) fn wrong_method(allow: &'static str) -> Response<Bytes> {
    let mut response = message(StatusCode::METHOD_NOT_ALLOWED, "This address is not used in that way.");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// Why nothing came of it, in words for the person; `login` is where whoever has no session goes, and `return_to` where they
/// came from.
pub(super) fn failed(error: &PasskeyError, login: &LocalPath, return_to: &LocalPath) -> Response<Bytes> {
    match error {
        PasskeyError::Refused(reason) => refused(*reason),
        PasskeyError::NoSession | PasskeyError::Session(SessionError::Gone | SessionError::UserRefused) => {
            go_first(login, return_to)
        }
        PasskeyError::Session(SessionError::TooMany) => message(StatusCode::FORBIDDEN, TOO_MANY_SESSIONS),
        PasskeyError::Session(SessionError::SecondFactorMissing) => {
            message(StatusCode::FORBIDDEN, SECOND_FACTOR_MISSING)
        }
        PasskeyError::Busy => unavailable(),
        PasskeyError::Store(error) | PasskeyError::Session(SessionError::Store(error)) => store_failed(error),
        error => {
            tracing::error!(%error, "a ceremony with a passkey failed");
            broken()
        }
    }
}

/// Where the reason is not the person's own business, they learn none.
fn refused(reason: CeremonyFailure) -> Response<Bytes> {
    let words = match reason {
        CeremonyFailure::Aaguid => "Passkeys of this make are not taken here. Please use another one.",
        CeremonyFailure::Taken => "This passkey is registered already.",
        CeremonyFailure::TooMany => "There are as many passkeys as you may have. Remove one first.",
        _ => REFUSED,
    };
    let unknown = reason == CeremonyFailure::UnknownKey;
    json(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "message": words, "unknown": unknown }))
}

fn unavailable() -> Response<Bytes> {
    let words = "This is not possible at the moment. Please try again shortly.";
    let mut response = message(StatusCode::SERVICE_UNAVAILABLE, words);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Something that broke.
pub(super) fn broken() -> Response<Bytes> {
    let words = "This did not work, and it is not your fault. The operator has been told.";
    message(StatusCode::INTERNAL_SERVER_ERROR, words)
}

/// A store that failed: to be tried again, or to be looked at.
pub(super) fn store_failed(error: &StoreError) -> Response<Bytes> {
    if let StoreError::Unavailable(_) = error {
        tracing::warn!(%error, "the store is unavailable");
        return unavailable();
    }
    tracing::error!(%error, "the store failed");
    broken()
}
