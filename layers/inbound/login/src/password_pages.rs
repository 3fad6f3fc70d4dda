//! What people see of passwords, as plain views that any template engine can render.

use serde::Serialize;

use crate::pages::LoginPages;

/// Renders the pages of passwords, beside those of signing in and under the same policy.
pub trait PasswordPages: LoginPages {
    /// The page where people say that they forgot their password: a form that posts `email` and `return_to` to `view.action`, with
    /// a button of id `forgot-submit`.
    fn forgot(&self, view: &ForgotView) -> String;

    /// The page where a forgotten password is set anew: with `view.token` a form that posts `token`, `new_password`, `return_to` and,
    /// where `view.asks_code`, `code` to `view.action`, with a button of id `reset-submit`; without, what is wrong with the link.
    fn reset(&self, view: &ResetView) -> String;

    /// The page where people change their password, or set the first: a form that posts `new_password` and, where
    /// `view.asks_current`, `password` to `view.action`, with a button of id `password-submit`.
    fn password(&self, view: &PasswordView) -> String;

    /// A password was set.
    fn password_done(&self, view: &PasswordDoneView) -> String;
}

/// The page where people say that they forgot their password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForgotView {
    /// The path the form posts to.
    pub action: String,
    /// The address that was typed.
    pub email: String,
    /// Where to go in the end, a path of this host.
    pub return_to: String,
    /// Where those go who remember it.
    pub login: String,
    /// Whether a mail was just sent, if there is anybody to send it to.
    pub sent: bool,
    /// What is wrong with what was typed.
    pub message: Option<String>,
}

/// The page where a forgotten password is set anew.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct ResetView {
    /// The path the form posts to.
    pub action: String,
    /// The token of the link that was opened; `None` where it is not good.
    pub token: Option<String>,
    /// Whose password it is: so that people see it, and password managers know.
    pub email: String,
    /// Where to go in the end, a path of this host.
    pub return_to: String,
    /// Where those go who need another link.
    pub forgot: String,
    /// Whether a second factor is asked for.
    pub asks_code: bool,
    /// How many characters the password needs.
    pub minimum: usize,
    /// What went wrong.
    pub message: Option<String>,
}

/// The page where people change their password, or set the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PasswordView {
    /// The path the form posts to.
    pub action: String,
    /// Whose password it is: for password managers.
    pub email: String,
    /// Whether there is a password, which is asked for.
    pub asks_current: bool,
    /// How many characters the new one needs.
    pub minimum: usize,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// A password was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PasswordDoneView {
    /// Where to go now, a path of this host.
    pub next: String,
    /// Whether the person is signed in.
    pub signed_in: bool,
}

// The token opens an account.
impl std::fmt::Debug for ResetView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetView").field("action", &self.action).finish_non_exhaustive()
    }
}
