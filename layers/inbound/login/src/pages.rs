//! What people see while they sign in, as plain views that any template engine can render.

use serde::Serialize;
use towergate_core::LocalPath;

use crate::passkey_offer::PasskeyView;

/// Renders the sign-in pages. Each answers a whole HTML document in UTF-8.
///
/// The services send it with a strict content security policy: `default-src 'none'`, pictures of this host, and style
/// from `style_source` alone. A page has no script but the one that its view names, and no style attribute.
pub trait LoginPages: Send + Sync + 'static {
    /// The sign-in page: a form that posts `email`, `password` and `return_to` to `view.action`, with a button of id
    /// `login-submit`; and a box `remember` to be ticked where `view.offers_remembering`.
    fn login(&self, view: &LoginView) -> String;

    /// A problem that is not the person's fault.
    fn problem(&self, view: &ProblemView) -> String;

    /// The source of style that the content security policy allows: `'self'`, or the `'sha256-…'` of a style element
    /// that every page carries.
    fn style_source(&self) -> &str {
        "'self'"
    }
}

/// The sign-in page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoginView {
    /// The path the form posts to.
    pub action: String,
    /// The address that was typed or hinted at.
    pub email: String,
    /// Where to go afterwards, a path of this host.
    pub return_to: String,
    /// The providers by which people can sign in as well.
    pub providers: Vec<ProviderView>,
    /// What went wrong with the last try; the same words whatever it was.
    pub message: Option<String>,
    /// Whether the browser may stay signed in.
    pub offers_remembering: bool,
    /// How passkeys are offered, where they are. The field of the address then has `autocomplete="username webauthn"`.
    pub passkeys: Option<PasskeyView>,
    /// Where else somebody may want to go, in this order.
    pub links: Vec<LoginLink>,
}

/// A link on the sign-in page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoginLink {
    /// What for.
    pub kind: LoginLinkKind,
    /// Where to, a path of this host that carries on where the person wants to go.
    pub href: String,
}

/// What somebody may want instead of signing in with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoginLinkKind {
    /// To set a forgotten password anew.
    Forgot,
    /// To sign in by mail.
    Magic,
    /// To make an account.
    Register,
}

impl LoginLinkKind {
    /// The stable lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forgot => "forgot",
            Self::Magic => "magic",
            Self::Register => "register",
        }
    }
}

/// A provider to sign in by: a form that posts `return_to` to `action`, with a button of id `social-NAME-submit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderView {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub label: String,
    /// The path the form posts to.
    pub action: String,
}

impl ProviderView {
    /// The provider of this name, for whom people leave under `path`.
    #[must_use]
    pub fn at(path: &LocalPath, name: &str, label: &str) -> Self {
        Self { name: name.to_owned(), label: label.to_owned(), action: format!("{path}/{name}") }
    }
}

/// A problem, told to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemView {
    /// The HTTP status that goes with it.
    pub status: u16,
    /// What happened and what can be done.
    pub message: String,
}
