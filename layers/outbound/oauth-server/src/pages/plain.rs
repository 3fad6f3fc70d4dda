//! Pages without looks, for a host that brings none of its own.

use super::{LoggedOutView, LogoutView};
use crate::escape::escape;

pub(super) fn logout(view: &LogoutView) -> String {
    let fields: String = view
        .fields
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value))
        })
        .collect();
    let body = format!(
        "<h1>Sign out?</h1>\n<p>You are signed in as {}.</p>\n<form method=\"post\" action=\"{}\">\n{fields}\
         <button id=\"logout-cancel\" name=\"decision\" value=\"stay\">Stay signed in</button>\n\
         <button id=\"logout-confirm\" name=\"decision\" value=\"logout\">Sign out</button>\n</form>",
        escape(&view.account),
        escape(&view.action),
    );
    document("Sign out?", "", &body)
}

pub(super) fn logged_out(view: &LoggedOutView) -> String {
    let mut body = String::from("<h1>You are signed out</h1>\n");
    let mut head = String::new();
    if let Some(to) = &view.continue_to {
        let to = escape(to);
        head = format!("<meta http-equiv=\"refresh\" content=\"2;url={to}\">\n");
        body.push_str(&format!("<p><a id=\"logout-continue\" href=\"{to}\">Continue</a></p>\n"));
    }
    for frame in &view.frames {
        body.push_str(&format!("<iframe src=\"{}\" title=\"Signing out\" hidden></iframe>\n", escape(frame)));
    }
    document("You are signed out", &head, &body)
}

fn document(title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n{head}</head>\n\
         <body>\n{body}</body></html>\n"
    )
}
