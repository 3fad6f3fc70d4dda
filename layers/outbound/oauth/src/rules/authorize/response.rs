//! The answer to an authorization request, [RFC 6749 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2),
//! always with `iss`, [RFC 9207](https://www.rfc-editor.org/rfc/rfc9207). It goes to a [`RedirectUri`] or nowhere.

use std::fmt;

use towergate_core::Secret;
use towergate_oauth_types::OAuthError;
use url::form_urlencoded::Serializer;

use super::redirect_uri::RedirectUri;
use crate::rules::{interaction::ResponseMode, issuer::Issuer};

/// An answer on its way to a client. It prints without the code inside.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply {
    /// Send the browser to this address.
    Redirect(String),
    /// Let the browser post this form.
    FormPost {
        /// Where.
        action: String,
        /// What.
        fields: Vec<(&'static str, String)>,
    },
}

/// A yes, with its code, and where sessions are managed the
/// [`session_state`](crate::rules::logout::session_state) of the client.
#[must_use]
pub fn success(
    to: &RedirectUri,
    mode: ResponseMode,
    state: Option<&str>,
    issuer: &Issuer,
    code: &Secret<String>,
    session_state: Option<&str>,
) -> Reply {
    let mut fields = vec![("code", code.expose().clone())];
    fields.extend(session_state.map(|state| ("session_state", state.to_owned())));
    reply(to, mode, state, issuer, fields)
}

/// A no, with its reason.
#[must_use]
pub fn error(
    to: &RedirectUri,
    mode: ResponseMode,
    state: Option<&str>,
    issuer: &Issuer,
    error: &OAuthError,
) -> Reply {
    let fields =
        vec![("error", error.code.as_str().to_owned()), ("error_description", error.description.to_owned())];
    reply(to, mode, state, issuer, fields)
}

fn reply(
    to: &RedirectUri,
    mode: ResponseMode,
    state: Option<&str>,
    issuer: &Issuer,
    mut fields: Vec<(&'static str, String)>,
) -> Reply {
    fields.extend(state.map(|state| ("state", state.to_owned())));
    fields.push(("iss", issuer.as_str().to_owned()));
    let base = to.as_str();
    let separator = match mode {
        ResponseMode::FormPost => return Reply::FormPost { action: base.to_owned(), fields },
        ResponseMode::Fragment => "#",
        ResponseMode::Query if !base.contains('?') => "?",
        ResponseMode::Query if base.ends_with(['?', '&']) => "",
        ResponseMode::Query => "&",
    };
    let added = Serializer::new(String::new()).extend_pairs(fields).finish();
    Reply::Redirect(format!("{base}{separator}{added}"))
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect(..)",
            Self::FormPost { .. } => "FormPost(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use towergate_oauth_types::ErrorCode;

    use super::*;

    fn to(uri: &str) -> RedirectUri {
        RedirectUri::bind(Some(uri), &[uri.to_owned()]).unwrap()
    }

    fn yes(uri: &str, mode: ResponseMode, state: Option<&str>) -> Reply {
        let issuer = Issuer::https("https://id.example").unwrap();
        success(&to(uri), mode, state, &issuer, &Secret::from("tgcode_x"), None)
    }

    fn location(reply: Reply) -> String {
        match reply {
            Reply::Redirect(location) => location,
            Reply::FormPost { .. } => panic!("a form"),
        }
    }

    #[test]
    fn rfc6749_4_1_2_and_rfc9207_2_a_code_travels_with_state_and_iss() {
        assert_eq!(
            location(yes("https://app.example/cb", ResponseMode::Query, Some("a b&c=#"))),
            "https://app.example/cb?code=tgcode_x&state=a+b%26c%3D%23&iss=https%3A%2F%2Fid.example"
        );
    }

    #[test]
    fn rfc6749_3_1_2_a_registered_query_is_kept() {
        for (uri, start) in [
            ("https://app.example/cb?x=1", "https://app.example/cb?x=1&code="),
            ("https://app.example/cb?", "https://app.example/cb?code="),
            ("com.example.app:/cb", "com.example.app:/cb?code="),
        ] {
            assert!(location(yes(uri, ResponseMode::Query, None)).starts_with(start), "{uri}");
        }
    }

    #[test]
    fn an_answer_goes_the_way_the_client_asked_for() {
        let fragment = location(yes("https://app.example/cb?x=1", ResponseMode::Fragment, None));
        assert!(fragment.starts_with("https://app.example/cb?x=1#code=tgcode_x&iss="));
        let Reply::FormPost { action, fields } =
            yes("https://app.example/cb", ResponseMode::FormPost, Some("s"))
        else {
            panic!("no form")
        };
        assert_eq!(action, "https://app.example/cb");
        assert_eq!(fields.iter().map(|field| field.0).collect::<Vec<_>>(), ["code", "state", "iss"]);
    }

    #[test]
    fn rfc6749_4_1_2_1_an_error_says_what_and_why_in_every_mode() {
        let issuer = Issuer::https("https://id.example").unwrap();
        let denied = OAuthError::new(ErrorCode::AccessDenied, "the person refused");
        let to = to("https://app.example/cb");
        let reply = |mode| error(&to, mode, Some("s"), &issuer, &denied);
        let tail =
            "error=access_denied&error_description=the+person+refused&state=s&iss=https%3A%2F%2Fid.example";
        assert_eq!(location(reply(ResponseMode::Query)), format!("https://app.example/cb?{tail}"));
        assert_eq!(location(reply(ResponseMode::Fragment)), format!("https://app.example/cb#{tail}"));
        assert!(matches!(reply(ResponseMode::FormPost), Reply::FormPost { .. }));
    }

    #[test]
    fn a_reply_prints_without_its_code() {
        assert!(
            !format!("{:?}", yes("https://app.example/cb", ResponseMode::Query, None)).contains("tgcode")
        );
    }
}
