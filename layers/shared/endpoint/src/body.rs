//! The form or JSON in a request's body: said to be that, bounded, and whole. The fields of a form are
//! [`Form`](towergate_core::form::Form)'s to read.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use towergate_core::form::MAX_LENGTH;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The body does not say that it is what is wanted, or says two things.
    #[error("the body is not sent as what is wanted here")]
    MediaType,
    /// It is longer than [`MAX_LENGTH`].
    #[error("the body has more than 65536 bytes")]
    TooLong,
    /// It broke off midway.
    #[error("the body broke off midway")]
    Torn,
}

/// Reads a form-encoded body of at most [`MAX_LENGTH`] bytes.
///
/// # Errors
/// When it is no form, too long, or torn.
pub async fn read_form<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Unread>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    read(is_form(headers), body).await
}

/// Reads a JSON body of at most [`MAX_LENGTH`] bytes; whether it is JSON is for the caller to see.
///
/// # Errors
/// When it does not say that it is JSON, is too long, or torn.
pub async fn read_json<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Unread>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    read(is_of(headers, "application/json"), body).await
}

async fn read<B>(expected: bool, body: B) -> Result<Bytes, Unread>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if !expected {
        return Err(Unread::MediaType);
    }
    if body.size_hint().lower() > MAX_LENGTH as u64 {
        return Err(Unread::TooLong);
    }
    match Limited::new(body, MAX_LENGTH).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLong),
        Err(_) => Err(Unread::Torn),
    }
}

/// Whether the body says, once, that it is a form.
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    is_of(headers, "application/x-www-form-urlencoded")
}

fn is_of(headers: &HeaderMap, wanted: &str) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(media), None) = (types.next(), types.next()) else { return false };
    // As nearly everybody writes it.
    media == wanted
        || media
            .to_str()
            .ok()
            .and_then(|media| media.split(';').next())
            .is_some_and(|media| media.trim().eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http_body_util::Full;

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    async fn read(media: &[&'static str], body: Vec<u8>) -> Result<Bytes, Unread> {
        let mut headers = HeaderMap::new();
        for media in media {
            headers.append(header::CONTENT_TYPE, HeaderValue::from_static(media));
        }
        read_form(&headers, Full::new(Bytes::from(body))).await
    }

    #[tokio::test]
    async fn only_a_form_is_read() {
        for media in [FORM, "application/X-www-form-urlencoded; charset=utf-8"] {
            assert_eq!(read(&[media], b"a=1".to_vec()).await.unwrap(), "a=1");
        }
        for media in
            [&[][..], &["text/plain"], &["application/json"], &["multipart/form-data"], &[FORM, FORM]]
        {
            assert_eq!(read(media, b"a=1".to_vec()).await, Err(Unread::MediaType));
        }
    }

    #[tokio::test]
    async fn a_body_over_64_kib_is_refused() {
        assert!(read(&[FORM], vec![b'a'; MAX_LENGTH]).await.is_ok());
        assert_eq!(read(&[FORM], vec![b'a'; MAX_LENGTH + 1]).await, Err(Unread::TooLong));
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_is_cut_off_too() {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(FORM))]);
        let body = Full::new(Bytes::from(vec![b'a'; MAX_LENGTH + 1])).map_frame(|frame| frame);
        assert_eq!(read_form(&headers, body).await, Err(Unread::TooLong));
    }
}
