//! What people see while they register.

use serde::Serialize;

use crate::pages::LoginPages;

/// Renders the pages of registering. Each answers a whole HTML document in UTF-8, under the policy of [`LoginPages`].
pub trait RegisterPages: LoginPages {
    /// A form that posts `email`, `password` and `return_to` to `view.action`, with a button of id `register-submit`.
    fn register(&self, view: &RegisterView) -> String;

    /// A form that posts to `view.action`, with a button of id `confirm-submit`. With `view.token` it posts `token` and
    /// `return_to`; without, `email`, `code` and `return_to`, and has another button that posts `action=resend` too. Where
    /// `view.asks_password` it posts `password` as well.
    fn confirm(&self, view: &ConfirmView) -> String;

    /// The address is confirmed.
    fn confirmed(&self, view: &ConfirmedView) -> String;
}

/// The page where people ask for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterView {
    /// The path the form posts to.
    pub action: String,
    /// The address that was typed.
    pub email: String,
    /// Where to go in the end, a path of this host.
    pub return_to: String,
    /// Where those go who have an account.
    pub login: String,
    /// How many characters a password needs.
    pub minimum: usize,
    /// What is wrong with what was typed.
    pub message: Option<String>,
}

/// The page where an address is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmView {
    /// The path the form posts to.
    pub action: String,
    /// The token of the link that was opened.
    pub token: Option<String>,
    /// The address that was typed.
    pub email: String,
    /// Where to go in the end, a path of this host.
    pub return_to: String,
    /// Where those go who want to sign in.
    pub login: String,
    /// Whether the password is asked for too.
    pub asks_password: bool,
    /// Whether a mail was just sent, if there is anybody to send it to.
    pub sent: bool,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// The address is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmedView {
    /// Where to go now, a path of this host.
    pub next: String,
    /// Whether the person is signed in.
    pub signed_in: bool,
}
