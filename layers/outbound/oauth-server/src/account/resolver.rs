//! What the host answers about its accounts: eight calls, four of them with a default.

use std::{borrow::Cow, collections::BTreeSet, error::Error, future::Future};

use http::request::Parts;
use serde_json::{Map, Value};
use towergate_core::{LocalPath, StoreError};
use towergate_oauth::rules::{
    client::ClientId,
    grant::{InvalidSubject, SignIn, Subject},
    interaction::{InteractionId, Prompt},
};
use towergate_oauth_types::Scope;

/// Knows the host's accounts. It lives in the host's code: the one place that sees both who is signed in and what
/// the authorization server asks.
///
/// An error or a panic in any call gives the client an OAuth error and the operator the reason; a code or a refresh
/// token that was presented stays unspent.
pub trait AccountResolver: Send + Sync + 'static {
    /// Who is signed in, read from what an outer layer left in the request's extensions.
    ///
    /// It does no I/O: the session layer has done that already. A host whose session library must be awaited does so
    /// in a layer of its own, outside the account layer.
    ///
    /// # Errors
    /// When the host cannot tell.
    fn current_account(&self, parts: &Parts, context: &Context) -> Result<Option<Account>, ResolverError>;

    /// Everybody who is signed in beside each other in this browser, where the host holds several accounts and the person
    /// has not chosen one: asked when [`current_account`](Self::current_account) answers nobody. Nobody by default. It does
    /// no I/O either.
    ///
    /// A request that names one of them goes on with that one. Any other goes to [`login_redirect`](Self::login_redirect),
    /// where the host lets the person choose, and says from then on who it is; under `prompt=none` the client hears
    /// `account_selection_required`. At the logout endpoint nobody chooses: there `current_account` says whom signing
    /// out is about.
    ///
    /// # Errors
    /// When the host cannot tell.
    fn candidates(&self, _parts: &Parts, _context: &Context) -> Result<Vec<Candidate>, ResolverError> {
        Ok(Vec::new())
    }

    /// The account behind a subject, asked again at each token, userinfo and introspection request: `None` when it is
    /// gone or may no longer act.
    ///
    /// # Errors
    /// When the host cannot tell.
    fn account(
        &self,
        subject: &Subject,
        context: &Context,
    ) -> impl Future<Output = Result<Option<Subject>, ResolverError>> + Send;

    /// What clients may learn of the account, asked at each userinfo request and for each ID token in which a client wants
    /// a claim by name. Protocol claims always win over these.
    ///
    /// # Errors
    /// When the host cannot tell.
    fn claims(
        &self,
        subject: &Subject,
        context: &Context,
    ) -> impl Future<Output = Result<Claims, ResolverError>> + Send;

    /// How a page that is shown to them addresses somebody: asked for the consent page and the question whether to sign out.
    /// What [`Account::display_name`] says by default; a host that has to look it up does so here.
    ///
    /// # Errors
    /// When the host cannot tell: the page then says what `display_name` does, and the operator hears why.
    fn display_name(
        &self,
        account: &Account,
        _context: &Context,
    ) -> impl Future<Output = Result<String, ResolverError>> + Send {
        std::future::ready(Ok(account.display_name.clone()))
    }

    /// The host's sign-in page. `return_to`, `interaction_id`, `login_hint`, `acr_values`, `max_age` and `ui_locales` are
    /// added to its query, the last four where the request has them.
    ///
    /// The page must ask even when somebody is signed in: a request may want a fresh sign-in, a stronger one, or another
    /// person.
    fn login_redirect(&self, context: &Context) -> LocalPath;

    /// Ends the host's own session, which `parts` came with: the person asked for it, and what clients hold of the sign-in
    /// has ended already. The answer to this very request may clear the host's cookie, by a layer around.
    ///
    /// By default the session can only end [elsewhere](Ending::Elsewhere).
    ///
    /// # Errors
    /// When it could not: the person is told so and may try again.
    fn end_session(
        &self,
        _parts: &Parts,
        _context: &Context,
    ) -> impl Future<Output = Result<Ending, ResolverError>> + Send {
        std::future::ready(Ok(Ending::Elsewhere))
    }

    /// Where to go to end the host's own session, when [`end_session`](Self::end_session) cannot; `None`, the default, when
    /// there is none to end. `return_to` is added to its query: the page that says goodbye.
    fn logout_redirect(&self, _context: &Context) -> Option<LocalPath> {
        None
    }

    /// Whether `code` is the person's secret code for back-channel requests. Refused by default.
    ///
    /// # Errors
    /// When the host cannot tell.
    fn verify_backchannel_user_code(
        &self,
        _subject: &Subject,
        _code: &str,
        _context: &Context,
    ) -> impl Future<Output = Result<UserCodeVerdict, ResolverError>> + Send {
        std::future::ready(Ok(UserCodeVerdict::Refused))
    }
}

/// Somebody signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The stable identifier that becomes `sub`.
    pub subject: Subject,
    /// When, how strongly and by which means they signed in.
    pub sign_in: SignIn,
    /// How the consent page addresses them, for example their e-mail address, unless
    /// [`AccountResolver::display_name`] says otherwise. Never sent to a client.
    pub display_name: String,
}

/// Left in the request's extensions by the account layer; the services of the authorization server read nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentAccount(pub Option<Account>);

/// Somebody signed in beside others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who they are.
    pub account: Account,
    /// What a `login_hint` may call them, for example their e-mail address; compared without regard to ASCII case.
    pub names: Vec<String>,
}

/// Left in the request's extensions beside [`CurrentAccount`] when several people are signed in and none is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates(pub Vec<Candidate>);

/// What a call is about. The same for every call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// Why the host is asked.
    pub purpose: Purpose,
    /// The client that asks, once it is known.
    pub client: Option<ClientId>,
    /// What it asks for, once it is known.
    pub scope: Scope,
    /// The interaction in progress, if there is one.
    pub interaction: Option<InteractionId>,
    /// Where the browser is to come back to, if it is sent away.
    pub return_to: Option<LocalPath>,
    /// Who the client thinks will sign in.
    pub login_hint: Option<String>,
    /// What the client wants to be shown: with [`Prompt::Create`], the page where accounts are made.
    pub prompt: BTreeSet<Prompt>,
    /// How strong the sign-in is to be, the preferred `acr` first: what it must be, where the client cannot do without.
    pub acr_values: Vec<String>,
    /// How old the sign-in may be, in seconds.
    pub max_age: Option<u64>,
    /// The languages that the person reads, the preferred one first.
    pub ui_locales: Vec<String>,
    /// The login session that the answer rests on, where it does: tokens of a session that has ended must not go on.
    /// `None` where `offline_access` was allowed.
    pub sid: Option<String>,
}

impl Context {
    /// A context that says no more than why.
    #[must_use]
    pub fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            client: None,
            scope: Scope::default(),
            interaction: None,
            return_to: None,
            login_hint: None,
            prompt: BTreeSet::new(),
            acr_values: Vec::new(),
            max_age: None,
            ui_locales: Vec::new(),
            sid: None,
        }
    }
}

/// Why the host is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// A browser request passes the account layer.
    Browser,
    /// A client exchanges a code or a refresh token.
    Token,
    /// A client asks who the person is.
    UserInfo,
    /// A client, or who guards an API, asks whether a token works.
    Introspection,
    /// A person signs out.
    Logout,
    /// A client asks for a person who is not at a browser of its own.
    Backchannel,
}

/// What clients may learn of an account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims {
    /// Every claim the host knows, under its registered name; the authorization server hands out those that the
    /// granted scope covers, or that the client asked for by name within what it is registered for.
    pub values: Map<String, Value>,
}

/// What became of the host's own session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It has ended.
    Ended,
    /// It ends at the page that [`AccountResolver::logout_redirect`] names, if it names one.
    Elsewhere,
}

/// The verdict on a back-channel user code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserCodeVerdict {
    /// It is the person's.
    Accepted,
    /// It is not.
    Refused,
}

/// The host could not answer. The sentence goes to the operator, never to the client, but for
/// [`missing_layer`](Self::missing_layer).
///
/// What passes by itself ([`unavailable`](Self::unavailable), and whatever was caused by [`StoreError::Unavailable`]) is told as 503 to
/// try again soon; everything else as 500.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ResolverError {
    message: Cow<'static, str>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
    missing_layer: Option<&'static str>,
    passes: bool,
}

impl ResolverError {
    /// An error with a sentence for the operator.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), source: None, missing_layer: None, passes: false }
    }

    /// An error that was caused by another.
    pub fn caused_by(
        message: impl Into<Cow<'static, str>>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let cause = cause.into();
        let passes = passes(&*cause);
        Self { message: message.into(), source: Some(cause), missing_layer: None, passes }
    }

    /// What the resolver asks is away for the moment, as a database that is being restarted: whoever asked may try again soon.
    pub fn unavailable(
        message: impl Into<Cow<'static, str>>,
        cause: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { passes: true, ..Self::caused_by(message, cause) }
    }

    /// Whether the same call may well be answered soon.
    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        self.passes
    }

    /// A layer that the resolver reads from is not where it must be. `advice` says which and where to add it: it is part
    /// of the program, so that the answer shows it to whoever is putting the host together.
    #[must_use]
    pub const fn missing_layer(advice: &'static str) -> Self {
        Self { message: Cow::Borrowed(advice), source: None, missing_layer: Some(advice), passes: false }
    }

    pub(super) const fn layer_to_add(&self) -> Option<&'static str> {
        self.missing_layer
    }
}

/// Whether a store that is away is behind it.
fn passes(cause: &(dyn Error + Send + Sync + 'static)) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(cause);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(StoreError::Unavailable(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}

impl From<StoreError> for ResolverError {
    fn from(error: StoreError) -> Self {
        Self::caused_by("the accounts cannot be read", error)
    }
}

impl From<InvalidSubject> for ResolverError {
    fn from(error: InvalidSubject) -> Self {
        Self::caused_by("the account's identifier is no subject", error)
    }
}
