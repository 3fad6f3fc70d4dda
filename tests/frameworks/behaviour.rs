//! What must hold in every framework.

use std::future::Future;

use http::StatusCode;

use crate::{
    apps::{Layers, PASSWORD, Running},
    browser::Browser,
};

const COOKIE: &str = "__Host-tgs";

async fn started<F: Future<Output = Running>>(app: impl FnOnce(Layers) -> F) -> (Browser, Running) {
    let running = app(Layers::InOrder).await;
    (Browser::at(running.address), running)
}

async fn signed_in<F: Future<Output = Running>>(app: impl FnOnce(Layers) -> F) -> (Browser, Running) {
    let (mut browser, running) = started(app).await;
    let form = format!("email=alice%40example.com&password={}&return_to=%2F", PASSWORD.replace(' ', "+"));
    let answer = browser.post("/login", &form).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    (browser, running)
}

pub(crate) async fn a_stranger_is_nobody_and_costs_no_write<F: Future<Output = Running>>(
    app: impl FnOnce(Layers) -> F,
) {
    let (mut browser, running) = started(app).await;
    let before = running.store.events().len();
    let answer = browser.get("/").await;
    assert_eq!(answer.text, "nobody");
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(running.store.events().len(), before);
}

pub(crate) async fn signing_in_sets_a_guarded_cookie_and_a_new_identifier<F: Future<Output = Running>>(
    app: impl FnOnce(Layers) -> F,
) {
    let (mut browser, running) = signed_in(app).await;
    assert_ne!(browser.get("/").await.text, "nobody");
    let first = browser.cookies[COOKIE].clone();
    let form = format!("email=alice%40example.com&password={}", PASSWORD.replace(' ', "+"));
    let answer = browser.post("/login", &form).await;
    assert_ne!(browser.cookies[COOKIE], first, "a second sign-in has an identifier of its own");
    assert_eq!(answer.header("cache-control"), "no-store");
    let cookie = answer.header("set-cookie").to_ascii_lowercase();
    for guard in ["secure", "httponly", "samesite=lax", "path=/"] {
        assert!(cookie.split("; ").any(|part| part == guard), "{guard} is missing in {cookie}");
    }
    assert!(!cookie.contains("domain="), "{cookie}");
    let mut thief = Browser::at(running.address);
    thief.cookies.insert(COOKIE.into(), first);
    assert_eq!(thief.get("/").await.text, "nobody", "the first identifier is dead");
}

pub(crate) async fn a_change_survives_an_answer_of_500<F: Future<Output = Running>>(
    app: impl FnOnce(Layers) -> F,
) {
    let (mut browser, _running) = signed_in(app).await;
    assert_eq!(browser.get("/keep-and-break").await.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(browser.get("/word").await.text, "kept");
}

pub(crate) async fn signing_out_ends_the_session_on_the_server<F: Future<Output = Running>>(
    app: impl FnOnce(Layers) -> F,
) {
    let (mut browser, _running) = signed_in(app).await;
    let kept = browser.cookies.clone();
    assert_eq!(browser.post("/logout", "").await.status, StatusCode::SEE_OTHER);
    assert!(browser.cookies.is_empty());
    browser.cookies = kept;
    assert_eq!(browser.get("/").await.text, "nobody", "an old cookie is worth nothing");
}

pub(crate) async fn a_torn_cookie_is_cleared_and_its_bearer_is_nobody<F: Future<Output = Running>>(
    app: impl FnOnce(Layers) -> F,
) {
    let (mut browser, _running) = signed_in(app).await;
    let whole = browser.cookies[COOKIE].clone();
    browser.cookies.insert(COOKIE.into(), whole.chars().take(40).collect());
    let answer = browser.get("/").await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, "nobody"));
    assert!(browser.cookies.is_empty());
}

pub(crate) async fn a_form_from_another_site_is_refused<F: Future<Output = Running>>(
    app: impl FnOnce(Layers) -> F,
) {
    let (mut browser, _running) = signed_in(app).await;
    assert_eq!(browser.post_from_another_site("/logout", "").await.status, StatusCode::FORBIDDEN);
    assert_ne!(browser.get("/").await.text, "nobody");
}

pub(crate) async fn each_answer_names_its_request<F: Future<Output = Running>>(
    app: impl FnOnce(Layers) -> F,
) {
    let (mut browser, _running) = started(app).await;
    let (first, second) = (browser.get("/").await, browser.get("/").await);
    assert_eq!(first.header("x-request-id").len(), 36);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

pub(crate) async fn a_missing_layer_is_named<F: Future<Output = Running>>(app: impl FnOnce(Layers) -> F) {
    let running = app(Layers::WithoutSession).await;
    let answer = Browser::at(running.address).get("/").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.text.contains("SessionLayer"), "{}", answer.text);
}
