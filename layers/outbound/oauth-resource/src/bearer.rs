//! Reading the token out of the request,
//! [RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).

use http::{HeaderMap, header::AUTHORIZATION};

use crate::Refusal;

/// The presented token: the only one, in the only place it may come in.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut presented = headers.get_all(AUTHORIZATION).iter();
    let credentials = presented.next().ok_or(Refusal::NoCredentials)?;
    if presented.next().is_some() {
        return Err(Refusal::InvalidRequest);
    }
    let credentials = credentials.to_str().map_err(|_| Refusal::InvalidRequest)?;
    let (scheme, rest) = credentials.split_once(' ').unwrap_or((credentials, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Refusal::NoCredentials);
    }
    let token = rest.trim_matches(' ');
    if is_token68(token) { Ok(token) } else { Err(Refusal::InvalidRequest) }
}

/// `token68` of [RFC 9110 section 11.2](https://www.rfc-editor.org/rfc/rfc9110#section-11.2).
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    // Every byte is looked at, whatever the one before was: so a compiler may look at many at once.
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'-'..=b'/' | b'_' | b'~' | b'+');
    !body.is_empty() && body.bytes().fold(true, |all, byte| all & allowed(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(values: &[&[u8]]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        bearer(&headers).map(String::from)
    }

    #[test]
    fn the_token_follows_the_scheme_in_any_case() {
        for good in ["Bearer a.b-c", "bearer a.b-c", "BEARER   a.b-c", "Bearer a.b-c "] {
            assert_eq!(read(&[good.as_bytes()]).as_deref(), Ok("a.b-c"), "{good}");
        }
    }

    #[test]
    fn no_header_and_another_scheme_are_no_credentials() {
        assert_eq!(read(&[]), Err(Refusal::NoCredentials));
        for other in ["Basic YTpi", "DPoP abc", "Bearerabc", ""] {
            assert_eq!(read(&[other.as_bytes()]), Err(Refusal::NoCredentials), "{other}");
        }
    }

    #[test]
    fn two_headers_and_torn_ones_are_invalid_requests() {
        assert_eq!(read(&[b"Bearer a", b"Bearer a"]), Err(Refusal::InvalidRequest));
        assert_eq!(read(&[b"Basic a", b"Bearer a"]), Err(Refusal::InvalidRequest));
        for torn in [&b"Bearer"[..], b"Bearer ", b"Bearer a b", b"Bearer a,b", b"Bearer =", b"Bearer \xe9"] {
            assert_eq!(read(&[torn]), Err(Refusal::InvalidRequest), "{torn:?}");
        }
    }
}
