//! What the authorization server shows people, as plain views that any template engine can render.

mod plain;

use serde::Serialize;

/// Renders the authorization server's pages. Each answers a whole HTML document in UTF-8.
///
/// The services send it with a strict content security policy: `default-src 'none'`, pictures of this host, and style
/// from `style_source` alone. A page has no script, and no style attribute.
pub trait OAuthPages: Send + Sync + 'static {
    /// The consent page: a form that posts `decision=allow` (button id `consent-allow`) or `decision=deny` (button
    /// id `consent-deny`), and `remember=on` (checkbox `remember`), to `view.action`.
    fn consent(&self, view: &ConsentView) -> String;

    /// A problem that must not be sent to the client, because we do not know that it is the client.
    fn error(&self, view: &ErrorView) -> String;

    /// The question whether to sign out: a form that posts `decision=logout` (button id `logout-confirm`) or
    /// `decision=stay` (button id `logout-cancel`), with every one of `view.fields` hidden, to `view.action`. By default a
    /// plain page.
    fn logout(&self, view: &LogoutView) -> String {
        plain::logout(view)
    }

    /// The page after signing out: an invisible frame of each of `view.frames`, and where `view.continue_to` says so, a
    /// link there, and `<meta http-equiv="refresh">` that follows it when the frames are there. By default a plain page.
    fn logged_out(&self, view: &LoggedOutView) -> String {
        plain::logged_out(view)
    }

    /// The source of style that the content security policy allows: `'self'`, or the `'sha256-…'` of a style element
    /// that every page carries.
    fn style_source(&self) -> &str {
        "'self'"
    }
}

/// A client asks a person for consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentView {
    /// The path the form posts to.
    pub action: String,
    /// The client's name, or its identifier when it has none.
    pub client_name: String,
    /// The host that says who it is, for a client that is known only by a document of its own: nobody here has looked at it.
    pub client_host: Option<String>,
    /// Its home page. This address and the other three are https; link to them with `rel="noopener noreferrer"`.
    pub client_uri: Option<String>,
    /// Its picture, where the host allows it ([`logo_hosts`](crate::ServerConfig::logo_hosts)): the content security
    /// policy lets this one place's pictures be loaded.
    pub logo_uri: Option<String>,
    /// What it says of how it uses what it learns.
    pub policy_uri: Option<String>,
    /// Its terms of service.
    pub tos_uri: Option<String>,
    /// The host name that the answer goes to.
    pub redirect_host: String,
    /// How the signed-in person is addressed.
    pub account: String,
    /// Whether to offer to remember a yes; where anybody could pretend to be the client, it would not count.
    pub may_remember: bool,
    /// What is asked for.
    pub scopes: Vec<ScopeView>,
    /// The single claims that are asked for beside it.
    pub claims: Vec<ClaimView>,
    /// The hosts of the APIs that are to be used, where the request names some.
    pub resources: Vec<String>,
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeView {
    /// The scope value.
    pub value: String,
    /// What it means to the person.
    pub meaning: String,
}

/// One claim that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimView {
    /// Its name.
    pub name: String,
    /// What it means to the person.
    pub meaning: String,
}

/// A problem, told to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorView {
    /// The HTTP status that goes with it.
    pub status: u16,
    /// The OAuth error code, shown as text.
    pub code: String,
    /// What happened and what can be done.
    pub message: String,
    /// Where to ask the same again, when that may help: whoever clicks twice on a button answers twice.
    pub go_on: Option<String>,
    /// The request's identifier, to quote to the operator.
    pub request_id: Option<String>,
}

/// Somebody is asked whether they want to sign out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogoutView {
    /// The path the form posts to.
    pub action: String,
    /// How the signed-in person is addressed.
    pub account: String,
    /// The name of the client that sent them here, if that is known.
    pub client_name: Option<String>,
    /// The names and values that the form sends along.
    pub fields: Vec<(String, String)>,
}

/// Somebody has signed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedOutView {
    /// The addresses of the frames that tell clients.
    pub frames: Vec<String>,
    /// Where the browser goes afterwards, if it goes anywhere.
    pub continue_to: Option<String>,
}
