//! All pages of signing in and of the account, over one store.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, ServiceBuilder, service_fn, util::BoxCloneSyncService};
use towergate::{
    Stack,
    audit::AuditLayer,
    client_address::{ClientAddressLayer, ForwardedBy},
    core::{
        Secret,
        audit::{StoredEvent, chain::SealStore},
        clock::ManualClock,
    },
    guarded_http::{GuardedClient, Policy},
    identity::{
        ports::IdentityStore,
        rules::{
            email::EmailAddress,
            password::HashParams,
            user::{User, UserId},
        },
    },
    login::{
        AccountRoutes, DeviceRoutes, EmailChangeRoutes, FactorRoutes, LoginRoutes, MagicRoutes,
        PasswordHasher, PasswordRoutes, RegisterRoutes, SignInLimits, Site, SocialRoutes,
        mail::{Mailroom, Postman},
        social::Provider,
    },
    pages::DefaultPages,
    rate_limit,
    scope::{CurrentScope, ScopeLayer},
    session::{RememberLayer, SessionLayer},
    test_util::{Guest, Guests, InsecureSeededRandom, Mailbox, Standing},
};

use crate::house::{
    App, ISSUER,
    browser::{Answer, Browser},
    sealing,
};

pub(crate) const ALICE: &str = "alice@example.com";
pub(crate) const COOKIE: &str = towergate::session::NAME;

/// A store whose log can be read.
pub(crate) trait Store: IdentityStore + SealStore {}

impl<S: IdentityStore + SealStore> Store for S {}

pub(crate) struct Town<S> {
    pub(crate) app: App,
    pub(crate) store: S,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) guests: Guests<S>,
    room: Mailroom,
    mailbox: Mailbox,
}

impl<S: Store> Town<S> {
    pub(crate) fn new(store: S) -> Self {
        let most = |limits: SignInLimits| SignInLimits {
            login: limits.login.most(1_000),
            magic: limits.magic.most(1_000),
            ..limits
        };
        Self::with(store, most(SignInLimits::default()))
    }

    /// A town behind the proxies of `10.0.0.0/8`, whose forms have these limits.
    pub(crate) fn with(store: S, limits: SignInLimits) -> Self {
        let clock = Arc::new(ManualClock::at(towergate::core::Timestamp::from_unix_seconds(1_800_000_000)));
        let random = Arc::new(InsecureSeededRandom::new(11));
        let hasher = PasswordHasher::new(HashParams::insecure_new(8, 1, 1).unwrap(), random.clone()).unwrap();
        let room = Mailroom::new(ISSUER, &Secret::new([7; 32])).unwrap();
        let site = Site::new(DefaultPages::new()).clock(clock.clone()).random(random.clone());
        let site = site.notices(room.clone());
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let guests = Guests::new(store.clone()).session(session.clone()).sealing(sealing());
        let guests = guests.clock(clock.clone()).random(random.clone());

        let elsewhere = Provider::github("client", Secret::from("hush")).unwrap();
        let outbound = GuardedClient::new(Policy::new()).unwrap();
        let social = SocialRoutes::new(store.clone(), [elsewhere], outbound, ISSUER, site.clone());
        let rooms = ServiceBuilder::new()
            .layer(LoginRoutes::new(store.clone(), hasher.clone(), site.clone()))
            .layer(FactorRoutes::new(store.clone(), sealing(), "Example", site.clone()))
            .layer(RegisterRoutes::new(store.clone(), hasher.clone(), room.clone(), site.clone()))
            .layer(MagicRoutes::new(store.clone(), room.clone(), site.clone()))
            .layer(social)
            .service(service_fn(who));
        let passwords = PasswordRoutes::new(store.clone(), hasher, site.clone());
        let account = ServiceBuilder::new()
            .layer(passwords.with_reset(room.clone(), sealing()))
            .layer(AccountRoutes::new(store.clone(), site.clone()))
            .layer(DeviceRoutes::new(store.clone(), site.clone()))
            .layer(EmailChangeRoutes::new(store.clone(), room.clone(), site.clone()))
            .service(App::new(rooms));
        let proxies =
            ClientAddressLayer::new().behind("10.0.0.0/8".parse().unwrap(), ForwardedBy::XForwardedFor);
        let counts = rate_limit::MemoryStore::new();
        let limits = limits.layer(counts, &site).clock(clock.clone());
        let stack = Stack::new(AuditLayer::new().clock(clock.clone()).random(random))
            .client_address(proxies)
            .rate_limit(limits)
            .session(session)
            .scope(ScopeLayer::new());
        let account = RememberLayer::new(store.clone()).layer(App::new(account));
        let app: App = BoxCloneSyncService::new(stack.layer(App::new(account)));
        Self { app, store, clock, guests, room, mailbox: Mailbox::new() }
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.app.clone())
    }

    /// Somebody at that standing, and their browser.
    pub(crate) async fn arrive(&self, email: &str, standing: Standing) -> (Guest, Browser) {
        let guest = self.guests.arrive(email, standing).await.unwrap();
        let mut browser = self.browser();
        if let Some((name, value)) = guest.cookie.as_deref().and_then(|cookie| cookie.split_once('=')) {
            browser.cookies.insert(name.to_owned(), value.to_owned());
        }
        (guest, browser)
    }

    /// Delivers what waits, and answers the mailbox.
    pub(crate) async fn mailbox(&self) -> &Mailbox {
        let postman = Postman::new(self.store.clone(), self.room.clone(), self.mailbox.clone());
        postman.clock(self.clock.clone()).deliver().await.unwrap();
        &self.mailbox
    }

    /// The path and the token of the newest link that was mailed to somebody.
    pub(crate) async fn link_to(&self, address: &str) -> (String, String) {
        let link = self.mailbox().await.link_to(address).expect("a mailed link");
        let token = link.split_once("token=").unwrap().1.split('&').next().unwrap().to_owned();
        (link.strip_prefix(ISSUER).unwrap().to_owned(), token)
    }

    pub(crate) async fn user(&self, email: &str) -> Option<User> {
        self.store.find_user_by_email(&EmailAddress::parse(email).unwrap()).await.unwrap()
    }

    pub(crate) async fn count(&self, action: &str) -> usize {
        self.events().await.iter().filter(|event| event.action == action).count()
    }

    pub(crate) async fn events(&self) -> Vec<StoredEvent> {
        self.store.events_after(0, u32::MAX).await.unwrap()
    }
}

/// What somebody types to sign in by password.
pub(crate) fn credentials(email: &str, password: &str) -> String {
    form(&[("email", email), ("password", password)])
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Whom the host's pages take a browser for.
pub(crate) async fn whoami(browser: &mut Browser) -> String {
    browser.get("/who").await.text
}

pub(crate) fn is_nobody(text: &str) -> bool {
    text == "nobody"
}

/// Whether the answer begins a session.
pub(crate) fn signs_in(answer: &Answer) -> bool {
    let set = answer.headers.get_all("set-cookie").iter();
    answer.status == StatusCode::SEE_OTHER
        && set.filter_map(|set| set.to_str().ok()).any(|set| set.starts_with(&format!("{COOKIE}=tgs_")))
}

pub(crate) fn named(user: Option<UserId>) -> String {
    user.map_or_else(|| String::from("nobody"), |user| user.to_string())
}

async fn who(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = CurrentScope::from_extensions(request.extensions()).unwrap().user();
    Ok(Response::new(Full::new(Bytes::from(named(user)))))
}
