//! What people see of the tokens of their programs, as plain views that any template engine can render.

use serde::Serialize;
use towergate_login::pages::LoginPages;

/// Renders the page of tokens, beside those of signing in and under the same policy.
pub trait ApiTokenPages: LoginPages {
    /// The page on which people keep their tokens. A form that posts `action=make`, `name`, `days` and one `permission` for each
    /// that was chosen to `view.action`, with a button of id `token-submit`; for each token a form that posts `action=revoke` and
    /// `token`; and one that posts `action=revoke_all`.
    ///
    /// Where there is a `view.made`, its text is shown, in an element of id `token-text`: this once and never again.
    fn api_tokens(&self, view: &ApiTokensView) -> String;
}

/// A person's tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiTokensView {
    /// The path that the forms post to.
    pub action: String,
    /// What they have, newest first.
    pub tokens: Vec<ApiTokenItem>,
    /// What a new one could do.
    pub permissions: Vec<PermissionItem>,
    /// Whether they may have one more.
    pub may_add: bool,
    /// What they typed as the name of the last try.
    pub name: String,
    /// For how many days a new one is good, unless they say otherwise.
    pub days: u32,
    /// The token that was just made.
    pub made: Option<MadeView>,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiTokenItem {
    /// Its identifier, for the forms.
    pub id: String,
    /// What its person calls it.
    pub name: String,
    /// What it may do, in the host's words for programs.
    pub permissions: Vec<String>,
    /// The day it was made, as `2026-11-21`, in UTC.
    pub created_on: String,
    /// The day it ends.
    pub expires_on: String,
    /// The day it was last used.
    pub last_used_on: Option<String>,
}

/// Something that a token could do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionItem {
    /// The host's word for programs.
    pub name: String,
    /// What it is, for people.
    pub label: String,
    /// Whether it was chosen in the last try.
    pub chosen: bool,
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MadeView {
    /// What its person calls it.
    pub name: String,
    /// Its text, to be taken down now.
    pub text: String,
}

impl std::fmt::Debug for MadeView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MadeView").field("name", &self.name).finish_non_exhaustive()
    }
}
