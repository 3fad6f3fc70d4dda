//! One of several instances of a host, over one store and under one clock.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{ServiceBuilder, service_fn, util::BoxCloneSyncService};
use towergate::{
    core::{
        Digest, LocalPath, Secret, Timestamp,
        audit::Origin,
        clock::ManualClock,
        seal::{SealingKey, SealingRing},
        system::OsRandom,
    },
    jose::Algorithm,
    oauth::{
        ports::OAuthStore,
        rules::{
            client::{AccessTokenFormat, Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType},
            grant::Subject,
        },
    },
    oauth_resource::ResourceLayer,
    oauth_server::{
        AuthorizationServer, Issuer, ServerConfig,
        account::{Account, AccountResolver, Claims, Context, ResolverError},
        key_ring::{KeyRing, RotationPolicy},
    },
    oauth_types::Scope,
    pages::DefaultPages,
    verifier_of,
};

pub(crate) const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const ALGORITHMS: [Algorithm; 4] = Algorithm::ALL;

pub(crate) type App = BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>;

pub(crate) struct Instance<S> {
    pub(crate) app: App,
    pub(crate) keys: KeyRing,
    store: S,
    clock: Arc<ManualClock>,
}

impl<S: OAuthStore> Instance<S> {
    pub(crate) async fn open(store: &S, clock: &Arc<ManualClock>, policy: RotationPolicy) -> Self {
        let keys = KeyRing::with_policy(store, &sealing(), policy, &**clock, &OsRandom::new()).await.unwrap();
        let config = ServerConfig::new(Issuer::https(ISSUER).unwrap());
        let accounts = Arc::new(NoAccounts);
        let server =
            AuthorizationServer::new(store.clone(), keys.clone(), accounts, DefaultPages::new(), config)
                .clock(clock.clone());
        let guard = ResourceLayer::new(verifier_of(&server)).require_audience(ISSUER);
        let api = ServiceBuilder::new().layer(guard).service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let inner = service_fn(move |request: Request<Full<Bytes>>| {
            let api = api.clone();
            async move {
                if request.uri().path() == "/api" {
                    return tower::ServiceExt::oneshot(api, request).await;
                }
                let mut response = Response::new(Full::default());
                *response.status_mut() = StatusCode::NOT_FOUND;
                Ok(response)
            }
        });
        let app = BoxCloneSyncService::new(ServiceBuilder::new().layer(server.protocol()).service(inner));
        Self { app, keys, store: store.clone(), clock: clock.clone() }
    }

    pub(crate) async fn turn(&self) {
        self.keys.turn(&self.store, &*self.clock, &OsRandom::new()).await.unwrap();
    }
}

pub(crate) fn sealing() -> SealingRing {
    SealingRing::new(SealingKey::new(Secret::new([7; 32])))
}

/// A client for each algorithm, named after it, and one that acts for itself, the robot.
pub(crate) async fn register<S: OAuthStore>(store: &S) {
    for name in ALGORITHMS.map(Algorithm::as_str).into_iter().chain(["robot"]) {
        let mut metadata = ClientMetadata::default();
        metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretPost;
        metadata.scope = Scope::parse("openid").unwrap();
        metadata.access_token_format = AccessTokenFormat::Jwt;
        if let Ok(algorithm) = name.parse() {
            metadata.redirect_uris = vec![CALLBACK.to_owned()];
            metadata.id_token_signed_response_alg = algorithm;
        } else {
            metadata.grant_types = [GrantType::ClientCredentials].into();
        }
        let secret = Digest::of(name.as_bytes());
        let client = Client::unchecked(ClientId::parse(name).unwrap(), Some(secret), metadata);
        store.put_client(client, origin(START)).await.unwrap();
    }
}

pub(crate) fn origin(at: Timestamp) -> Origin {
    Origin::detached(at, &OsRandom::new()).unwrap()
}

struct NoAccounts;

impl AccountResolver for NoAccounts {
    fn current_account(
        &self,
        _: &http::request::Parts,
        _: &Context,
    ) -> Result<Option<Account>, ResolverError> {
        Ok(None)
    }

    async fn account(&self, subject: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
        Ok(Some(subject.clone()))
    }

    async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
        Ok(Claims::default())
    }

    fn login_redirect(&self, _: &Context) -> LocalPath {
        LocalPath::root()
    }
}
