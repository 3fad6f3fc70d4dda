//! Where a person may be sent after signing out: one of the client's registered addresses, and nowhere else.
//! [RP-Initiated Logout section 3](https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RedirectionAfterLogout)

use towergate_core::Digest;
use url::form_urlencoded::Serializer;

use crate::rules::{
    authorize::redirect_uri::{csp_source, is_sendable},
    client::ClientMetadata,
};

/// An address that was bound to a client's registration. Without one nobody is sent anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostLogoutUri(String);

impl PostLogoutUri {
    /// The address of a request, when the client registered it, letter for letter, and a browser may be sent there.
    #[must_use]
    pub fn bind(requested: &str, client: &ClientMetadata) -> Option<Self> {
        let known = client.post_logout_redirect_uris.iter().find(|known| *known == requested)?;
        is_sendable(known).then(|| Self(known.clone()))
    }

    /// The registered address with this digest: how an address is found again that was bound before.
    #[must_use]
    pub fn of_digest(digest: &Digest, client: &ClientMetadata) -> Option<Self> {
        let mut known = client.post_logout_redirect_uris.iter();
        Self::bind(known.find(|known| Digest::of(known.as_bytes()).matches(digest))?, client)
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The address with `state` in its query, as it came.
    #[must_use]
    pub fn with_state(&self, state: Option<&str>) -> String {
        let Some(state) = state else { return self.0.clone() };
        let separator = match &self.0 {
            base if !base.contains('?') => "?",
            base if base.ends_with(['?', '&']) => "",
            _ => "&",
        };
        let added = Serializer::new(String::new()).append_pair("state", state).finish();
        format!("{}{separator}{added}", self.0)
    }

    /// Its origin as a source of a content security policy; its scheme where it has none that can be named.
    #[must_use]
    pub fn csp_source(&self) -> String {
        csp_source(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(uris: &[&str]) -> ClientMetadata {
        ClientMetadata {
            post_logout_redirect_uris: uris.iter().map(ToString::to_string).collect(),
            ..ClientMetadata::default()
        }
    }

    #[test]
    fn rp_initiated_3_an_address_matches_letter_for_letter() {
        let client = registered(&["https://app.example/bye", "http://127.0.0.1/bye"]);
        assert!(PostLogoutUri::bind("https://app.example/bye", &client).is_some());
        for other in [
            "",
            "https://app.example/bye/",
            "https://app.example/bye?x",
            "https://app.example/bye#x",
            "https://app.example/by",
            "https://APP.example/bye",
            "https://app.example@evil.example/bye",
            "https://evil.example/bye",
            "http://127.0.0.1:51004/bye",
            " https://app.example/bye",
        ] {
            assert!(PostLogoutUri::bind(other, &client).is_none(), "{other}");
        }
    }

    #[test]
    fn what_a_browser_would_run_is_nobodys_address() {
        for bad in ["javascript:alert(1)", "data:text/html,x", "https://app.example/#f", "https://a\r\nx: y"]
        {
            assert!(PostLogoutUri::bind(bad, &registered(&[bad])).is_none(), "{bad}");
        }
    }

    #[test]
    fn rp_initiated_2_state_comes_back_as_it_was_and_breaks_no_line() {
        let sent =
            |uri: &str, state| PostLogoutUri::bind(uri, &registered(&[uri])).unwrap().with_state(state);
        assert_eq!(sent("https://app.example/bye", None), "https://app.example/bye");
        assert_eq!(sent("https://app.example/bye", Some("a b&c")), "https://app.example/bye?state=a+b%26c");
        assert_eq!(sent("https://app.example/bye?x=1", Some("s")), "https://app.example/bye?x=1&state=s");
        assert_eq!(sent("https://app.example/bye?", Some("s")), "https://app.example/bye?state=s");
        assert_eq!(
            sent("https://app.example/bye", Some("x\r\nset-cookie: a=b")),
            "https://app.example/bye?state=x%0D%0Aset-cookie%3A+a%3Db"
        );
    }

    #[test]
    fn an_address_is_found_again_only_while_it_is_registered() {
        let client = registered(&["https://app.example/a", "https://app.example/b"]);
        let digest = PostLogoutUri::bind("https://app.example/b", &client).unwrap().digest();
        assert_eq!(
            PostLogoutUri::of_digest(&digest, &client).unwrap().with_state(None),
            "https://app.example/b"
        );
        assert!(PostLogoutUri::of_digest(&digest, &registered(&["https://app.example/a"])).is_none());
    }
}
