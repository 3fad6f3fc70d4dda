//! What lets a client see, in the browser and without asking the server, that the sign-in changed.
//! [Session Management sections 2 to 4](https://openid.net/specs/openid-connect-session-1_0.html#CreatingUpdatingSessions)

use std::fmt::Write;

use towergate_core::Digest;
use url::Url;

/// What the browser holds for a sign-in: a digest that leads nowhere, since every script on the provider's origin can
/// read it.
#[must_use]
pub fn browser_state(sid: &str) -> String {
    hex(&format!("towergate browser state {sid}"))
}

/// The `session_state` of a client whose pages are at `origin`, while the browser holds `browser_state`. Neither the
/// salt nor anything else in it may hold a space.
#[must_use]
pub fn session_state(client_id: &str, origin: &str, browser_state: &str, salt: &str) -> String {
    let digest = hex(&format!("{client_id} {origin} {browser_state} {salt}"));
    format!("{digest}.{salt}")
}

/// The origin of a client's address; `None` when no page can have it, as for a private-use scheme.
#[must_use]
pub fn origin(redirect_uri: &str) -> Option<String> {
    let origin = Url::parse(redirect_uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

fn hex(text: &str) -> String {
    Digest::of(text.as_bytes()).as_bytes().iter().fold(String::new(), |mut hex, byte| {
        // Writing into a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_management_3_a_state_differs_by_client_origin_browser_state_and_salt() {
        let state = session_state("shop", "https://shop.example", &browser_state("sid-1"), "salt");
        let (digest, salt) = state.split_once('.').unwrap();
        assert_eq!((digest.len(), salt), (64, "salt"));
        assert!(!state.contains(' ') && !state.contains("sid-1"));
        for other in [
            session_state("shop2", "https://shop.example", &browser_state("sid-1"), "salt"),
            session_state("shop", "https://shop.example:1", &browser_state("sid-1"), "salt"),
            session_state("shop", "https://shop.example", &browser_state("sid-2"), "salt"),
            session_state("shop", "https://shop.example", "", "salt"),
            session_state("shop", "https://shop.example", &browser_state("sid-1"), "pepper"),
        ] {
            assert_ne!(other.split_once('.').unwrap().0, digest);
        }
    }

    #[test]
    fn session_management_3_1_only_a_page_has_an_origin() {
        assert_eq!(origin("https://shop.example:443/cb?x").as_deref(), Some("https://shop.example"));
        assert_eq!(origin("http://127.0.0.1:5/cb").as_deref(), Some("http://127.0.0.1:5"));
        assert_eq!(origin("com.example.app:/cb"), None);
    }
}
