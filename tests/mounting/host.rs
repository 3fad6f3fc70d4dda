//! A host in two routers: pages with all the layers, and an API.

use std::sync::Arc;

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use tower::{ServiceBuilder, ServiceExt};
use towergate::{
    Stack,
    audit::AuditLayer,
    core::system::{OsRandom, SystemClock},
    identity::{self, rules::password::HashParams},
    login::{LoginRoutes, PasswordHasher, Site},
    oauth::ports::memory::MemoryStore,
    oauth_server::AuthorizationServer,
    pages::DefaultPages,
    scope::ScopeLayer,
    session::SessionLayer,
};

use crate::house::{self, accounts::Accounts};

pub(crate) type Server = AuthorizationServer<MemoryStore, Accounts, DefaultPages>;

pub(crate) async fn server() -> Server {
    house::server(&MemoryStore::new(), Arc::new(SystemClock), Arc::new(OsRandom::new())).await
}

/// A host's pages, and around them all that a browser needs.
pub(crate) fn with_layers(pages: Router, server: &Server) -> Router {
    let people = identity::ports::memory::MemoryStore::new();
    let hasher = PasswordHasher::new(HashParams::default(), Arc::new(OsRandom::new()))
        .expect("the host is put together");
    let stack = Stack::new(AuditLayer::new())
        .accept_cross_origin_posts_to("/hook")
        .session(SessionLayer::new(people.clone()))
        .scope(ScopeLayer::new())
        .authorization_server(server);
    let login = LoginRoutes::new(people, hasher, Site::new(DefaultPages::new()));
    pages.layer(ServiceBuilder::new().layer(stack).layer(login).layer(server.browser()))
}

pub(crate) fn pages() -> Router {
    Router::new().route("/", get(|| async { "home" }))
}

pub(crate) fn api() -> Router {
    Router::new().route("/api/me", get(|| async { "me" }))
}

pub(crate) async fn status(app: &Router, request: http::request::Builder) -> StatusCode {
    app.clone()
        .oneshot(request.body(Body::empty()).expect("the host is put together"))
        .await
        .expect("it works")
        .status()
}

/// What the sign-in page and the authorization endpoint answer: 200, and 400 for a client that nobody knows.
pub(crate) async fn login_and_authorize(app: &Router) -> [StatusCode; 2] {
    [
        status(app, Request::get("/login")).await,
        status(app, Request::get("/oauth/authorize?client_id=x")).await,
    ]
}
