//! Who is signed in, and who is turned away.

#![expect(clippy::unwrap_used, reason = "a test")]

#[cfg(test)]
mod house;

use std::convert::Infallible;

use bytes::Bytes;
use house::House;
use http::{Method as Verb, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Full};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use towergate_core::LocalPath;
use towergate_identity::rules::{login_proof::Method, session::SessionStage};
use towergate_scope::{CurrentScope, MissingScopeLayer, NoUser, RequireUserLayer, ScopeLayer};
use towergate_session::{MissingSessionLayer, Session, SessionError};

type Answer = Response<Full<Bytes>>;

/// Answers with the scope it was called in.
async fn inner(request: Request<()>) -> Result<Answer, Infallible> {
    let mut answer = Answer::default();
    if let Some(scope) = request.extensions().get::<CurrentScope>() {
        answer.extensions_mut().insert(scope.clone());
    }
    Ok(answer)
}

fn request(cookie: Option<&str>) -> Request<()> {
    let mut request = Request::new(());
    if let Some(cookie) = cookie {
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    }
    request
}

async fn scope(house: &House, cookie: Option<&str>) -> CurrentScope {
    let app = ServiceBuilder::new().layer(house.layer()).layer(ScopeLayer::new()).service_fn(inner);
    let answer = app.oneshot(request(cookie)).await.unwrap();
    CurrentScope::from_extensions(answer.extensions()).unwrap().clone()
}

async fn guarded(house: &House, request: Request<()>) -> Answer {
    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(ScopeLayer::new())
        .layer(RequireUserLayer::new(LocalPath::parse("/login").unwrap()))
        .service_fn(inner);
    app.oneshot(request).await.unwrap()
}

async fn text(answer: Answer) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn whoever_is_signed_in_is_known_with_all_that_clients_ask() {
    let house = House::new().await;
    let (cookie, session) = house.session(SessionStage::Complete).await;
    let scope = scope(&house, Some(&cookie)).await;
    assert_eq!(scope.user(), Some(house.alice));
    assert_eq!(scope.sign_in(), Some(session.sign_in));
    assert_eq!(scope.authenticated_at(), Some(session.authenticated_at));
    assert_eq!(scope.methods(), [Method::Password]);
    assert!(!scope.second_factor_due());
}

#[tokio::test]
async fn half_signed_in_is_nobody() {
    let house = House::new().await;
    let (cookie, _) = house.session(SessionStage::AwaitsSecondFactor).await;
    let scope = scope(&house, Some(&cookie)).await;
    assert_eq!(scope.user(), None);
    assert_eq!(scope.sign_in(), None);
    assert_eq!(scope.authenticated_at(), None);
    assert!(scope.methods().is_empty());
    assert!(scope.second_factor_due());

    let answer = guarded(&house, request(Some(&cookie))).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.extensions().get(), Some(&NoUser::SecondFactorDue));
}

#[tokio::test]
async fn half_signed_in_neither_sees_nor_ends_the_sessions_of_the_person() {
    let house = House::new().await;
    let (cookie, _) = house.session(SessionStage::AwaitsSecondFactor).await;
    let app = ServiceBuilder::new().layer(house.layer()).service_fn(async |request: Request<()>| {
        let session = Session::of(request.extensions()).unwrap();
        assert!(!session.is_anonymous());
        assert_eq!(session.user(), None);
        assert!(matches!(session.sessions().await, Err(SessionError::NoSession)));
        assert!(matches!(session.end_others().await, Err(SessionError::NoSession)));
        Ok::<_, Infallible>(Answer::default())
    });
    app.oneshot(request(Some(&cookie))).await.unwrap();
}

#[tokio::test]
async fn an_anonymous_visitor_is_nobody() {
    let scope = scope(&House::new().await, None).await;
    assert_eq!(scope.user(), None);
    assert!(!scope.second_factor_due());
}

#[tokio::test]
async fn only_somebody_signed_in_passes() {
    let house = House::new().await;
    let (cookie, _) = house.session(SessionStage::Complete).await;
    assert_eq!(guarded(&house, request(Some(&cookie))).await.status(), StatusCode::OK);
    let answer = guarded(&house, request(None)).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
    assert_eq!(answer.extensions().get(), Some(&NoUser::Anonymous));
}

#[tokio::test]
async fn a_person_who_navigates_is_sent_to_sign_in_and_back() {
    let house = House::new().await;
    let ask = |uri: &str, verb, accept: &str| {
        guarded(
            &house,
            Request::builder().uri(uri).method(verb).header(header::ACCEPT, accept).body(()).unwrap(),
        )
    };
    let browser = "text/html,application/xhtml+xml;q=0.9";
    let answer = ask("/a/b?c=d&e=%20", Verb::GET, browser).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/login?return_to=%2Fa%2Fb%3Fc%3Dd%26e%3D%2520");
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");

    // What would leave the host is not carried along.
    assert_eq!(ask("//evil.example/x", Verb::GET, browser).await.headers()[header::LOCATION], "/login");
    for (verb, accept) in [(Verb::POST, browser), (Verb::GET, "application/json"), (Verb::GET, "*/*")] {
        assert_eq!(ask("/a", verb, accept).await.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_sign_in_page_may_have_a_query_of_its_own() {
    let house = House::new().await;
    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(ScopeLayer::new())
        .layer(RequireUserLayer::new(LocalPath::parse("/in?theme=dark#form").unwrap()))
        .service_fn(inner);
    let request = Request::builder().uri("/a").header(header::ACCEPT, "text/html").body(()).unwrap();
    let answer = app.oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::LOCATION], "/in?theme=dark&return_to=%2Fa");
}

#[tokio::test]
async fn a_host_turns_away_in_its_own_words() {
    let house = House::new().await;
    let own = |request: &Parts, _: NoUser| {
        let mut answer = Answer::default();
        *answer.status_mut() = StatusCode::NOT_FOUND;
        answer.headers_mut().insert("x-asked", request.method.as_str().parse().unwrap());
        answer
    };
    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(ScopeLayer::new())
        .layer(RequireUserLayer::rejecting(own))
        .service_fn(inner);
    let answer = app.oneshot(request(None)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(answer.headers()["x-asked"], "GET");
    assert_eq!(answer.extensions().get(), Some(&NoUser::Anonymous));
}

#[tokio::test]
async fn people_are_sent_to_the_usual_sign_in_page_unless_told_otherwise() {
    let house = House::new().await;
    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(ScopeLayer::new())
        .layer(RequireUserLayer::default())
        .service_fn(inner);
    let visit = Request::builder().uri("/files").header(header::ACCEPT, "text/html").body(()).unwrap();
    let answer = app.oneshot(visit).await.unwrap();
    assert_eq!(answer.headers()[header::LOCATION], "/login?return_to=%2Ffiles");
}

#[tokio::test]
async fn a_missing_layer_is_named_with_how_to_add_it() {
    let answer =
        ServiceBuilder::new().layer(ScopeLayer::new()).service_fn(inner).oneshot(request(None)).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.extensions().get(), Some(&MissingSessionLayer));
    let told = text(answer).await;
    assert!(told.contains("SessionLayer is missing") && told.contains("SessionLayer::new(store)"), "{told}");

    // The wrong order is a missing layer too.
    let house = House::new().await;
    let app = ServiceBuilder::new().layer(ScopeLayer::new()).layer(house.layer()).service_fn(inner);
    let answer = app.oneshot(request(None)).await.unwrap();
    assert_eq!(answer.extensions().get(), Some(&MissingSessionLayer));

    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(RequireUserLayer::new(LocalPath::root()))
        .service(service_fn(inner));
    let answer = app.oneshot(request(None)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.extensions().get(), Some(&MissingScopeLayer));
    assert!(text(answer).await.contains("ScopeLayer::new()"));
}
