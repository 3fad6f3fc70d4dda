//! What people see while they change their address.

use serde::Serialize;

use crate::pages::LoginPages;

/// Renders the pages of changing an address. Each answers a whole HTML document in UTF-8, under the policy of [`LoginPages`].
pub trait EmailChangePages: LoginPages {
    /// A form that posts `email` to `view.action`, with a button of id `email-submit`. Where `view.pending` is set, another
    /// that posts `code`, with a button of id `email-confirm-submit`, and one that posts `action=cancel`, with a button of id
    /// `email-cancel-submit`. With `view.token` instead of all these one that posts `token`, with a button of id
    /// `email-confirm-submit`.
    fn email(&self, view: &EmailView) -> String;

    /// With `view.token` a form that posts it as `undo` to `view.action`, with a button of id `email-undo-submit`; once it is
    /// done, a link to `view.forgot`.
    fn email_undo(&self, view: &EmailUndoView) -> String;
}

/// The page where people change their address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmailView {
    /// The path the forms post to.
    pub action: String,
    /// Where people see their account.
    pub account: String,
    /// The address they have; empty where the page is for whoever opened a link.
    pub current: String,
    /// The address that waits to be proven, or that the link proves.
    pub pending: Option<String>,
    /// The token of the link that was opened.
    pub token: Option<String>,
    /// Whether the address was changed just now.
    pub changed: bool,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// The page where people put an address back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmailUndoView {
    /// The path the form posts to.
    pub action: String,
    /// The token of the link that was opened, while it is good.
    pub token: Option<String>,
    /// The address that is put back, or was.
    pub email: String,
    /// Whether it was put back just now.
    pub undone: bool,
    /// Where a new password is had.
    pub forgot: String,
}
