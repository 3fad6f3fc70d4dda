//! Redirects, and answers that go to a client through the browser.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use towergate_core::Digest;
use towergate_endpoint::page::{self, page, plain};
use towergate_oauth::rules::authorize::Reply;

use crate::escape::escape;

pub(super) fn method_not_allowed() -> Response<Bytes> {
    let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST are answered here\n");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    response
}

/// Sends the browser on, by `GET`.
pub(super) fn see_other(location: &str) -> Response<Bytes> {
    let Ok(location) = HeaderValue::from_str(location) else {
        tracing::error!("a redirect holds a character that no header may hold");
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "server_error\n");
    };
    page::see_other(location)
}

/// Sends an answer to its client.
pub(super) fn reply(reply: &Reply) -> Response<Bytes> {
    match reply {
        Reply::Redirect(location) => see_other(location),
        Reply::FormPost { action, fields } => form_post(action, fields),
    }
}

const SUBMIT: &str = "document.forms[0].submit()";

/// [OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html): a form
/// that posts itself, and a button where scripts do not run.
///
/// It has no `form-action` directive: browsers apply it to every redirect that follows the post, and where those lead
/// is the client's business. The page holds one form, and its address was bound to the registration.
fn form_post(action: &str, fields: &[(&'static str, String)]) -> Response<Bytes> {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>One moment</title></head>\n\
         <body><form method=\"post\" action=\"{}\">\n",
        escape(action)
    );
    for (name, value) in fields {
        html.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escape(value)));
    }
    html.push_str(&format!(
        "<button type=\"submit\">Continue</button></form><script>{SUBMIT}</script></body></html>\n"
    ));
    let script = STANDARD.encode(Digest::of(SUBMIT.as_bytes()).as_bytes());
    let policy = format!("script-src 'sha256-{script}'");
    page(StatusCode::OK, html, "'none'", &policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_post_4_one_script_of_ours_runs_and_whatever_was_sent_stays_text() {
        let action = String::from("https://shop.example/cb?a=\"><script>&b='");
        let response =
            reply(&Reply::FormPost { action, fields: vec![("state", String::from("\"><script>"))] });
        let html = std::str::from_utf8(response.body()).unwrap();
        assert_eq!(html.matches("<script>").count(), 1, "{html}");
        assert_eq!(html.matches("\">").count(), 5, "{html}");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        let script = policy.split("script-src ").nth(1).unwrap();
        assert!(script.starts_with("'sha256-") && !script.contains(' '), "{policy}");
    }
}
