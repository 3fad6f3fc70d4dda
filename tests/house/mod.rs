//! The whole house on one store for people and one for grants, under a clock that the test moves.

pub(crate) mod accounts;
pub(crate) mod api;
pub(crate) mod browser;
pub(crate) mod clients;
pub(crate) mod rows;
pub(crate) mod steps;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{ServiceBuilder, service_fn, util::BoxCloneSyncService};
use towergate::{
    Stack,
    audit::AuditLayer,
    core::{
        Clock, Digest, Random, Secret, Timestamp,
        audit::Origin,
        clock::ManualClock,
        seal::{SealingKey, SealingRing},
        system::OsRandom,
    },
    guarded_http::{GuardedClient, Policy},
    identity::{
        ports::IdentityStore,
        rules::{
            email::EmailAddress,
            lockout::LockoutPolicy,
            password::{HashParams, Password},
            user::{User, UserId, UserState},
        },
    },
    login::{LoginRoutes, PasswordHasher, Site},
    oauth::{
        ports::OAuthStore,
        rules::client::{AccessTokenFormat, Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType},
    },
    oauth_resource::{MetadataLayer, ResourceMetadata},
    oauth_server::{
        AuthorizationServer, Issuer, KeyRing, ServerConfig,
        client_documents::ClientDocuments,
        config::ResourceServer,
        registration::{Registration, RegistrationMode},
    },
    oauth_types::Scope,
    pages::DefaultPages,
    scope::ScopeLayer,
    session::SessionLayer,
    verifier_of,
};

use accounts::Accounts;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const CLIENT: &str = "shop";
pub(crate) const CLIENT_SECRET: &str = "a-machine-made-secret-of-the-shop";
/// Another client, which a code or a token of the first is not for.
pub(crate) const RIVAL: &str = "rival";
pub(crate) const RIVAL_SECRET: &str = "a-machine-made-secret-of-the-rival";
pub(crate) const CALLBACK: &str = "https://shop.example/callback";
/// An API to which only `email` means something, and one to which all does.
pub(crate) const MAIL: &str = "https://mail.example/api";
pub(crate) const FILES: &str = "https://files.example/";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

pub(crate) type App = BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>;

pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) alice: UserId,
}

impl House {
    pub(crate) async fn on<I: IdentityStore, O: OAuthStore>(people: I, grants: O) -> Self {
        Self::around(people, grants, at_home()).await
    }

    /// The same house, with pages of its own behind the stack.
    pub(crate) async fn around<I: IdentityStore, O: OAuthStore>(people: I, grants: O, home: App) -> Self {
        Self::built(people, grants, home, |_| ()).await
    }

    /// The same house, whose authorization server is told more.
    pub(crate) async fn with_config<I: IdentityStore, O: OAuthStore>(
        people: I,
        grants: O,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        Self::built(people, grants, at_home(), change).await
    }

    async fn built<I: IdentityStore, O: OAuthStore>(
        people: I,
        grants: O,
        home: App,
        change: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_800_000_000)));
        let random = Arc::new(OsRandom::new());
        let hasher = PasswordHasher::new(HashParams::default(), random.clone()).unwrap();
        let alice = person("alice@example.com", &hasher, clock.now()).await;
        let user = alice.id;
        let origin = || Origin::detached(clock.now(), &*random).unwrap();
        people.add_user(alice, origin()).await.unwrap();
        for (id, secret) in [(CLIENT, CLIENT_SECRET), (RIVAL, RIVAL_SECRET)] {
            grants.put_client(client(id, secret), origin()).await.unwrap();
        }
        Self::standing(people, grants, home, change, clock, user).await
    }

    /// A house that was built before, on other stores: nobody is added to what these hold.
    pub(crate) async fn moved<I: IdentityStore, O: OAuthStore>(
        people: I,
        grants: O,
        clock: Arc<ManualClock>,
        alice: UserId,
    ) -> Self {
        Self::standing(people, grants, at_home(), |_| (), clock, alice).await
    }

    async fn standing<I: IdentityStore, O: OAuthStore>(
        people: I,
        grants: O,
        home: App,
        change: impl FnOnce(&mut ServerConfig),
        clock: Arc<ManualClock>,
        user: UserId,
    ) -> Self {
        let random = Arc::new(OsRandom::new());
        let hasher = PasswordHasher::new(HashParams::default(), random.clone()).unwrap();
        let server = server_with(&grants, clock.clone(), random.clone(), change).await;
        let audit = || AuditLayer::new().clock(clock.clone()).random(random.clone());
        let session = SessionLayer::new(people.clone()).clock(clock.clone()).random(random.clone());
        let stack =
            Stack::new(audit()).session(session).scope(ScopeLayer::new()).authorization_server(&server);
        let site = Site::new(DefaultPages::new()).clock(clock.clone()).random(random.clone());
        // A try counts before it is checked: the races sign in eight times at once.
        let login = LoginRoutes::new(people, hasher, site).lockout(LockoutPolicy::default().free(10));
        let described = ResourceMetadata::new(ISSUER, server.config().issuer.as_str()).unwrap();
        let api = api::api(&verifier_of(&server), &described);
        let pages = ServiceBuilder::new()
            .layer(stack)
            .layer(server.browser_state())
            .layer(login)
            .layer(server.browser())
            .service(home);
        let routes = service_fn(move |request: Request<Full<Bytes>>| {
            let (api, pages) = (api.clone(), pages.clone());
            async move {
                use tower::ServiceExt;
                match request.uri().path().starts_with("/api") {
                    true => api.oneshot(request).await,
                    false => pages.oneshot(request).await,
                }
            }
        });
        let app = ServiceBuilder::new()
            .layer(audit())
            .layer(server.protocol())
            .layer(MetadataLayer::new(&described))
            .service(routes);
        Self { app: BoxCloneSyncService::new(app), clock, alice: user }
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn at_home() -> App {
    BoxCloneSyncService::new(service_fn(async |_| Ok(Response::new(Full::<Bytes>::from("home")))))
}

/// The authorization server over `grants`.
pub(crate) async fn server<O: OAuthStore>(
    grants: &O,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> AuthorizationServer<O, Accounts, DefaultPages> {
    server_with(grants, clock, random, |_| ()).await
}

async fn server_with<O: OAuthStore>(
    grants: &O,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    change: impl FnOnce(&mut ServerConfig),
) -> AuthorizationServer<O, Accounts, DefaultPages> {
    let keys = KeyRing::open(grants, &sealing(), &*clock, &*random).await.unwrap();
    let mut config = ServerConfig::new(Issuer::https(ISSUER).unwrap());
    let mail = ResourceServer::new(MAIL).unwrap().with_scope(Scope::parse("email").unwrap());
    config.resource_servers = vec![mail, ResourceServer::new(FILES).unwrap()];
    change(&mut config);
    let server =
        AuthorizationServer::new(grants.clone(), keys, Arc::new(Accounts), DefaultPages::new(), config);
    let outbound = GuardedClient::new(Policy::new()).unwrap();
    server.clock(clock).random(random).outbound(outbound)
}

/// Has a server offer all there is.
pub(crate) fn everything(config: &mut ServerConfig) {
    config.registration = Registration::new(RegistrationMode::Open);
    config.client_id_metadata_documents = Some(ClientDocuments::at(["app.example"]));
    config.acr_values = vec![String::from("1")];
    config.ui_locales = vec![String::from("en")];
    config.creates_accounts = true;
    config.session_management = true;
    config.notices.service_documentation = Some(String::from("https://id.example/docs"));
    config.notices.op_policy_uri = Some(String::from("https://id.example/policy"));
    config.notices.op_tos_uri = Some(String::from("https://id.example/terms"));
}

/// What the house seals with.
pub(crate) fn sealing() -> SealingRing {
    SealingRing::new(SealingKey::new(Secret::new([7; 32])))
}

/// A client that acts for itself, with tokens of this shape.
pub(crate) fn robot(id: &str, format: AccessTokenFormat) -> Client {
    let mut robot = client(id, CLIENT_SECRET);
    robot.metadata.redirect_uris = Vec::new();
    robot.metadata.grant_types = [GrantType::ClientCredentials].into();
    robot.metadata.scope = Scope::parse("read write").unwrap();
    robot.metadata.access_token_format = format;
    robot
}

/// Somebody who signs in with [`PASSWORD`] at this address.
pub(crate) async fn person(email: &str, hasher: &PasswordHasher, now: Timestamp) -> User {
    User {
        id: UserId::fresh(now, &OsRandom::new()).unwrap(),
        email: EmailAddress::parse(email).unwrap(),
        password: Some(hasher.hash(Password::parse(&Secret::from(PASSWORD)).unwrap()).await.unwrap()),
        state: UserState::Active,
        created_at: now,
        confirmed_at: None,
    }
}

pub(crate) fn client(id: &str, secret: &str) -> Client {
    let mut metadata = ClientMetadata::default();
    metadata.redirect_uris = vec![CALLBACK.to_owned()];
    metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretPost;
    metadata.grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].into();
    metadata.scope = Scope::parse("openid email").unwrap();
    Client::unchecked(ClientId::parse(id).unwrap(), Some(Digest::of(secret.as_bytes())), metadata)
}
