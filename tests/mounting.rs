//! How the authorization server is mounted: what `Stack::authorization_server` sees to, and what a router of axum needs.

#[cfg(test)]
#[path = "mounting/host.rs"]
mod host;
#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::{ServiceBuilder, ServiceExt};
use towergate::{oauth_resource::ResourceLayer, verifier_of};

use host::{api, login_and_authorize, pages, server, status, with_layers};

#[tokio::test]
async fn other_sites_may_post_to_the_authorization_endpoint_and_to_what_the_host_named() {
    let server = server().await;
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
    let server = server().await;
    let guard = || ResourceLayer::new(verifier_of(&server));
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

#[tokio::test]
async fn an_account_layer_outside_the_scope_layer_says_which_layer_to_add() {
    let server = server().await;
    let app = pages().layer(ServiceBuilder::new().layer(server.account()).layer(server.browser()));
    let answer = app.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&text).contains("add `ScopeLayer::new()`"), "{text:?}");
}
