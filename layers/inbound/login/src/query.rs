//! Paths of this host that carry on where a person wants to go.

use towergate_core::LocalPath;

/// `path` with `return_to` in its query; the front page needs no mention.
pub(crate) fn with_return_to(path: &LocalPath, return_to: &LocalPath) -> LocalPath {
    if *return_to == LocalPath::root() {
        return path.clone();
    }
    let join = if path.as_str().contains('?') { '&' } else { '?' };
    LocalPath::parse(&format!("{path}{join}return_to={}", encode(return_to.as_str())))
        .unwrap_or_else(|| path.clone())
}

/// Percent-encodes all but unreserved characters, RFC 3986 section 2.3.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_to_go_is_carried_encoded() {
        let path = |text: &str| LocalPath::parse(text).unwrap();
        let carried = with_return_to(&path("/login"), &path("/interaction/7?x=1&y=2"));
        assert_eq!(carried.as_str(), "/login?return_to=%2Finteraction%2F7%3Fx%3D1%26y%3D2");
        assert_eq!(with_return_to(&path("/login?a=b"), &path("/x")).as_str(), "/login?a=b&return_to=%2Fx");
        assert_eq!(with_return_to(&path("/login"), &LocalPath::root()).as_str(), "/login");
        let long = path(&format!("/{}", "a".repeat(2040)));
        assert_eq!(with_return_to(&path("/login"), &long).as_str(), "/login", "too long to carry");
    }
}
