//! What a browser says of the page that asked: [the client data](https://www.w3.org/TR/webauthn-3/#dictionary-client-data).

use serde::Deserialize;
use url::Url;

#[derive(Deserialize)]
struct ClientData {
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

/// Whether the page was one of `origins`, and not within somebody else's. `webauthn-rs-core` looks at the origin too, as a
/// whole address, and at the frame when a key is made, but not when it signs.
pub(crate) fn is_ours(client_data: &[u8], origins: &[Url]) -> bool {
    let Ok(ClientData { origin, cross_origin, top_origin }) = serde_json::from_slice(client_data) else {
        return false;
    };
    let known = origins.iter().any(|known| known.origin().ascii_serialization() == origin);
    known && !cross_origin && top_origin.is_none_or(|top| top == origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_site_itself_count() {
        let origins = ["https://a.example", "http://localhost:3000"].map(|text| Url::parse(text).unwrap());
        for (json, ours) in [
            (r#"{"origin":"https://a.example"}"#, true),
            (r#"{"origin":"http://localhost:3000","crossOrigin":false}"#, true),
            (r#"{"origin":"https://a.example","topOrigin":"https://a.example"}"#, true),
            (r#"{"origin":"https://a.example","crossOrigin":true}"#, false),
            (r#"{"origin":"https://a.example","topOrigin":"https://b.example"}"#, false),
            (r#"{"origin":"https://a.example/"}"#, false),
            (r#"{"origin":"https://a.example/path"}"#, false),
            (r#"{"origin":"https://a.example:8443"}"#, false),
            (r#"{"origin":"http://a.example"}"#, false),
            (r#"{"origin":"https://evil.a.example"}"#, false),
            (r#"{"origin":"https://a.example.evil"}"#, false),
            (r#"{"origin":"null"}"#, false),
            (r#"{"origin":7}"#, false),
            ("{}", false),
            ("", false),
        ] {
            assert_eq!(is_ours(json.as_bytes(), &origins), ours, "{json}");
        }
    }
}
