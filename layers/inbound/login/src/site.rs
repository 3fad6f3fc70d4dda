//! What every layer of this crate is told once: pages, paths, the time, randomness, who else hears of a sign-out, and where
//! people are told of changes to their account.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use http::Extensions;
use towergate_core::{
    Clock, LocalPath, Random, RandomUnavailable,
    audit::Origin,
    system::{OsRandom, SystemClock},
};

use towergate_identity::rules::{
    assurance::Profile, email_token::Purpose, lockout::LockoutPolicy, notice::Notice,
    password::PasswordPolicy, totp,
};

use crate::{
    browser_cookie::BrowserCookie,
    hasher::PasswordHasher,
    logout::OnLogout,
    mail::{Herald, Mailroom},
    new_password::NewPasswords,
    pages::ProviderView,
    passkey_offer::PasskeyPlaces,
    sensitive::FRESH,
};

/// The surroundings of the layers. Cheap to clone: give each layer a clone of the same one.
///
/// ```
/// use towergate_login::{LoginRoutes, Site, pages::{LoginPages, LoginView, ProblemView}};
/// # struct Plain;
/// # impl LoginPages for Plain {
/// #     fn login(&self, _: &LoginView) -> String { String::new() }
/// #     fn problem(&self, view: &ProblemView) -> String { view.message.clone() }
/// # }
/// let mut site = Site::new(Plain);
/// if let Some(path) = towergate_core::LocalPath::parse("/sign-in") {
///     site.paths_mut().login = path;
/// }
/// assert_eq!(site.paths().login.as_str(), "/sign-in");
/// ```
#[must_use]
pub struct Site<P, H = ()> {
    pub(crate) pages: Arc<P>,
    pub(crate) hook: Arc<H>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) paths: Arc<Paths>,
    pub(crate) cookie: BrowserCookie,
    pub(crate) notices: Option<Mailroom>,
    pub(crate) providers: Arc<[(String, String)]>,
    pub(crate) silenced: Arc<BTreeSet<Notice>>,
    pub(crate) assurance: Option<Arc<Profile>>,
    pub(crate) passkeys: Option<Arc<PasskeyPlaces>>,
}

/// Where the pages are: paths without a query.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paths {
    /// Where people sign in.
    pub login: LocalPath,
    /// Where people sign out.
    pub logout: LocalPath,
    /// Where they go after signing out.
    pub after_logout: LocalPath,
    /// Where a second factor is asked for.
    pub second_factor: LocalPath,
    /// Where accounts are made.
    pub register: LocalPath,
    /// Where addresses are confirmed.
    pub confirm: LocalPath,
    /// Where people say that they forgot their password.
    pub forgot: LocalPath,
    /// Where a forgotten password is set anew.
    pub reset: LocalPath,
    /// Where people sign in by mail.
    pub magic: LocalPath,
    /// Where people see their account.
    pub account: LocalPath,
    /// Where they keep their second factors.
    pub security: LocalPath,
    /// Where they change their password.
    pub password: LocalPath,
    /// Where they change their address.
    pub email: LocalPath,
    /// Where they see where they are signed in.
    pub devices: LocalPath,
    /// Where they keep their passkeys.
    pub passkeys: LocalPath,
    /// Where they keep the tokens of their programs.
    pub api_tokens: LocalPath,
    /// Under which they leave for providers, and come back.
    pub social: LocalPath,
    /// Where they keep the accounts elsewhere by which they sign in.
    pub identities: LocalPath,
    /// Where they take their data along.
    pub export: LocalPath,
    /// Where they say goodbye.
    pub delete: LocalPath,
}

impl Default for Paths {
    fn default() -> Self {
        let path = |text| LocalPath::parse(text).unwrap_or_else(LocalPath::root);
        Self {
            login: path("/login"),
            logout: path("/logout"),
            after_logout: LocalPath::root(),
            second_factor: path("/mfa"),
            register: path("/register"),
            confirm: path("/confirm"),
            forgot: path("/forgot"),
            reset: path("/reset"),
            magic: path("/magic"),
            account: path("/account"),
            security: path("/account/security"),
            password: path("/account/password"),
            email: path("/account/email"),
            devices: path("/account/devices"),
            passkeys: path("/account/passkeys"),
            api_tokens: path("/account/tokens"),
            social: path("/social"),
            identities: path("/account/identities"),
            export: path("/account/export"),
            delete: path("/account/delete"),
        }
    }
}

impl<P> Site<P> {
    /// A site with these pages at their usual paths, under the machine's clock and randomness.
    pub fn new(pages: P) -> Self {
        Self {
            pages: Arc::new(pages),
            hook: Arc::new(()),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom::new()),
            paths: Arc::new(Paths::default()),
            cookie: BrowserCookie::Secure,
            notices: None,
            providers: Arc::default(),
            silenced: Arc::default(),
            assurance: None,
            passkeys: None,
        }
    }

    /// Tells `hook` which sign-in ends.
    pub fn on_logout<H: OnLogout>(self, hook: H) -> Site<P, H> {
        Site {
            pages: self.pages,
            hook: Arc::new(hook),
            clock: self.clock,
            random: self.random,
            paths: self.paths,
            cookie: self.cookie,
            notices: self.notices,
            providers: self.providers,
            silenced: self.silenced,
            assurance: self.assurance,
            passkeys: self.passkeys,
        }
    }
}

impl<P, H> Site<P, H> {
    /// Asks `clock` for the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Draws identifiers, secrets, links and codes from `random`.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Mails people, from `room`, what was changed of their account.
    pub fn notices(mut self, room: Mailroom) -> Self {
        self.notices = Some(room);
        self
    }

    /// Does not tell people of this change, in case of which a thief would stay unnoticed.
    pub fn insecure_without_notice(mut self, notice: Notice) -> Self {
        Arc::make_mut(&mut self.silenced).insert(notice);
        self
    }

    /// Takes the numbers of every layer that is given this site from an assurance profile: how guessing is slowed, what is asked
    /// of new passwords, how fresh a proof is before a sensitive change, of what people are told. What a layer is told by
    /// itself counts before it. Sessions are told by
    /// [`SessionLayer::assurance`](towergate_session::SessionLayer::assurance).
    pub fn assurance(mut self, profile: &Profile) -> Self {
        let settings = profile.settings();
        let silent = |notice: &Notice| match notice {
            Notice::NewDevice => !settings.sign_in_notices,
            _ => !settings.change_notices,
        };
        Arc::make_mut(&mut self.silenced).extend(Notice::ALL.into_iter().filter(silent));
        self.assurance = Some(Arc::new(profile.clone()));
        self
    }

    /// How guessing is slowed.
    #[must_use]
    pub fn lockout(&self) -> LockoutPolicy {
        self.assurance.as_deref().map(LockoutPolicy::from).unwrap_or_default()
    }

    /// What is asked of new passwords.
    #[must_use]
    pub fn password_policy(&self) -> PasswordPolicy {
        self.assurance.as_deref().map(PasswordPolicy::from).unwrap_or_default()
    }

    /// Whether new passwords must be looked up among those that leaked.
    pub(crate) fn must_look_up(&self) -> bool {
        self.assurance.as_ref().is_some_and(|profile| profile.settings().password_breach_check)
    }

    /// Takes new passwords as the assurance profile asks: by its policy, and none that could not be looked up among those that leaked
    /// where it asks for that. Give it what looks them up.
    #[must_use]
    pub fn new_passwords(&self, hasher: PasswordHasher) -> NewPasswords {
        NewPasswords::new(hasher).policy(self.password_policy()).must_be_looked_up(self.must_look_up())
    }

    /// How many steps early or late a code of an app may be.
    #[must_use]
    pub fn totp_drift(&self) -> u32 {
        self.assurance.as_ref().map_or(totp::DRIFT, |profile| profile.settings().totp_drift)
    }

    /// Whether a mailed link or code may be somebody's first factor.
    #[must_use]
    pub fn signs_in_by_mail(&self) -> bool {
        self.assurance.as_ref().is_none_or(|profile| profile.settings().mail_sign_in)
    }

    /// How long a mailed link or code signs in.
    pub(crate) fn mailed_sign_in_lifetime(&self) -> Duration {
        let most = Purpose::SignIn.lifetime();
        self.assurance.as_ref().map_or(most, |profile| profile.settings().mailed_sign_in_lifetime)
    }

    /// How old a proof may be before a sensitive change.
    pub(crate) fn fresh_within(&self) -> Duration {
        self.assurance.as_ref().map_or(FRESH, |profile| profile.settings().step_up_within)
    }

    /// What writes the mails that tell people of changes to their account: for store steps that queue them.
    pub fn herald(&self) -> Herald {
        Herald {
            room: self.notices.clone(),
            silenced: Arc::clone(&self.silenced),
            paths: Arc::clone(&self.paths),
            random: Arc::clone(&self.random),
        }
    }

    /// Knows browsers by cookies that go over plain http: for a developer's own machine, beside that of `SessionLayer`.
    pub fn insecure_cookie(mut self) -> Self {
        self.cookie = BrowserCookie::Insecure;
        self
    }

    /// Offers these providers on the sign-in page, each by its name in paths and its name for people: those of
    /// `SocialRoutes`.
    pub fn providers<N: Into<String>, L: Into<String>>(
        mut self,
        providers: impl IntoIterator<Item = (N, L)>,
    ) -> Self {
        self.providers = providers.into_iter().map(|(name, label)| (name.into(), label.into())).collect();
        self
    }

    /// The names of the providers by which people sign in.
    pub fn provider_names(&self) -> impl Iterator<Item = &str> {
        self.providers.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn offered(&self) -> Vec<ProviderView> {
        let path = &self.paths.social;
        self.providers.iter().map(|(name, label)| ProviderView::at(path, name, label)).collect()
    }

    /// Where the pages are.
    #[must_use]
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Where the pages are, to be changed before the layers are made.
    pub fn paths_mut(&mut self) -> &mut Paths {
        Arc::make_mut(&mut self.paths)
    }

    /// The request that an audit layer named, at this moment; one of its own when none did.
    ///
    /// # Errors
    /// When no randomness is to be had.
    pub fn origin(&self, extensions: &Extensions) -> Result<Origin, RandomUnavailable> {
        towergate_endpoint::origin(extensions, self.clock.now(), &self.random)
    }
}

impl<P, H> Clone for Site<P, H> {
    fn clone(&self) -> Self {
        Self {
            pages: Arc::clone(&self.pages),
            hook: Arc::clone(&self.hook),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            paths: Arc::clone(&self.paths),
            cookie: self.cookie,
            notices: self.notices.clone(),
            providers: Arc::clone(&self.providers),
            silenced: Arc::clone(&self.silenced),
            assurance: self.assurance.clone(),
            passkeys: self.passkeys.clone(),
        }
    }
}

impl<P, H> fmt::Debug for Site<P, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("paths", &self.paths).finish_non_exhaustive()
    }
}
