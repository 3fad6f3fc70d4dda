//! Reading a posted form: bounded, strict, and no field twice.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use towergate_core::Secret;

/// The most bytes of a body that are read: 64 KiB.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// Why a form or a query was not read. The sentence may be shown to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    #[error("This form must be sent as application/x-www-form-urlencoded.")]
    MediaType,
    #[error("This form is too long.")]
    TooLong,
    #[error("This form did not arrive whole.")]
    Torn,
    #[error("This form could not be read.")]
    Encoding,
    #[error("This form names a field twice.")]
    Duplicate,
    #[error("This form lacks a field.")]
    Missing,
}

impl FormError {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Torn | Self::Encoding | Self::Duplicate | Self::Missing => StatusCode::BAD_REQUEST,
        }
    }
}

/// The values of `names` in a form, in their order. Other fields are passed over.
pub(crate) type Fields<const N: usize> = [Option<Secret<String>>; N];

/// Reads a form-encoded body.
pub(crate) async fn read<B, const N: usize>(
    headers: &HeaderMap,
    body: B,
    names: [&str; N],
) -> Result<Fields<N>, FormError>
where
    B: http_body::Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if !is_form(headers) {
        return Err(FormError::MediaType);
    }
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(FormError::TooLong);
    }
    let collected = Limited::new(body, MAX_BODY).collect().await;
    let bytes: Bytes = collected
        .map(|body| body.to_bytes())
        .map_err(|error| if error.is::<LengthLimitError>() { FormError::TooLong } else { FormError::Torn })?;
    parse(&bytes, names)
}

/// Reads the form encoding. What is not UTF-8 or not an escape is refused rather than replaced: two passwords must not
/// become one.
pub(crate) fn parse<const N: usize>(form: &[u8], names: [&str; N]) -> Result<Fields<N>, FormError> {
    let mut fields: Fields<N> = [const { None }; N];
    for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        let known = names.iter().zip(&mut fields).find(|(known, _)| **known == name.expose());
        if let Some((_, field)) = known
            && field.replace(value).is_some()
        {
            return Err(FormError::Duplicate);
        }
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<Secret<String>, FormError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(|digit| hex(*digit)).ok_or(FormError::Encoding)?;
                let low = bytes.next().and_then(|digit| hex(*digit)).ok_or(FormError::Encoding)?;
                high << 4 | low
            }
            other => *other,
        });
    }
    String::from_utf8(decoded).map(Secret::new).map_err(|_| FormError::Encoding)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(media), None) = (types.next(), types.next()) else { return false };
    media
        .to_str()
        .ok()
        .and_then(|media| media.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;
    use proptest::prelude::*;

    use super::*;

    fn values<const N: usize>(form: &str, names: [&str; N]) -> Result<Vec<Option<String>>, FormError> {
        let fields = parse(form.as_bytes(), names)?;
        Ok(fields.iter().map(|field| field.as_ref().map(|value| value.expose().clone())).collect())
    }

    #[test]
    fn fields_are_decoded() {
        let read = values("a=1+2%2B3&b=caf%C3%A9&x=ignored&&c", ["a", "b", "c", "d"]).unwrap();
        assert_eq!(read, [Some("1 2+3".into()), Some("café".into()), Some(String::new()), None]);
    }

    #[test]
    fn a_field_named_twice_is_refused() {
        assert_eq!(values("a=1&a=1", ["a"]), Err(FormError::Duplicate));
        assert_eq!(values("a=1&%61=2", ["a"]), Err(FormError::Duplicate));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_not_replaced() {
        for form in ["a=%", "a=%1", "a=%zz", "a=%ff", "%ff=a"] {
            assert_eq!(values(form, ["a"]), Err(FormError::Encoding), "{form}");
        }
    }

    async fn read_body(media: Option<&'static str>, body: Vec<u8>) -> Result<Fields<1>, FormError> {
        let mut headers = HeaderMap::new();
        if let Some(media) = media {
            headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(media));
        }
        read(&headers, Full::new(Bytes::from(body)), ["a"]).await
    }

    #[tokio::test]
    async fn only_a_form_is_read() {
        let media = "application/X-www-form-urlencoded; charset=utf-8";
        assert!(read_body(Some(media), b"a=1".to_vec()).await.is_ok());
        for media in [None, Some("text/plain"), Some("application/json"), Some("multipart/form-data")] {
            assert_eq!(read_body(media, b"a=1".to_vec()).await.unwrap_err(), FormError::MediaType);
        }
    }

    #[tokio::test]
    async fn a_body_over_64_kib_is_refused() {
        let media = Some("application/x-www-form-urlencoded");
        assert!(read_body(media, vec![b'a'; MAX_BODY]).await.is_ok());
        assert_eq!(read_body(media, vec![b'a'; MAX_BODY + 1]).await.unwrap_err(), FormError::TooLong);
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_is_cut_off_too() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        let body = Full::new(Bytes::from(vec![b'a'; MAX_BODY + 1])).map_frame(|frame| frame);
        assert_eq!(read(&headers, body, ["a"]).await.unwrap_err(), FormError::TooLong);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(form in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&form, ["a", "b"]);
        }

        #[test]
        fn what_a_browser_encodes_comes_back(value in "\\PC{0,40}") {
            let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("a", &value).finish();
            prop_assert_eq!(values(&form, ["a"]).unwrap(), [Some(value)]);
        }
    }
}
