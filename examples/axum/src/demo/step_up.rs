//! What an API asks of the sign-in behind a token, [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470).

use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// How old the sign-in may be, in seconds, where that is what a challenge asks for.
pub(super) fn max_age(headers: &HeaderMap) -> Option<u64> {
    let challenge = headers.get(WWW_AUTHENTICATE)?.to_str().ok()?.strip_prefix("Bearer ")?;
    let parameter = |name: &str| {
        let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
        rest.split('"').next()
    };
    parameter("error").filter(|error| *error == "insufficient_user_authentication")?;
    parameter("max_age")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_challenge_that_asks_for_a_fresh_sign_in_is_answered_by_one() {
        let read = |text: &str| max_age(&HeaderMap::from_iter([(WWW_AUTHENTICATE, text.parse().unwrap())]));
        let error = r#"error="insufficient_user_authentication""#;
        assert_eq!(read(&format!(r#"Bearer realm="x", {error}, max_age="300""#)), Some(300));
        for other in [
            format!("Bearer {error}"),
            format!(r#"Basic {error}, max_age="300""#),
            r#"Bearer error="invalid_token", max_age="300""#.to_owned(),
            format!(r#"Bearer {error}, max_age="soon""#),
        ] {
            assert_eq!(read(&other), None, "{other}");
        }
    }
}
