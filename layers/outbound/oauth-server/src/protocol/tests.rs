//! The protocol's endpoints, as a client meets them.

mod asked_claims;
mod assertion;
mod authentication;
mod authorization_code;
mod client_credentials;
mod cors;
mod documents;
mod encrypted;
mod host;
mod introspection;
mod late_body;
mod pairwise;
mod push;
mod refresh_token;
mod registration;
mod registration_management;
mod resource;
mod revocation;
mod userinfo;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};
use towergate_core::{
    LocalPath, Secret, Timestamp, audit::Origin, clock::ManualClock, random::InsecureSeededRandom,
    system::OsRandom, token::OpaqueToken,
};
use towergate_jose::{Algorithm, Expected, Typ, jws};
use towergate_oauth::{
    ports::{ClientStore, InteractionStore, memory::MemoryStore},
    rules::{
        client::{
            AccessTokenFormat, Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType, SubjectType,
        },
        code::{self, Code},
        grant::{Grant, GrantId, SignIn, Subject},
    },
};
use towergate_oauth_types::{Scope, pkce::CodeChallenge};

use self::host::{Host, Mood, NoPages};
use super::layer::ProtocolLayer;
use crate::{AuthorizationServer, Issuer, KeyRing, ServerConfig, test_keys::keys};

const ISSUER: &str = "https://id.example";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const CALLBACK: &str = "https://app.example/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server over a memory store, with one client of each kind.
struct Bench {
    store: MemoryStore,
    clock: Arc<ManualClock>,
    host: Arc<Host>,
    server: AuthorizationServer<MemoryStore, Host, NoPages>,
    layer: ProtocolLayer<MemoryStore, Host, NoPages>,
}

impl Bench {
    async fn new() -> Self {
        Self::with_keys(keys()).await
    }

    async fn with_keys(keys: KeyRing) -> Self {
        Self::with(keys, |_| ()).await
    }

    async fn with(keys: KeyRing, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let store = MemoryStore::new();
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)));
        let host = Arc::new(Host { account: Mutex::new(Mood::Well), claims: Mutex::new(Mood::Well) });
        let mut config = ServerConfig::new(Issuer::https(ISSUER).unwrap());
        change(&mut config);
        let random = Arc::new(InsecureSeededRandom::new(1));
        let server = AuthorizationServer::new(store.clone(), keys, Arc::clone(&host), NoPages, config)
            .clock(clock.clone())
            .random(random);
        let bench = Self { store, clock, host, layer: server.protocol(), server };
        for (id, method) in [
            ("basic", ClientAuthMethod::ClientSecretBasic),
            ("post", ClientAuthMethod::ClientSecretPost),
            ("public", ClientAuthMethod::None),
        ] {
            bench.register(id, method, |_| ()).await;
        }
        bench
            .register("opaque", ClientAuthMethod::ClientSecretBasic, |metadata| {
                metadata.access_token_format = AccessTokenFormat::Opaque;
            })
            .await;
        bench
    }

    async fn register(&self, id: &str, method: ClientAuthMethod, change: impl FnOnce(&mut ClientMetadata)) {
        let mut metadata = ClientMetadata::default();
        metadata.token_endpoint_auth_method = method;
        metadata.redirect_uris = vec![CALLBACK.to_owned()];
        metadata.scope = scope("openid profile email offline_access api");
        metadata.grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].into();
        let public = method == ClientAuthMethod::None;
        if !public {
            metadata.grant_types.insert(GrantType::ClientCredentials);
        }
        change(&mut metadata);
        let secret = (!public).then(|| Secret::from(SECRET));
        let client = Client::register(ClientId::parse(id).unwrap(), secret.as_ref(), metadata).unwrap();
        self.store.put_client(client, self.origin()).await.unwrap();
    }

    fn origin(&self) -> Origin {
        use towergate_core::Clock;
        Origin::detached(self.clock.now(), &OsRandom::new()).unwrap()
    }

    /// A code that a person gave `client` just now.
    async fn code(&self, client: &str) -> String {
        self.code_of(client, |_| ()).await
    }

    async fn code_for(&self, client: &str, allowed: &str) -> String {
        self.code_of(client, |grant| grant.scope = scope(allowed)).await
    }

    /// A code for a grant of `openid email api` that differs as `change` says.
    async fn code_of(&self, client: &str, change: impl FnOnce(&mut Grant)) -> String {
        let origin = self.origin();
        let token = OpaqueToken::mint(code::PREFIX, origin.at, &OsRandom::new()).unwrap();
        let sign_in = SignIn {
            auth_time: Timestamp::from_unix_seconds(1_699_999_000),
            acr: Some(String::from("1")),
            amr: vec![String::from("pwd")],
            sid: Some(String::from("sid-1")),
        };
        let mut grant = Grant {
            id: GrantId::fresh(origin.at, &OsRandom::new()).unwrap(),
            client: ClientId::parse(client).unwrap(),
            subject: Subject::parse("alice-1").unwrap(),
            scope: scope("openid email api"),
            audience: vec![ISSUER.to_owned()],
            claims: Default::default(),
            sign_in,
            created_at: origin.at,
        };
        change(&mut grant);
        let code = Code {
            id: token.id(),
            digest: token.digest(),
            grant: grant.id,
            redirect_uri: CALLBACK.to_owned(),
            redirect_uri_was_sent: true,
            code_challenge: Some(CodeChallenge::parse(CHALLENGE).unwrap()),
            nonce: Some(String::from("n-1")),
            expires_at: origin.at.plus(code::LIFETIME),
        };
        self.store.issue_code(grant, code, None, origin).await.unwrap();
        token.reveal().expose().clone()
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> Response<Bytes> {
        let inner = service_fn(async |_| Ok::<_, Infallible>(Response::new(Bytes::from_static(b"inner"))));
        self.layer.layer(inner).oneshot(request).await.unwrap()
    }

    async fn token(&self, client: Option<&str>, form: &[(&str, &str)]) -> Response<Bytes> {
        self.ask("/oauth/token", client, form).await
    }

    /// A form for any endpoint.
    async fn ask(&self, path: &str, client: Option<&str>, form: &[(&str, &str)]) -> Response<Bytes> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = token_request(client.map(|id| basic(id, SECRET)).as_deref(), body);
        *request.uri_mut() = path.parse().unwrap();
        self.call(request).await
    }

    async fn redeem(&self, client: &str, code: &str) -> Response<Bytes> {
        self.token(Some(client), &code_form(code)).await
    }

    async fn refresh(&self, client: &str, token: &str) -> Response<Bytes> {
        self.token(Some(client), &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn userinfo(&self, token: &str) -> Response<Bytes> {
        let request =
            Request::get("/oauth/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.call(request.body(Full::default()).unwrap()).await
    }

    fn feel(&self, account: Mood, claims: Mood) {
        *self.host.account.lock().unwrap() = account;
        *self.host.claims.lock().unwrap() = claims;
    }

    fn count(&self, action: &str) -> usize {
        self.store.events().iter().filter(|event| event.action == action).count()
    }
}

fn code_form(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn token_request(authorization: Option<&str>, body: String) -> Request<Full<Bytes>> {
    let mut request = Request::post("/oauth/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded;charset=UTF-8");
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    request.body(Full::from(body)).unwrap()
}

fn json(response: &Response<Bytes>) -> Value {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    serde_json::from_slice(response.body()).unwrap()
}

/// The answer of a success, which nobody may keep.
fn granted(response: &Response<Bytes>) -> Value {
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    json(response)
}

fn refused(response: &Response<Bytes>, status: StatusCode, error: &str) {
    let body = json(response);
    assert_eq!((response.status(), body["error"].as_str()), (status, Some(error)), "{body}");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    assert!(body["error_description"].is_string());
}

fn claims(token: &Value, algorithm: Algorithm, typ: &str) -> Value {
    let expected = Expected { algorithms: &[algorithm], typ: Typ::Exactly(typ) };
    jws::verify(token.as_str().unwrap(), &keys().jwks(), &expected).unwrap().claims().unwrap()
}

/// The token with one character of its secret changed.
fn with_another_secret(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    format!("{rest}{}", if last == "A" { "Q" } else { "A" })
}
