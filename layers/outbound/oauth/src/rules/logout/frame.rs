//! Telling a client through the browser that a sign-in ended: a frame at its address.
//! [Front-Channel Logout section 2](https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout)

use url::Url;

use crate::rules::{
    authorize::redirect_uri::{csp_source, is_sendable},
    client::ClientMetadata,
    issuer::Issuer,
};

/// A frame that tells one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its address.
    pub url: String,
    /// Its origin as a source of a content security policy.
    pub csp_source: String,
}

impl Frame {
    /// The frame that tells the client of this registration that the sign-in `sid` ended, with `iss` and `sid` where it
    /// asked for them; `None` when it is not told this way, or its address is none for a frame.
    #[must_use]
    pub fn of(client: &ClientMetadata, issuer: &Issuer, sid: &str) -> Option<Self> {
        let registered = client.frontchannel_logout_uri.as_deref().filter(|uri| is_sendable(uri))?;
        let mut url = Url::parse(registered).ok()?;
        if !matches!(url.scheme(), "https" | "http") {
            return None;
        }
        if client.frontchannel_logout_session_required {
            url.query_pairs_mut().append_pair("iss", issuer.as_str()).append_pair("sid", sid);
        }
        Some(Self { url: url.into(), csp_source: csp_source(registered) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(uri: &str, session_required: bool) -> Option<Frame> {
        let metadata = ClientMetadata {
            frontchannel_logout_uri: Some(uri.to_owned()),
            frontchannel_logout_session_required: session_required,
            ..ClientMetadata::default()
        };
        Frame::of(&metadata, &Issuer::https("https://id.example").unwrap(), "s 1")
    }

    #[test]
    fn front_channel_2_iss_and_sid_go_along_where_they_are_asked_for() {
        let plain = frame("https://app.example/out?x=1", false).unwrap();
        assert_eq!(plain.url, "https://app.example/out?x=1");
        assert_eq!(plain.csp_source, "https://app.example");
        let full = frame("https://app.example/out?x=1", true).unwrap();
        assert_eq!(full.url, "https://app.example/out?x=1&iss=https%3A%2F%2Fid.example&sid=s+1");
        let other = frame("http://127.0.0.1:4000/out", true).unwrap();
        assert_eq!(other.url, "http://127.0.0.1:4000/out?iss=https%3A%2F%2Fid.example&sid=s+1");
        assert_eq!(other.csp_source, "http://127.0.0.1:4000");
    }

    #[test]
    fn no_frame_runs_what_is_in_its_address() {
        for bad in ["javascript:alert(1)", "data:text/html,x", "com.example.app:/out", "https://a/#f", "/out"]
        {
            assert_eq!(frame(bad, true), None, "{bad}");
        }
        assert_eq!(
            Frame::of(&ClientMetadata::default(), &Issuer::https("https://id.example").unwrap(), "s"),
            None
        );
    }
}
