//! What people see of accounts elsewhere.

use serde::Serialize;

use crate::pages::{LoginPages, ProviderView};

/// Renders the pages of accounts elsewhere, under the policy of [`LoginPages`].
pub trait SocialPages: LoginPages {
    /// Why nobody came in, and where to go on: a link of id `social-next` to `view.next`.
    fn social(&self, view: &SocialView) -> String;

    /// The accounts elsewhere that open somebody's: for each a form that posts `action=unlink` and `identity` to `view.action`,
    /// and for each provider one that posts `action=link` to its own address, with a button of id `link-NAME-submit`.
    fn identities(&self, view: &IdentitiesView) -> String;
}

/// Why nobody came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SocialView {
    /// What happened.
    pub message: String,
    /// Where to go on, a path of this host.
    pub next: String,
    /// What is there.
    pub next_label: &'static str,
}

/// The accounts elsewhere that open somebody's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdentitiesView {
    /// The path the forms of removal post to.
    pub action: String,
    /// Those there are.
    pub identities: Vec<IdentityView>,
    /// Those there could be.
    pub providers: Vec<ProviderView>,
    /// What went wrong with the last try.
    pub message: Option<String>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdentityView {
    /// Its identifier.
    pub id: String,
    /// The provider's name for people.
    pub provider: String,
    /// What the account is called there.
    pub label: String,
    /// Since when, in UTC to the minute.
    pub linked_at: String,
    /// When it last opened the account here, in UTC to the minute.
    pub last_used_at: Option<String>,
}
