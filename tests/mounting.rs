//! How the authorization server is mounted: what `Stack::authorization_server` sees to, and what a router of axum needs.

#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::sync::Arc;

use axum::{Router, body::Body, routing::get};
use house::accounts::Accounts;
use http::{Request, StatusCode};
use tower::{ServiceBuilder, ServiceExt};
use towergate::{
    Stack,
    audit::AuditLayer,
    core::system::{OsRandom, SystemClock},
    identity::{self, rules::password::HashParams},
    login::{LoginRoutes, PasswordHasher},
    oauth::ports::memory::MemoryStore,
    oauth_resource::ResourceLayer,
    oauth_server::{AuthorizationServer, KeyRing},
    pages::DefaultPages,
    scope::ScopeLayer,
    session::SessionLayer,
    verifier_of,
};

type Server = AuthorizationServer<MemoryStore, Accounts, DefaultPages>;

async fn server() -> (Server, KeyRing) {
    house::server(&MemoryStore::new(), Arc::new(SystemClock), Arc::new(OsRandom::new())).await
}

/// A host's pages, and around them all that a browser needs.
fn with_layers(pages: Router, server: &Server) -> Router {
    let people = identity::ports::memory::MemoryStore::new();
    let hasher = PasswordHasher::new(HashParams::default(), Arc::new(OsRandom::new())).unwrap();
    let stack = Stack::new(AuditLayer::new())
        .accept_cross_origin_posts_to("/hook")
        .session(SessionLayer::new(people.clone()))
        .scope(ScopeLayer::new())
        .authorization_server(server);
    let login = LoginRoutes::new(people, hasher, DefaultPages::new());
    pages.layer(ServiceBuilder::new().layer(stack).layer(login).layer(server.browser()))
}

fn pages() -> Router {
    Router::new().route("/", get(|| async { "home" }))
}

fn api() -> Router {
    Router::new().route("/api/me", get(|| async { "me" }))
}

async fn status(app: &Router, request: http::request::Builder) -> StatusCode {
    app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

/// What the sign-in page and the authorization endpoint answer: 200, and 400 for a client that nobody knows.
async fn login_and_authorize(app: &Router) -> [StatusCode; 2] {
    [
        status(app, Request::get("/login")).await,
        status(app, Request::get("/oauth/authorize?client_id=x")).await,
    ]
}

#[tokio::test]
async fn other_sites_may_post_to_the_authorization_endpoint_and_to_what_the_host_named() {
    let (server, _) = server().await;
    let app = with_layers(pages().fallback(|| async { "else" }), &server);
    let from_another_site = |path: &str| Request::post(path).header("sec-fetch-site", "cross-site");
    assert_eq!(status(&app, from_another_site("/oauth/authorize")).await, StatusCode::BAD_REQUEST);
    assert_eq!(status(&app, from_another_site("/hook")).await, StatusCode::OK);
    for path in ["/login", "/logout", "/", "/oauth/authorize/", "/hook/more"] {
        assert_eq!(status(&app, from_another_site(path)).await, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_router_merged_without_a_fallback_loses_the_layers_paths_and_one_with_it_keeps_them() {
    let (server, keys) = server().await;
    let guard = || ResourceLayer::new(verifier_of(&server, &keys));
    let lost = with_layers(pages(), &server).merge(api().layer(guard()));
    assert_eq!(login_and_authorize(&lost).await, [StatusCode::UNAUTHORIZED; 2], "the API's guard answers");
    let lost = with_layers(pages(), &server).merge(api().route_layer(guard()));
    assert_eq!(login_and_authorize(&lost).await, [StatusCode::NOT_FOUND; 2], "nobody answers");

    let whole = || with_layers(pages().fallback(|| async { StatusCode::NOT_FOUND }), &server);
    for guarded in [api().route_layer(guard()), api().layer(guard())] {
        for app in [guarded.clone().merge(whole()), whole().merge(guarded)] {
            assert_eq!(login_and_authorize(&app).await, [StatusCode::OK, StatusCode::BAD_REQUEST]);
            assert_eq!(status(&app, Request::get("/api/me")).await, StatusCode::UNAUTHORIZED);
            assert_eq!(status(&app, Request::get("/nowhere")).await, StatusCode::NOT_FOUND);
        }
    }
}
