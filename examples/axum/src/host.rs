//! What both examples stand on: the parts of the house, opened once, ready to be layered around a framework.

use std::{fmt, sync::Arc, time::Duration};

use towergate::{
    Stack,
    client_address::ClientAddressLayer,
    core::{
        Clock, Random, Secret, StoreError,
        seal::SealingRing,
        system::{OsRandom, SystemClock},
    },
    guarded_http::GuardedClient,
    identity::{
        ports::IdentityStore,
        rules::{assurance::Profile, enrolment::EnrolmentDuty, level::Level, user::UserId},
    },
    login::{
        AccountRoutes, DeviceRoutes, EmailChangeRoutes, FactorRoutes, Goodbye, LoginRoutes, MagicRoutes,
        NewPasswords, OnLogout, PasswordHasher, PasswordRoutes, RegisterRoutes, Site, SocialRoutes,
        account::AccountPage,
        breaches::Breaches,
        limits::LimitPages,
        mail::{Mailroom, PlainLetters},
        pages::LoginLinkKind,
    },
    oauth::ports::OAuthStore,
    oauth_resource::{InStore, KeySource, MetadataLayer, ResourceLayer, ResourceMetadata},
    oauth_server::{AuthorizationServer, Issuer, KeyRing, ServerConfig, protocol::ProtocolLayer},
    oauth_types::Scope,
    pages::DefaultPages,
    passkey::{PasskeyRoutes, Passkeys},
    rate_limit::{MemoryStore, RateLimitLayer},
    session::{RememberLayer, SessionLayer},
    verifier_of,
};

use crate::{
    accounts::{Accounts, EndGrants, Profiles},
    config::{Config, MailSetting, ProviderEntry},
    error::StartError,
    limits::Counts,
    mailbox::{DevMailbox, MailboxLayer},
    outbound, passwords,
    programs::Programs,
    seal_key,
    seed::{SeededUser, Seeder},
};

/// What the host is called.
pub const SITE: &str = "towergate reference host";

/// The authorization server of this host.
pub type Server<I, O> = AuthorizationServer<O, Accounts<I>, DefaultPages>;

/// The parts of the house, over a store of people and a store of grants.
#[derive(Clone)]
pub struct Host<I, O> {
    /// The configuration.
    pub config: Arc<Config>,
    /// People and their sessions.
    pub people: I,
    /// Clients and what they hold.
    pub grants: O,
    /// What the host knows of its people.
    pub profiles: Profiles,
    /// Hashes passwords.
    pub hasher: PasswordHasher,
    /// Looks new passwords up among those that leaked, where the configuration asks for it.
    pub breaches: Option<Breaches>,
    /// Seals the secrets of authenticator apps.
    pub sealing: SealingRing,
    /// What the tokens of people's programs are signed by, and what they may do.
    pub programs: Programs,
    /// Where mail is written.
    pub room: Mailroom,
    /// What would have been sent, on a developer's own machine.
    pub mailbox: DevMailbox,
    /// Where it is counted how often an address asks.
    pub counts: Counts,
    /// The look of it all.
    pub pages: DefaultPages,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// What speaks outwards.
    pub outbound: GuardedClient,
    /// The authorization server.
    pub server: Server<I, O>,
    /// What the host's own API says of itself.
    pub api: ResourceMetadata,
    site: Site<DefaultPages, EndGrants<I, O>>,
}

impl<I: IdentityStore, O: OAuthStore> Host<I, O> {
    /// Seeds the stores and puts the parts together.
    ///
    /// # Errors
    /// When a store, the hasher or the randomness failed.
    pub async fn open(
        config: Arc<Config>,
        people: I,
        grants: O,
        seal_key: Secret<[u8; 32]>,
    ) -> Result<(Self, Vec<SeededUser>), StartError> {
        Self::open_under(Arc::new(SystemClock), config, people, grants, seal_key).await
    }

    /// The same, under another clock.
    ///
    /// # Errors
    /// When a store, the hasher or the randomness failed.
    pub async fn open_under(
        clock: Arc<dyn Clock>,
        config: Arc<Config>,
        people: I,
        grants: O,
        seal_key: Secret<[u8; 32]>,
    ) -> Result<(Self, Vec<SeededUser>), StartError> {
        let weakened = config.assurance.as_ref().map(Profile::weakened).unwrap_or_default();
        if !weakened.is_empty() {
            tracing::warn!(settings = weakened.join(", "), "weaker than the assurance profile asks for");
        }
        let random: Arc<dyn Random> = Arc::new(OsRandom::new());
        let hasher = passwords::hasher(&config, &clock, &random)?;
        let breaches = passwords::breaches(&config)?;
        let new_passwords = looked_up(NewPasswords::new(hasher.clone()), breaches.as_ref());
        let new_passwords = new_passwords.policy(config.password_policy());
        let seeder = Seeder {
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            hasher: hasher.clone(),
            new_passwords,
            strict: config.assurance.is_some(),
        };
        let room = mailroom(&config, &seal_key)?;
        let programs = Programs::open(&config, &seal_key)?;
        let sealing = seal_key::ring(&config, seal_key)?;
        let mut users = Vec::new();
        let mut profiles = Vec::new();
        for entry in &config.users {
            let user = seeder.user(&people, entry).await?;
            seeder.totp(&people, user.id, entry, &sealing).await?;
            profiles.push((user.id, entry.claims.clone()));
            users.push(user);
        }
        for entry in &config.clients {
            seeder.client(&grants, entry, &sealing).await?;
        }
        let rotation = config.rotation.clone();
        let keys = KeyRing::with_policy(&grants, &sealing, rotation, &clock, &random).await?;
        let profiles = Profiles::from_iter(profiles);
        let accounts = Arc::new(Accounts::new(people.clone(), profiles.clone(), Arc::clone(&clock)));
        let pages = DefaultPages::new().with_site_name(SITE);
        let outbound = outbound::client(&config.outbound)?;
        let server =
            AuthorizationServer::new(grants.clone(), keys, accounts, pages.clone(), server_config(&config)?)
                .outbound(outbound.clone())
                .clock(Arc::clone(&clock))
                .random(Arc::clone(&random));
        let api = ResourceMetadata::new(&config.api_audience(), &config.issuer_text())?
            .scopes(&api_scope())
            .name("The API of the reference host");
        let mailbox = DevMailbox::default();
        let site = Site::new(pages.clone())
            .clock(Arc::clone(&clock))
            .random(Arc::clone(&random))
            .on_logout(EndGrants(server.clone()));
        let site = site_of(&config, site, &room);
        let host = Self {
            config,
            people,
            grants,
            profiles,
            hasher,
            breaches,
            sealing,
            programs,
            room,
            mailbox,
            counts: Counts::Memory(MemoryStore::new()),
            pages,
            clock,
            random,
            outbound,
            server,
            api,
            site,
        };
        Ok((host, users))
    }

    /// The same, that counts elsewhere than in memory how often an address asks.
    #[must_use]
    pub fn counting_in(self, counts: Counts) -> Self {
        Self { counts, ..self }
    }

    /// The layer that says from which address a request comes.
    pub fn addresses(&self) -> ClientAddressLayer {
        let limits = &self.config.limits;
        ClientAddressLayer::new().behind(limits.proxies.clone(), limits.header)
    }

    /// The layer that lets an address post each form so often, and no more.
    pub fn limits(&self) -> RateLimitLayer<Counts, LimitPages<DefaultPages>> {
        self.config.limits.sign_in.layer(self.counts.clone(), &self.site())
    }

    /// The layer that recognises sessions.
    pub fn sessions(&self) -> SessionLayer<I> {
        let mut layer = SessionLayer::new(self.people.clone()).clock(Arc::clone(&self.clock));
        if let Some(profile) = &self.config.assurance {
            layer = layer.assurance(profile);
        }
        if self.config.require_second_factor {
            layer = layer.enrolment(EnrolmentDuty::Now);
        }
        if self.config.is_https() { layer } else { layer.insecure_cookie() }
    }

    /// What every page of signing in and of the account shares.
    pub fn site(&self) -> Site<DefaultPages, EndGrants<I, O>> {
        self.site.clone()
    }

    /// The layer that answers `/login` and `/logout`.
    pub fn login(&self) -> LoginRoutes<I, DefaultPages, EndGrants<I, O>> {
        let routes = LoginRoutes::new(self.people.clone(), self.hasher.clone(), self.site());
        if self.config.mail.is_none() {
            return routes;
        }
        routes.link(LoginLinkKind::Forgot).link(LoginLinkKind::Magic).link(LoginLinkKind::Register)
    }

    /// The layer that remembers browsers.
    pub fn remember(&self) -> RememberLayer<I> {
        let layer = RememberLayer::new(self.people.clone());
        let layer = layer.notices(self.site().browser_notices(self.people.clone()));
        match &self.config.assurance {
            Some(profile) => layer.assurance(profile),
            None => layer,
        }
    }

    /// The layer that answers `/account/devices`.
    pub fn devices(&self) -> DeviceRoutes<I, DefaultPages, EndGrants<I, O>> {
        DeviceRoutes::new(self.people.clone(), self.site())
    }

    /// The layer that answers `/mfa` and `/account/security`.
    pub fn factors(&self) -> FactorRoutes<I, DefaultPages, EndGrants<I, O>> {
        let issuer = self.config.issuer.host_str().unwrap_or("towergate");
        FactorRoutes::new(self.people.clone(), self.sealing.clone(), issuer, self.site())
    }

    /// The layer that answers `/account`, `/account/export` and `/account/delete`.
    pub fn account(&self) -> AccountRoutes<I, DefaultPages, EndGrants<I, O>, Profiles> {
        let by_key = self.config.passkeys.as_ref().map(|_| AccountPage::Passkeys);
        let by_mail = self.config.mail.is_some().then_some(AccountPage::Email);
        let elsewhere = (!self.config.providers.is_empty()).then_some(AccountPage::Identities);
        AccountRoutes::new(self.people.clone(), self.site())
            .policy(self.config.deletion)
            .offering(
                [AccountPage::Security, AccountPage::Password, AccountPage::Devices, AccountPage::ApiTokens]
                    .into_iter()
                    .chain(by_mail)
                    .chain(by_key)
                    .chain(elsewhere),
            )
            .exporting(self.profiles.clone())
    }

    /// What ends the accounts whose days of grace are over.
    pub fn goodbye(&self) -> Goodbye<I, EndGrants<I, O>> {
        Goodbye::new(self.people.clone(), &self.site()).policy(self.config.deletion)
    }

    /// What is asked of new passwords, on every way by which one comes to count.
    fn new_passwords(&self) -> NewPasswords {
        let passwords = self.site().new_passwords(self.hasher.clone()).policy(self.config.password_policy());
        looked_up(passwords, self.breaches.as_ref())
    }

    /// The layer that answers `/account/password`, and `/forgot` and `/reset` where mail can be sent.
    pub fn passwords(&self) -> PasswordRoutes<I, DefaultPages, EndGrants<I, O>> {
        let routes = PasswordRoutes::new(self.people.clone(), self.hasher.clone(), self.site());
        let routes = routes.passwords(self.new_passwords());
        if self.config.mail.is_none() {
            return routes;
        }
        routes.with_reset(self.room.clone(), self.sealing.clone())
    }

    /// The layer that answers `/account/passkeys` and the ceremonies with passkeys, where passkeys work.
    pub fn passkeys(&self) -> Option<PasskeyRoutes<I, DefaultPages, EndGrants<I, O>>> {
        let party = self.config.passkeys.clone()?;
        let passkeys = Passkeys::new(self.people.clone(), party).random(Arc::clone(&self.random));
        Some(PasskeyRoutes::new(passkeys, self.site()))
    }

    /// The layer that answers `/register` and `/confirm`, where mail can be sent.
    pub fn registration(&self) -> Option<RegisterRoutes<I, DefaultPages, EndGrants<I, O>>> {
        self.config.mail.as_ref()?;
        let (people, hasher) = (self.people.clone(), self.hasher.clone());
        let routes = RegisterRoutes::new(people, hasher, self.room.clone(), self.site());
        Some(routes.passwords(self.new_passwords()))
    }

    /// The layer that answers `/account/email`, where mail can be sent.
    pub fn email_change(&self) -> Option<EmailChangeRoutes<I, DefaultPages, EndGrants<I, O>>> {
        self.config.mail.as_ref()?;
        Some(EmailChangeRoutes::new(self.people.clone(), self.room.clone(), self.site()))
    }

    /// The layer that answers `/magic`, where mail can be sent.
    pub fn magic(&self) -> Option<MagicRoutes<I, DefaultPages, EndGrants<I, O>>> {
        self.config.mail.as_ref()?;
        Some(MagicRoutes::new(self.people.clone(), self.room.clone(), self.site()))
    }

    /// The layer that answers `/social` and `/account/identities`, where there are providers.
    pub fn social(&self) -> Option<SocialRoutes<I, DefaultPages, EndGrants<I, O>>> {
        let providers: Vec<_> = self.config.providers.iter().filter_map(ProviderEntry::provider).collect();
        if providers.is_empty() {
            return None;
        }
        let (people, outbound) = (self.people.clone(), self.outbound.clone());
        Some(SocialRoutes::new(people, providers, outbound, &self.config.origin(), self.site()))
    }

    /// Lets Apple's page post its answer here, which the cross-origin check of `stack` would refuse.
    pub fn letting_apple_in<L, Stage>(&self, stack: Stack<L, Stage>) -> Stack<L, Stage> {
        if self.config.providers.iter().any(|entry| entry.name == "apple") {
            stack.accept_cross_origin_posts_to("/social/apple/callback")
        } else {
            stack
        }
    }

    /// The layer that answers `/dev/mailbox`, on a developer's own machine.
    pub fn dev_mailbox(&self) -> Option<MailboxLayer> {
        let shown = matches!(self.config.mail, Some(MailSetting::DevMailbox));
        shown.then(|| self.mailbox.shown(&self.pages))
    }

    /// Whether whoever is signed in has still to prove their address.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_unconfirmed(&self, user: Option<UserId>) -> Result<bool, StoreError> {
        let Some(user) = user.filter(|_| self.config.mail.is_some()) else { return Ok(false) };
        Ok(self.people.find_user(user).await?.is_some_and(|user| user.confirmed_at.is_none()))
    }

    /// The layer that answers the token endpoint and whatever else clients call without a browser.
    pub fn protocol(&self) -> ProtocolLayer<O, Accounts<I>, DefaultPages> {
        self.server.protocol()
    }

    /// The layer that guards the host's own API: tokens for it, that say who signed in.
    pub fn api(&self) -> ResourceLayer<impl KeySource + use<I, O>, InStore<O>> {
        ResourceLayer::new(verifier_of(&self.server)).described_by(&self.api).require_scope(api_scope())
    }

    /// The layer that tells a client who knows the API alone where its authorization server is,
    /// [RFC 9728](https://www.rfc-editor.org/rfc/rfc9728).
    pub fn api_description(&self) -> MetadataLayer {
        MetadataLayer::new(&self.api)
    }

    /// The layer that guards what asks for a person who signed in within the last five minutes; whoever signed in longer
    /// ago is to be sent to sign in again, [RFC 9470](https://www.rfc-editor.org/rfc/rfc9470).
    pub fn sensitive_api(&self) -> ResourceLayer<impl KeySource + use<I, O>, InStore<O>> {
        self.api().require_max_age(Duration::from_secs(300))
    }
}

impl<I, O> fmt::Debug for Host<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("issuer", &self.config.issuer_text()).finish_non_exhaustive()
    }
}

fn looked_up(passwords: NewPasswords, breaches: Option<&Breaches>) -> NewPasswords {
    match breaches {
        Some(breaches) => passwords.looked_up(breaches.clone()),
        None => passwords,
    }
}

/// Links in mail lead to the origin of the configuration, never to where a request says that it came.
fn mailroom(config: &Config, seal_key: &Secret<[u8; 32]>) -> Result<Mailroom, StartError> {
    let room = Mailroom::new(&config.origin(), seal_key)?;
    let older = seal_key::older(config)?;
    let room = older.iter().try_fold(room, Mailroom::with_older)?;
    Ok(room.with_letters(PlainLetters::new(SITE)))
}

/// The site as the configuration wants it.
fn site_of<H: OnLogout>(
    config: &Config,
    mut site: Site<DefaultPages, H>,
    room: &Mailroom,
) -> Site<DefaultPages, H> {
    if config.mail.is_some() {
        site = site.notices(room.clone());
    }
    if let Some(profile) = &config.assurance {
        site = site.assurance(profile);
    }
    if let Some(party) = &config.passkeys {
        site = site.passkeys(party.places());
    }
    let providers = config.providers.iter().filter_map(ProviderEntry::provider);
    site =
        site.providers(providers.map(|provider| (provider.name().to_owned(), provider.label().to_owned())));
    if config.is_https() { site } else { site.insecure_cookie() }
}

pub(crate) fn server_config(config: &Config) -> Result<ServerConfig, StartError> {
    let issuer = config.issuer_text();
    let issuer = if config.is_https() { Issuer::https(&issuer)? } else { Issuer::insecure_http(&issuer)? };
    let mut server = ServerConfig::new(issuer);
    server.default_audience = vec![config.api_audience()];
    server.resource_servers = config.resource_servers.clone();
    // Nobody is remembered under a profile that allows it to nobody.
    let remembers = config.assurance.as_ref().is_none_or(|profile| profile.settings().remember_me.is_some());
    let levels = [Level::Remembered, Level::OneFactor, Level::TwoFactors].into_iter();
    let levels = levels.filter(|level| remembers || *level > Level::Remembered);
    server.acr_values = levels.map(|level| level.acr().to_owned()).collect();
    server.require_pushed_authorization_requests = config.requests.require_pushed;
    if let Some(most) = config.requests.max_waiting {
        server.max_open_interactions = most;
    }
    server.logo_hosts = config.logo_hosts.clone();
    server.creates_accounts = config.mail.is_some();
    server.ui_locales = vec![String::from("en")];
    server.registration = config.registration.clone();
    server.client_id_metadata_documents = config.documents.clone();
    server.session_management = config.is_https();
    Ok(server)
}

/// What the host's own API asks for: tokens that say who signed in.
fn api_scope() -> Scope {
    Scope::parse("openid").unwrap_or_default()
}
