//! What the layer lets through, and what it answers to the rest.

#[cfg(test)]
mod app;

use std::{sync::Arc, time::Duration};

use app::{App, NOW, POST, from, status};
use futures_util::FutureExt;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use towergate_client_address::{ClientAddress, MissingClientAddressLayer};
use towergate_core::{StoreError, clock::ManualClock};
use towergate_rate_limit::{Limit, MemoryStore, RateLimited, RateScope, RateStore};

const MINUTE: Duration = Duration::from_secs(60);

fn three() -> Limit {
    Limit::new("law", 3, MINUTE)
}

#[tokio::test]
async fn an_address_asks_so_often_and_waits_then() {
    let app = App::guarding(three());
    for _ in 0..3 {
        assert_eq!(status(&app, from("192.0.2.1")).await, StatusCode::OK);
    }
    let refused = app.ask(from("192.0.2.1")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "20");
    let reason = RateLimited::TooMany { limit: "law", scope: RateScope::Address, wait: MINUTE / 3 };
    assert_eq!(refused.extensions().get(), Some(&reason));
    app.clock.advance(MINUTE / 3);
    assert_eq!(status(&app, from("192.0.2.1")).await, StatusCode::OK);
    assert_eq!(app.bodies(), 4);
}

#[tokio::test]
async fn no_body_is_read_of_whoever_is_refused() {
    let app = App::guarding(Limit::new("law", 1, MINUTE));
    status(&app, from("192.0.2.1")).await;
    // A body that never ends holds nobody.
    let endless = app::endless(from("192.0.2.1"));
    let refused = app.ask_any(endless).now_or_never().unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_success_empties_no_bucket() {
    // The inner service answers each with success; what was counted stays counted.
    let app = App::guarding(three());
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(status(&app, from("192.0.2.1")).await);
    }
    let refused = StatusCode::TOO_MANY_REQUESTS;
    assert_eq!(answers, [StatusCode::OK, StatusCode::OK, StatusCode::OK, refused, refused, refused]);
}

#[tokio::test]
async fn whoever_has_a_network_of_addresses_is_limited_with_them() {
    for network in ["192.0.2.", "2001:db8:1:"] {
        let app = App::guarding(three());
        let of = |n: u32| match network {
            "192.0.2." => from(&format!("192.0.2.{n}")),
            _ => from(&format!("2001:db8:1:{n:x}::1")),
        };
        for n in 0..30 {
            assert_eq!(status(&app, of(n)).await, StatusCode::OK, "{network} {n}");
        }
        let refused = app.ask(of(99)).await;
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let scope = refused.extensions().get::<RateLimited>();
        assert!(matches!(scope, Some(RateLimited::TooMany { scope: RateScope::Network, .. })), "{scope:?}");
        assert_eq!(status(&app, from("198.51.100.1")).await, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_addresses_of_one_subscriber_are_one() {
    let app = App::guarding(three());
    for n in 0..3 {
        assert_eq!(status(&app, from(&format!("2001:db8::{n}"))).await, StatusCode::OK);
    }
    assert_eq!(status(&app, from("2001:db8::ffff")).await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn whoever_is_unknown_is_limited_with_all_who_are() {
    let app = App::guarding(three());
    for _ in 0..30 {
        assert_eq!(status(&app, Some(ClientAddress::UNKNOWN)).await, StatusCode::OK);
    }
    let refused = app.ask(Some(ClientAddress::UNKNOWN)).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status(&app, from("192.0.2.1")).await, StatusCode::OK);
}

#[tokio::test]
async fn a_layer_that_is_missing_is_named() {
    let app = App::guarding(three());
    let refused = app.ask(None).await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(refused.extensions().get::<MissingClientAddressLayer>().is_some());
    let text = refused.into_body().collect().await.unwrap().to_bytes();
    assert!(text.starts_with(b"ClientAddressLayer is missing: add `ClientAddressLayer::new()`"), "{text:?}");
}

#[tokio::test]
async fn other_paths_and_methods_pass() {
    let app = App::guarding(Limit::new("law", 1, MINUTE));
    status(&app, from("192.0.2.1")).await;
    for (method, path) in [(Method::GET, POST), (Method::POST, "/other"), (Method::PUT, POST)] {
        for address in [from("192.0.2.1"), None] {
            let request = app::request(Request::builder().method(method.clone()).uri(path), address);
            assert_eq!(app.ask_any(request).await.status(), StatusCode::OK, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_and_a_program_a_line() {
    let app = App::guarding(Limit::new("law", 1, MINUTE));
    status(&app, from("192.0.2.1")).await;
    for (accept, media) in [
        ("text/html,application/xhtml+xml;q=0.9", "text/html; charset=utf-8"),
        ("application/json", "text/plain; charset=utf-8"),
    ] {
        let request = Request::post(POST).header(header::ACCEPT, accept);
        let refused = app.ask_any(app::request(request, from("192.0.2.1"))).await;
        assert_eq!(refused.headers()[header::CONTENT_TYPE], media);
        assert_eq!(refused.headers()[header::CACHE_CONTROL], "no-store");
        let text = refused.into_body().collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&text).contains("Please wait a while before you try again."));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_lets_no_more_through_than_the_limit() {
    let app = Arc::new(App::guarding(Limit::new("law", 7, MINUTE)));
    let burst: Vec<_> = (0..100)
        .map(|_| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { status(&app, from("192.0.2.1")).await })
        })
        .collect();
    let mut passed = 0;
    for one in burst {
        passed += u32::from(one.await.unwrap() == StatusCode::OK);
    }
    assert_eq!((passed, app.bodies()), (7, 7));
}

/// A store that fails.
#[derive(Clone)]
struct Failing(fn() -> StoreError);

impl RateStore for Failing {
    async fn take(
        &self,
        _: Vec<towergate_rate_limit::Bucket>,
        _: towergate_core::Timestamp,
    ) -> Result<towergate_rate_limit::Taking, StoreError> {
        Err((self.0)())
    }
}

#[tokio::test]
async fn a_store_that_fails_lets_nobody_through() {
    let away = Failing(|| StoreError::unavailable("gone"));
    let broken = Failing(|| StoreError::Refused(String::from("no")));
    for (store, code, retry, reason) in [
        (away, StatusCode::SERVICE_UNAVAILABLE, Some("1"), RateLimited::Unavailable),
        (broken, StatusCode::INTERNAL_SERVER_ERROR, None, RateLimited::Broken),
    ] {
        let app = App::over(store, three(), Arc::new(ManualClock::at(NOW)));
        let refused = app.ask(from("192.0.2.1")).await;
        assert_eq!(refused.status(), code);
        assert_eq!(refused.headers().get(header::RETRY_AFTER).map(|value| value.to_str().unwrap()), retry);
        assert_eq!(refused.extensions().get(), Some(&reason));
        assert_eq!(app.bodies(), 0);
    }
}

#[tokio::test]
async fn limits_of_one_name_share_their_buckets() {
    let store = MemoryStore::new();
    let clock = Arc::new(ManualClock::at(NOW));
    let [one, other] =
        [(); 2].map(|()| App::over(store.clone(), Limit::new("law", 1, MINUTE), clock.clone()));
    assert_eq!(status(&one, from("192.0.2.1")).await, StatusCode::OK);
    assert_eq!(status(&other, from("192.0.2.1")).await, StatusCode::TOO_MANY_REQUESTS);
}
