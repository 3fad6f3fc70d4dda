//! Who signed in strongly and lately enough, and who is asked to do so again.

#![expect(clippy::unwrap_used, reason = "a test")]

#[cfg(test)]
mod house;

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use house::House;
use http::{Method as Verb, Request, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Full};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use towergate_core::{Clock, LocalPath};
use towergate_identity::rules::{
    level::Level,
    login_proof::Method::{self, Otp, Password},
    session::SessionStage::{self, AwaitsSecondFactor, Complete},
};
use towergate_scope::{
    MissingRequireLevelLayer, MissingScopeLayer, NotSteppedUp, RequireLevelLayer, ScopeLayer, SteppedUp,
};

type Answer = Response<Full<Bytes>>;

const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// Answers with the proof it was called with.
async fn inner(request: Request<()>) -> Result<Answer, Infallible> {
    let mut answer = Answer::default();
    answer.extensions_mut().insert(SteppedUp::from_extensions(request.extensions()).unwrap().clone());
    Ok(answer)
}

fn layer() -> RequireLevelLayer {
    RequireLevelLayer::new(LocalPath::parse("/login").unwrap())
}

async fn ask(house: &House, layer: RequireLevelLayer, cookie: Option<&str>) -> Answer {
    ask_by(house, layer, cookie, Verb::POST, "*/*").await
}

async fn ask_by(
    house: &House,
    layer: RequireLevelLayer,
    cookie: Option<&str>,
    verb: Verb,
    accept: &str,
) -> Answer {
    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(ScopeLayer::new())
        .layer(layer.clock(house.clock.clone()))
        .service_fn(inner);
    let mut request = Request::builder().method(verb).uri("/a?b=c").header(header::ACCEPT, accept);
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    app.oneshot(request.body(()).unwrap()).await.unwrap()
}

fn reason(answer: &Answer) -> Option<NotSteppedUp> {
    answer.extensions().get().copied()
}

#[tokio::test]
async fn whoever_passes_carries_the_proof() {
    let house = House::new().await;
    let (cookie, session) = house.session_by(Complete, &[Password, Otp]).await;
    let answer = ask(&house, layer().level(Level::TwoFactors).max_age(FIVE_MINUTES), Some(&cookie)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let proof = SteppedUp::from_extensions(answer.extensions()).unwrap();
    assert_eq!((proof.user(), proof.sign_in()), (house.alice, session.sign_in));
    assert_eq!((proof.level(), proof.authenticated_at()), (Level::TwoFactors, session.authenticated_at));
}

#[tokio::test]
async fn a_proof_is_fresh_to_its_last_millisecond() {
    let house = House::new().await;
    let (cookie, _) = house.session(Complete).await;
    let strict = || layer().max_age(FIVE_MINUTES);
    house.clock.advance(FIVE_MINUTES);
    assert_eq!(ask(&house, strict(), Some(&cookie)).await.status(), StatusCode::OK);
    house.clock.advance(Duration::from_millis(1));
    let answer = ask(&house, strict(), Some(&cookie)).await;
    assert_eq!((answer.status(), reason(&answer)), (StatusCode::FORBIDDEN, Some(NotSteppedUp::TooOld)));
    assert_eq!(ask(&house, layer(), Some(&cookie)).await.status(), StatusCode::OK, "no age is asked for");
}

#[tokio::test]
async fn a_clock_that_was_set_back_keeps_no_proof_fresh() {
    let house = House::new().await;
    let (cookie, session) = house.session(Complete).await;
    let strict = || layer().max_age(FIVE_MINUTES);
    house.clock.set(session.authenticated_at.minus(Duration::from_secs(60)));
    assert_eq!(ask(&house, strict(), Some(&cookie)).await.status(), StatusCode::OK);
    house.clock.set(house.clock.now().minus(Duration::from_millis(1)));
    assert_eq!(reason(&ask(&house, strict(), Some(&cookie)).await), Some(NotSteppedUp::TooOld));
}

#[tokio::test]
async fn two_factors_are_not_one() {
    let house = House::new().await;
    let too_weak = NotSteppedUp::TooWeak { asked: Level::TwoFactors };
    for methods in [&[Password][..], &[Otp], &[Password, Password]] {
        let (cookie, _) = house.session_by(Complete, methods).await;
        let answer = ask(&house, layer().level(Level::TwoFactors), Some(&cookie)).await;
        assert_eq!((answer.status(), reason(&answer)), (StatusCode::FORBIDDEN, Some(too_weak)));
        assert_eq!(ask(&house, layer(), Some(&cookie)).await.status(), StatusCode::OK);
    }
    let none: &[Method] = &[];
    let (cookie, _) = house.session_by(Complete, none).await;
    let too_weak = NotSteppedUp::TooWeak { asked: Level::OneFactor };
    assert_eq!(reason(&ask(&house, layer(), Some(&cookie)).await), Some(too_weak));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_nobody_here_either() {
    let house = House::new().await;
    let (half, _) = house.session_by(AwaitsSecondFactor, &[Password, Otp]).await;
    for (cookie, why) in [(None, NotSteppedUp::Anonymous), (Some(&half), NotSteppedUp::SecondFactorDue)] {
        let answer = ask(&house, layer(), cookie.map(String::as_str)).await;
        assert_eq!((answer.status(), reason(&answer)), (StatusCode::UNAUTHORIZED, Some(why)));
        assert!(answer.headers().contains_key(header::WWW_AUTHENTICATE));
    }
}

#[tokio::test]
async fn a_person_who_navigates_is_asked_again_and_comes_back() {
    let house = House::new().await;
    let (cookie, _) = house.session(SessionStage::Complete).await;
    house.clock.advance(Duration::from_secs(301));
    let strict = || layer().max_age(FIVE_MINUTES);
    let html = "text/html,application/xhtml+xml;q=0.9";
    for cookie in [Some(cookie.as_str()), None] {
        let answer = ask_by(&house, strict(), cookie, Verb::GET, html).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/login?return_to=%2Fa%3Fb%3Dc");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
    for (verb, accept) in [(Verb::POST, html), (Verb::GET, "application/json"), (Verb::HEAD, html)] {
        let answer = ask_by(&house, strict(), Some(&cookie), verb, accept).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
}

#[tokio::test]
async fn a_host_asks_in_its_own_words() {
    let house = House::new().await;
    let own = |request: &Parts, reason: NotSteppedUp| {
        Answer::new(Full::from(format!("{} {reason}", request.uri.path())))
    };
    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(ScopeLayer::new())
        .layer(RequireLevelLayer::rejecting(own))
        .service_fn(inner);
    let answer = app.oneshot(Request::builder().uri("/a").body(()).unwrap()).await.unwrap();
    assert_eq!(reason(&answer), Some(NotSteppedUp::Anonymous));
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "/a nobody is signed in");
}

#[tokio::test]
async fn a_missing_layer_is_named_with_how_to_add_it() {
    let house = House::new().await;
    let app = ServiceBuilder::new()
        .layer(house.layer())
        .layer(RequireLevelLayer::default())
        .service(service_fn(inner));
    let answer = app.oneshot(Request::new(())).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.extensions().get(), Some(&MissingScopeLayer));

    let missing = SteppedUp::from_extensions(Request::new(()).extensions()).unwrap_err();
    assert_eq!(missing, MissingRequireLevelLayer);
    assert!(missing.to_string().contains("RequireLevelLayer::new(login)"));
}

#[tokio::test]
async fn a_person_who_navigates_with_one_factor_is_asked_for_two() {
    let house = House::new().await;
    let (cookie, _) = house.session_by(Complete, &[Password]).await;
    let strong = layer().level(Level::TwoFactors);
    let answer = ask_by(&house, strong, Some(&cookie), Verb::GET, "text/html").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/login?return_to=%2Fa%3Fb%3Dc&acr_values=2");
}

#[tokio::test]
async fn whoever_is_only_remembered_is_asked_for_one_factor_and_not_for_two() {
    let house = House::new().await;
    let (cookie, _) = house.session_by(Complete, &[Method::Remembered]).await;
    for layer in [layer(), layer().max_age(FIVE_MINUTES)] {
        let answer = ask_by(&house, layer, Some(&cookie), Verb::GET, "text/html").await;
        let too_weak = NotSteppedUp::TooWeak { asked: Level::OneFactor };
        assert_eq!((answer.status(), reason(&answer)), (StatusCode::SEE_OTHER, Some(too_weak)));
        assert_eq!(answer.headers()[header::LOCATION], "/login?return_to=%2Fa%3Fb%3Dc");
    }
    let answer =
        ask_by(&house, layer().level(Level::TwoFactors), Some(&cookie), Verb::GET, "text/html").await;
    assert!(answer.headers()[header::LOCATION].to_str().unwrap().ends_with("&acr_values=2"));
    assert_eq!(ask(&house, layer().level(Level::Remembered), Some(&cookie)).await.status(), StatusCode::OK);
}
