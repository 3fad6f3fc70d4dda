//! The layers around a service.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{ServiceBuilder, ServiceExt, layer::layer_fn};
use tower_service::Service;
use towergate_client_address::ClientAddress;
use towergate_core::StoreError;
use towergate_identity::rules::api_token::ApiTokenFailure;

use super::{Body, Town, permission, random};
use crate::{
    ApiCaller, ApiTokenLayer, Attenuation, EitherBearerLayer, Refusal, RequirePermissionLayer, attenuate,
};

/// Says who asks.
async fn who(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let who = match ApiCaller::from_extensions(request.extensions()) {
        Ok(Some(caller)) => caller.token().to_string(),
        Ok(None) => String::from("nobody"),
        Err(_) => String::from("not looked"),
    };
    Ok(Response::new(Body::from(who)))
}

impl Town {
    fn layer(&self) -> ApiTokenLayer<towergate_identity::ports::memory::MemoryStore> {
        ApiTokenLayer::new(self.tokens.clone()).clock(self.clock.clone())
    }
}

fn show(token: &str) -> Request<Body> {
    Request::get("/api")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::default())
        .unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn a_request_without_a_token_passes_untouched() {
    let town = Town::new().await;
    let app = ServiceBuilder::new().layer(town.layer()).service_fn(who);
    for request in [Request::get("/").body(Body::default()).unwrap(), show("eyJhbGciOiJFUzI1NiJ9.e30.x")] {
        assert_eq!(text(app.clone().oneshot(request).await.unwrap()).await, "nobody");
    }
    let with_cookie = Request::get("/").header(header::COOKIE, "__Host-tgs=x").body(Body::default()).unwrap();
    assert_eq!(text(app.oneshot(with_cookie).await.unwrap()).await, "nobody");
}

#[tokio::test]
async fn a_caller_from_outside_is_not_believed() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let app = ServiceBuilder::new().layer(town.layer()).service_fn(who);
    let mut request = Request::get("/").body(Body::default()).unwrap();
    let token = made.record.id;
    let caller = ApiCaller { user: super::ALICE, token, permissions: std::sync::Arc::default() };
    request.extensions_mut().insert(caller);
    assert_eq!(text(app.oneshot(request).await.unwrap()).await, "nobody");
}

#[tokio::test]
async fn a_permission_is_asked_for() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let app = |word| {
        let require = RequirePermissionLayer::new(permission(word));
        ServiceBuilder::new().layer(town.layer()).layer(require).service_fn(who)
    };
    let passed = app("read").oneshot(show(made.text.expose())).await.unwrap();
    assert_eq!(text(passed).await, made.record.id.to_string());
    let refused = app("write").oneshot(show(made.text.expose())).await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(
        refused.headers()[header::WWW_AUTHENTICATE],
        r#"Bearer realm="api", error="insufficient_scope", error_description="The token lacks a permission.", scope="write""#
    );
    assert_eq!(refused.extensions().get(), Some(&Refusal::InsufficientScope(permission("write"))));
    let nobody = app("read").oneshot(Request::get("/").body(Body::default()).unwrap()).await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.headers()[header::WWW_AUTHENTICATE], r#"Bearer realm="api""#);
    assert_eq!(nobody.headers()[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn a_missing_layer_is_named() {
    let require = RequirePermissionLayer::new(permission("read"));
    let app = ServiceBuilder::new().layer(require).service_fn(who);
    let response = app.oneshot(show("tg_api_x")).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(text(response).await.contains("ApiTokenLayer::new(tokens)"));
}

#[tokio::test]
async fn a_token_that_is_not_good_is_challenged() {
    let town = Town::new().await;
    let app = ServiceBuilder::new().layer(town.layer()).service_fn(who);
    let response = app.oneshot(show("tg_api_AAAA")).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains(r#"error="invalid_token""#), "{challenge}");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let refusal = Refusal::InvalidToken(ApiTokenFailure::Unreadable);
    assert_eq!(response.extensions().get(), Some(&refusal));
}

#[tokio::test]
async fn a_token_beside_a_session_is_refused() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let app = ServiceBuilder::new().layer(town.layer()).service_fn(who);
    for cookie in ["__Host-tgs=whatever", "a=b; tgs=1", "__Host-tgr=x"] {
        let mut request = show(made.text.expose());
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.extensions().get(), Some(&Refusal::BesideSession));
    }
    let mut twice = show(made.text.expose());
    twice.headers_mut().append(header::AUTHORIZATION, "Basic YTpi".parse().unwrap());
    let response = app.oneshot(twice).await.unwrap();
    assert_eq!(response.extensions().get(), Some(&Refusal::InvalidRequest));
}

#[tokio::test]
async fn method_path_and_address_are_those_of_the_request() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let narrow = Attenuation::new()
        .only_methods([Method::GET])
        .only_below(crate::PathPrefix::parse("/api").unwrap())
        .only_from([[203, 0, 113, 7].into()]);
    let token = attenuate(made.text.expose(), &narrow, &random()).unwrap();
    let app = ServiceBuilder::new().layer(town.layer()).service_fn(who);
    let from = |mut request: Request<Body>, last: u8| {
        let ip: std::net::IpAddr = [203, 0, 113, last].into();
        request.extensions_mut().insert(ClientAddress::from(ip));
        request
    };
    let status = async |request| app.clone().oneshot(request).await.unwrap().status();
    assert_eq!(status(from(show(token.expose()), 7)).await, StatusCode::OK);
    assert_eq!(status(from(show(token.expose()), 8)).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(show(token.expose())).await, StatusCode::UNAUTHORIZED, "nobody says from where");
    let mut post = from(show(token.expose()), 7);
    *post.method_mut() = Method::POST;
    assert_eq!(status(post).await, StatusCode::UNAUTHORIZED);
    let mut elsewhere = from(show(token.expose()), 7);
    *elsewhere.uri_mut() = "/admin?x=/api".parse().unwrap();
    assert_eq!(status(elsewhere).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_bearer_token_is_left_to_another_layer() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let ours = ServiceBuilder::new()
        .layer(town.layer())
        .layer(RequirePermissionLayer::new(permission("read")))
        .into_inner();
    let teapot = layer_fn(|_| {
        tower::service_fn(async |_: Request<Body>| {
            let mut response = Response::new(Body::default());
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
            Ok::<_, Infallible>(response)
        })
    });
    let app = ServiceBuilder::new().layer(EitherBearerLayer::new(ours, teapot)).service_fn(who);
    let status = async |request| app.clone().oneshot(request).await.unwrap().status();
    assert_eq!(status(show(made.text.expose())).await, StatusCode::OK);
    assert_eq!(status(show("eyJhbGciOiJFUzI1NiJ9.e30.x")).await, StatusCode::IM_A_TEAPOT);
    assert_eq!(status(Request::get("/").body(Body::default()).unwrap()).await, StatusCode::IM_A_TEAPOT);
    let mut both = show("eyJ");
    both.headers_mut().append(header::AUTHORIZATION, "Bearer tg_api_x".parse().unwrap());
    assert_eq!(status(both).await, StatusCode::BAD_REQUEST, "no way around the one by the other");
}

#[test]
fn a_store_that_is_away_lets_nobody_in() {
    let away = crate::CheckError::Store(StoreError::Unavailable("gone".into()));
    assert_eq!(crate::service::refusal(&away), Refusal::Unavailable);
    let response: Response<Bytes> = crate::rejection::response(Refusal::Unavailable, &crate::JsonRejection);
    assert_eq!(
        (response.status(), &response.headers()[header::RETRY_AFTER]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
}

/// The instance that was ready takes the call.
#[tokio::test]
async fn the_service_that_was_ready_is_called() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let mut app = town.layer().layer_over_ready();
    std::future::poll_fn(|context| app.poll_ready(context)).await.unwrap();
    assert_eq!(app.call(show(made.text.expose())).await.unwrap().status(), StatusCode::OK);
}

impl<S: Clone> ApiTokenLayer<S> {
    fn layer_over_ready(&self) -> crate::ApiTokenService<Ready, S> {
        tower_layer::Layer::layer(self, Ready(false))
    }
}

/// Panics when it is called before it was asked whether it is ready; a clone was not asked.
struct Ready(bool);

impl Clone for Ready {
    fn clone(&self) -> Self {
        Self(false)
    }
}

impl Service<Request<Body>> for Ready {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        self.0 = true;
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        assert!(self.0, "called without being ready");
        std::future::ready(Ok(Response::new(Body::default())))
    }
}
