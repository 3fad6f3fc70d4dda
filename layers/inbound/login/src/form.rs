//! The forms and queries of the sign-in page: strict, and told in sentences that a person may see.

use std::error::Error;

use http::{HeaderMap, StatusCode};
use towergate_core::{
    Secret,
    form::{BadParameter, Form, TooLarge},
};
use towergate_endpoint::body::{self, Unread};

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
    names: [&'static str; N],
) -> Result<Fields<N>, FormError>
where
    B: http_body::Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    parse(&body::read_form(headers, body).await?, names)
}

/// Reads the form encoding, and refuses all of it when any of it cannot be read.
pub(crate) fn parse<const N: usize>(text: &[u8], names: [&'static str; N]) -> Result<Fields<N>, FormError> {
    let mut form = Form::parse(text, &names)?;
    if form.is_torn() {
        return Err(FormError::Encoding);
    }
    let mut fields: Fields<N> = [const { None }; N];
    for (field, name) in fields.iter_mut().zip(names) {
        *field = form.take(name)?;
    }
    Ok(fields)
}

impl From<Unread> for FormError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::MediaType => Self::MediaType,
            Unread::TooLong => Self::TooLong,
            Unread::Torn => Self::Torn,
        }
    }
}

impl From<TooLarge> for FormError {
    fn from(_: TooLarge) -> Self {
        Self::TooLong
    }
}

impl From<BadParameter> for FormError {
    fn from(bad: BadParameter) -> Self {
        match bad {
            BadParameter::Repeated => Self::Duplicate,
            BadParameter::Unreadable => Self::Encoding,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderValue, header};
    use http_body_util::Full;
    use towergate_core::form::MAX_LENGTH;

    use super::*;

    fn values<const N: usize>(
        form: &str,
        names: [&'static str; N],
    ) -> Result<Vec<Option<String>>, FormError> {
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

    #[tokio::test]
    async fn a_body_that_was_not_read_is_told_with_its_status() {
        const FORM: &str = "application/x-www-form-urlencoded";
        for (media, body, status) in [
            ("text/plain", vec![], StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (FORM, vec![b'a'; MAX_LENGTH + 1], StatusCode::PAYLOAD_TOO_LARGE),
            (FORM, b"a=1&a=1".to_vec(), StatusCode::BAD_REQUEST),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media))]);
            let read = read(&headers, Full::new(Bytes::from(body)), ["a"]).await;
            assert_eq!(read.unwrap_err().status(), status);
        }
    }
}
