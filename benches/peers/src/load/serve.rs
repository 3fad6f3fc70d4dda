//! The servers that are programs of this crate: bare axum, and oauth-as as its own example mounts it.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Form, Json, Router,
    routing::{get, post},
};
use bytes::Bytes;
use http::{HeaderName, header};
use oauth_as::{
    client::{Client, ClientAuth, ClientId, SecretHash},
    grant::GrantType,
    http::{ApprovalDecision, ServiceBuilder},
    par::ParConfig,
    scope::ScopeSet,
    server::{AuthorizationServer, ServerConfig},
    store::MemoryStorage,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    peers::{CALLBACK, CLIENT, SECRET},
    reads::Reads,
};
use crate::least::Least;

/// As long as the house's discovery document.
const DOCUMENT: Bytes = Bytes::from_static(&[b'x'; 3300]);
/// As long as its public keys.
const KEYS: Bytes = Bytes::from_static(&[b'x'; 1280]);
/// What lets caches keep it and any site's script read it.
const PUBLIC: [(HeaderName, &str); 5] = [
    (header::ETAG, "\"00112233445566778899aabbccddeeff\""),
    (header::CACHE_CONTROL, "public, max-age=300"),
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_TYPE, "application/json"),
];

/// Serves until it is killed.
pub fn serve(what: &str, port: u16) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let app = match what {
            "bare" => bare(),
            _ => oauth_as(port).await,
        };
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
        axum::serve(listener, app).await.expect("a server");
    });
}

/// Bare axum; and under `/least` with what else nobody can leave out.
fn bare() -> Router {
    let least = Arc::new(Least::default());
    let with = |work: fn(&Least)| {
        let least = Arc::clone(&least);
        move |asked| {
            work(&least);
            form(asked)
        }
    };
    let known = Arc::clone(&least);
    let userinfo = async move || {
        known.find();
        Json(json!({ "sub": "alice", "email": "alice@example.com", "email_verified": true }))
    };
    let reads = Arc::new(Reads::new());
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/form", post(form))
        .route("/document", get(async || (PUBLIC, DOCUMENT)))
        .route("/keys", get(async || (PUBLIC, KEYS)))
        .route("/readyz", get(async || "ready"))
        .route("/least/issue", post(with(Least::issue)))
        .route(
            "/least/issue-signed",
            post(with(|least| {
                least.issue();
                least.sign();
            })),
        )
        .route("/least/refresh", post(with(Least::refresh)))
        .route(
            "/least/refresh-signed",
            post(with(|least| {
                least.refresh();
                least.sign();
            })),
        )
        .route("/least/code", post(with(Least::code)))
        .route(
            "/least/code-signed",
            post(with(|least| {
                least.code();
                least.sign();
            })),
        )
        .route("/least/introspection", post(with(Least::find)))
        .route("/least/userinfo", get(userinfo))
        .route(
            "/least/reads",
            get(async move || {
                reads.of_a_page();
                "hello"
            }),
        )
}

/// What any handler does that reads a form and answers a kilobyte of JSON.
async fn form(Form(form): Form<BTreeMap<String, String>>) -> Json<Value> {
    Json(json!({
        "access_token": "x".repeat(800), "token_type": "Bearer", "expires_in": 600, "scope": form.get("scope"),
    }))
}

async fn oauth_as(port: u16) -> Router {
    let issuer = format!("http://localhost:{port}");
    let mut config = ServerConfig::new(issuer.clone(), format!("{issuer}/device"));
    config.par = Some(Box::new(ParConfig::new()));
    let server = Arc::new(AuthorizationServer::new(config, MemoryStorage::new()));
    let scopes = || ScopeSet::from_tokens(["read", "email"]).expect("a scope");
    let client = Client {
        client_id: ClientId::new(CLIENT),
        auth: ClientAuth::ConfidentialSecretHash { hash: SecretHash::sha256(SECRET) },
        grant_types: vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
        ],
        redirect_uris: vec![CALLBACK.to_owned()],
        allowed_scopes: scopes(),
        default_scopes: scopes(),
        name: None,
        registration: None,
    };
    server.register_client(client).await.expect("a client");
    // Whoever asks is Alice, and she says yes.
    let service = ServiceBuilder::new(server)
        .with_subject_resolver(|_| Some(String::from("alice")))
        .with_approval_resolver(|_| ApprovalDecision::Approve)
        .build()
        .expect("a service");
    Router::from(service).route("/readyz", get(async || "ready"))
}
