//! What the host says about its authorization server.

use std::collections::{BTreeMap, BTreeSet};

use towergate_oauth::rules::{claims::ScopeClaims, resource::Targets};
pub use towergate_oauth::rules::{
    discovery::Notices,
    issuer::{InvalidIssuer, Issuer},
    resource::{InvalidResource, ResourceServer},
};

use crate::{client_documents::ClientDocuments, registration::Registration};

/// What the host says about its authorization server. Start from [`ServerConfig::new`] and change what differs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Its name.
    pub issuer: Issuer,
    /// Who may be called with its access tokens: the issuer itself, unless the host says otherwise.
    pub default_audience: Vec<String>,
    /// The APIs that clients may ask tokens for by name, [RFC 8707](https://www.rfc-editor.org/rfc/rfc8707), beside the
    /// usual audience. Each may name the client that guards it, which then may ask about tokens for it. The metadata names
    /// them all.
    pub resource_servers: Vec<ResourceServer>,
    /// Whether clients may register themselves; not, unless the host says otherwise.
    pub registration: Registration,
    /// Whether clients may be known by a document of their own, at the address that is their identifier; not, unless the
    /// host says otherwise.
    pub client_id_metadata_documents: Option<ClientDocuments>,
    /// Where its endpoints are.
    pub paths: Paths,
    /// What each scope value means to a person, for the consent page.
    pub scope_meanings: BTreeMap<String, String>,
    /// What a single claim means to a person, where a client asks for it beside its scope.
    pub claim_meanings: BTreeMap<String, String>,
    /// The hosts, each with its port unless that is 443, whose pictures the consent page may show over https: a client's
    /// `logo_uri` anywhere else is not shown. None unless the host says otherwise, since whoever serves a picture learns
    /// who looks at it.
    pub logo_hosts: BTreeSet<String>,
    /// The `acr` values that the host can reach; empty when it does not say. A client that asks for others as essential
    /// is told so at once; one that asks for some of them has its people sign in for them.
    pub acr_values: Vec<String>,
    /// The languages of the host's pages.
    pub ui_locales: Vec<String>,
    /// Whether [`login_redirect`](crate::account::AccountResolver::login_redirect) answers the page where accounts are
    /// made when its context says [`Prompt::Create`](towergate_oauth::rules::interaction::Prompt::Create). Such a request
    /// is refused otherwise.
    pub creates_accounts: bool,
    /// Whether clients can see in the browser, by a frame of this server's and a cookie that scripts read, that the sign-in
    /// changed: [OpenID Connect Session Management](https://openid.net/specs/openid-connect-session-1_0.html). Off unless
    /// the host says otherwise, and always off under [`Issuer::insecure_http`]. Mount
    /// [`AuthorizationServer::browser_state`](crate::AuthorizationServer::browser_state) with it.
    pub session_management: bool,
    /// Which of the host's claims each scope value covers: lets out at userinfo, and lets a client ask for by name.
    pub scope_claims: ScopeClaims,
    /// Pages about the service, which its metadata names.
    pub notices: Notices,
    /// Whether every client must push its requests, [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126), as one must anyway
    /// that registered `require_pushed_authorization_requests`; not, unless the host says otherwise.
    pub require_pushed_authorization_requests: bool,
    /// How many interactions and pushed requests may wait at once; 100 000 unless the host says otherwise. Who comes when there are as
    /// many is told to come again: without an end, anybody could fill the disk. What one client pushed is a quarter of them at most; a
    /// client that is public or registered itself pushes while fewer than half as many wait.
    pub max_open_interactions: u32,
}

impl ServerConfig {
    /// The usual paths, behind that of the issuer if it has one, and words for the scope values that OpenID Connect defines.
    #[must_use]
    pub fn new(issuer: Issuer) -> Self {
        let meanings = [
            ("openid", "Know who you are on this site"),
            ("profile", "Read your name and profile"),
            ("email", "Read your e-mail address"),
            ("address", "Read your postal address"),
            ("phone", "Read your phone number"),
            ("offline_access", "Keep this access while you are away"),
        ];
        Self {
            default_audience: vec![issuer.as_str().to_owned()],
            paths: Paths::under(issuer.path()),
            issuer,
            resource_servers: Vec::new(),
            registration: Registration::default(),
            client_id_metadata_documents: None,
            scope_meanings: meanings.map(|(value, meaning)| (value.to_owned(), meaning.to_owned())).into(),
            claim_meanings: claim_meanings(),
            logo_hosts: BTreeSet::new(),
            acr_values: Vec::new(),
            ui_locales: Vec::new(),
            creates_accounts: false,
            session_management: false,
            scope_claims: ScopeClaims::default(),
            notices: Notices::default(),
            require_pushed_authorization_requests: false,
            max_open_interactions: 100_000,
        }
    }

    /// Whether [`session_management`](Self::session_management) is on, and can be.
    #[must_use]
    pub const fn manages_sessions(&self) -> bool {
        self.session_management && !self.issuer.is_insecure()
    }

    /// Everything that tokens of this server may be for.
    #[must_use]
    pub fn targets(&self) -> Targets<'_> {
        Targets {
            issuer: &self.issuer,
            default_audience: &self.default_audience,
            servers: &self.resource_servers,
        }
    }

    /// What `value` means to a person; the value itself when nobody said.
    #[must_use]
    pub fn meaning<'a>(&'a self, value: &'a str) -> &'a str {
        self.scope_meanings.get(value).map_or(value, String::as_str)
    }

    /// What a claim means to a person; its name when nobody said.
    #[must_use]
    pub fn claim_meaning<'a>(&'a self, name: &'a str) -> &'a str {
        self.claim_meanings.get(name).map_or(name, String::as_str)
    }
}

/// Words for the claims that OpenID Connect defines.
fn claim_meanings() -> BTreeMap<String, String> {
    let meanings = [
        ("address", "Your postal address"),
        ("birthdate", "Your date of birth"),
        ("email", "Your e-mail address"),
        ("email_verified", "Whether your e-mail address is confirmed"),
        ("family_name", "Your family name"),
        ("gender", "Your gender"),
        ("given_name", "Your given name"),
        ("locale", "Your language"),
        ("middle_name", "Your middle name"),
        ("name", "Your name"),
        ("nickname", "Your nickname"),
        ("phone_number", "Your phone number"),
        ("phone_number_verified", "Whether your phone number is confirmed"),
        ("picture", "Your picture"),
        ("preferred_username", "Your user name"),
        ("profile", "The address of your profile page"),
        ("updated_at", "When your profile last changed"),
        ("website", "Your website"),
        ("zoneinfo", "Your time zone"),
    ];
    meanings.map(|(name, meaning)| (name.to_owned(), meaning.to_owned())).into()
}

/// Where the endpoints are, as paths from the root of the host: so they stand in the requests that the layers see, which
/// therefore belong around a router that takes a prefix away, not inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paths {
    /// The authorization endpoint.
    pub authorize: String,
    /// What an interaction's identifier is appended to, after a slash.
    pub interaction: String,
    /// Where clients push their requests.
    pub push: String,
    /// The token endpoint.
    pub token: String,
    /// The userinfo endpoint.
    pub userinfo: String,
    /// The revocation endpoint.
    pub revoke: String,
    /// The introspection endpoint.
    pub introspect: String,
    /// The client registration endpoint; a registration is managed below it.
    pub register: String,
    /// Where people are sent to sign out; the question and the farewell are below it.
    pub end_session: String,
    /// The page that clients hold in a frame, to see whether the sign-in changed.
    pub check_session: String,
    /// The public keys.
    pub jwks: String,
}

impl Paths {
    /// Where the question whether to sign out posts to.
    pub(crate) fn logout_confirm(&self) -> String {
        format!("{}/confirm", self.end_session)
    }

    /// The farewell page.
    pub(crate) fn farewell(&self) -> String {
        format!("{}/done", self.end_session)
    }

    /// The usual paths behind the path of an issuer, which is empty or for example `/tenant`.
    #[must_use]
    pub fn under(issuer: &str) -> Self {
        let at = |path: &str| format!("{issuer}{path}");
        Self {
            authorize: at("/oauth/authorize"),
            interaction: at("/interaction"),
            push: at("/oauth/par"),
            token: at("/oauth/token"),
            userinfo: at("/oauth/userinfo"),
            revoke: at("/oauth/revoke"),
            introspect: at("/oauth/introspect"),
            register: at("/oauth/register"),
            end_session: at("/oauth/end_session"),
            check_session: at("/oauth/check_session"),
            jwks: at("/oauth/jwks"),
        }
    }
}

impl Default for Paths {
    fn default() -> Self {
        Self::under("")
    }
}
