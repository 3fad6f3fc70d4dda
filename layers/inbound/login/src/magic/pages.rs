//! What people see while they sign in by mail.

use serde::Serialize;

use crate::pages::LoginPages;

/// Renders the page of signing in by mail. It answers a whole HTML document in UTF-8, under the policy of [`LoginPages`].
pub trait MagicPages: LoginPages {
    /// A form that posts to `view.action`, with a button of id `magic-submit`. With `view.token` it posts `token` and
    /// `return_to`, and where `view.asks_address` what is typed as `email`. Without a token it posts `email` and `return_to`;
    /// once a mail was sent `code` as well, and it has another button that posts `action=resend` too. Where
    /// `view.offers_remembering`, it has a box `remember` to be ticked.
    fn magic(&self, view: &MagicView) -> String;
}

/// The page where people sign in by mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MagicView {
    /// The path the form posts to.
    pub action: String,
    /// The token of the link that was opened.
    pub token: Option<String>,
    /// Whether the address is to be typed that the link was mailed to: another browser asked for it.
    pub asks_address: bool,
    /// When it was asked for, in UTC, where another browser did.
    pub asked_at: Option<String>,
    /// The address that was typed.
    pub email: String,
    /// Where to go in the end, a path of this host.
    pub return_to: String,
    /// Where those go who sign in otherwise.
    pub login: String,
    /// Whether a mail was sent, if there is anybody to send it to: a code is waited for.
    pub sent: bool,
    /// Whether the browser may stay signed in, where this form signs in.
    pub offers_remembering: bool,
    /// What went wrong with the last try.
    pub message: Option<String>,
}
