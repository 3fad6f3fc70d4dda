//! Whatever stands beside it, a session is found by its own cookie, and by nothing else.

#![no_main]

use std::{convert::Infallible, sync::LazyLock};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header::COOKIE};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tower::{Layer, service_fn};
use towergate_core::clock::ManualClock;
use towergate_fuzz::{NOW, answer, people_and_cookie};
use towergate_identity::ports::memory::MemoryStore;
use towergate_session::{Session, SessionLayer};

static HOUSE: LazyLock<(MemoryStore, String)> = LazyLock::new(people_and_cookie);

fuzz_target!(|beside: &[u8]| {
    let (store, cookie) = &*HOUSE;
    let inner = service_fn(async |request: Request<Full<Bytes>>| {
        let mut response = Response::new(Full::default());
        if Session::of(request.extensions()).is_ok_and(Session::is_anonymous) {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        Ok::<_, Infallible>(response)
    });
    let layer = SessionLayer::new(store.clone()).clock(std::sync::Arc::new(ManualClock::at(NOW)));
    let ask = |line: &[u8]| {
        let line = HeaderValue::from_bytes(line).ok()?;
        let request = Request::builder().header(COOKIE, line).body(Full::default()).expect("a request");
        Some(answer(layer.layer(inner), request).status())
    };
    assert_ne!(ask(beside), Some(StatusCode::OK), "a cookie was forged");
    if !beside.windows(10).any(|name| name == b"__Host-tgs") {
        for line in [[beside, b";", cookie.as_bytes()].concat(), [cookie.as_bytes(), b"; ", beside].concat()]
        {
            assert!(ask(&line).is_none_or(|status| status == StatusCode::OK), "the session was not found");
        }
    }
});
