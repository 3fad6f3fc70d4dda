//! What people see of their account, as plain views that any template engine can render.

use serde::Serialize;

use crate::pages::LoginPages;

/// Renders the pages of the account, beside those of signing in and under the same policy.
pub trait AccountPages: LoginPages {
    /// The overview: links to `view.links`, and a form that posts to `view.logout`, with a button of id `logout-submit`.
    fn account(&self, view: &AccountView) -> String;

    /// The page of goodbye, as `view.state` says: forms that post to `view.action` a hidden `action`, `delete` with a
    /// `confirmation` (button `delete-submit`), or `delete-cancel` (button `delete-cancel-submit`).
    fn delete(&self, view: &DeleteView) -> String;

    /// The page on which people take their data along: a form that posts to `view.action`, with a button of id
    /// `export-submit`.
    fn export(&self, view: &ExportView) -> String;
}

/// The overview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    /// The address.
    pub email: String,
    /// Whether its person has proven it.
    pub is_confirmed: bool,
    /// The pages of the account that this host has.
    pub links: Vec<AccountLink>,
    /// Where the form posts to that signs out.
    pub logout: String,
}

/// A page of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountLink {
    /// Which.
    pub page: AccountPage,
    /// Its path.
    pub path: String,
}

/// The pages that an account may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountPage {
    /// Second factors.
    Security,
    /// The password.
    Password,
    /// Passkeys.
    Passkeys,
    /// Accounts elsewhere.
    Identities,
    /// Tokens of their programs.
    ApiTokens,
    /// Where they are signed in.
    Devices,
    /// The address.
    Email,
    /// What they may take along.
    Export,
    /// Goodbye.
    Delete,
}

impl AccountPage {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Password => "password",
            Self::Passkeys => "passkeys",
            Self::Identities => "identities",
            Self::ApiTokens => "api_tokens",
            Self::Devices => "devices",
            Self::Email => "email",
            Self::Export => "export",
            Self::Delete => "delete",
        }
    }
}

/// The page of goodbye.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeleteView {
    /// The path the forms post to.
    pub action: String,
    /// How things stand.
    pub state: DeleteState,
    /// Back to the overview.
    pub account: String,
    /// Where the page leads on which people take their data along.
    pub export: String,
    /// Where a form posts to that signs out.
    pub logout: String,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeleteState {
    /// They may say goodbye, by typing their address.
    May {
        /// Their address.
        email: String,
        /// For how many days they may change their mind.
        grace_days: u64,
    },
    /// They said goodbye, signed in again, and may keep the account until then.
    Leaving {
        /// The moment, in UTC to the minute.
        until: String,
    },
    /// They said goodbye just now, and are signed out everywhere.
    Closed {
        /// Until when they may change their mind, in UTC to the minute.
        until: String,
    },
    /// The account is gone.
    Gone,
}

/// The page on which people take their data along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportView {
    /// The path the form posts to.
    pub action: String,
    /// Back to the overview.
    pub account: String,
}
