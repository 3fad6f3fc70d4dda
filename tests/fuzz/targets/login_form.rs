//! Whatever is posted to the sign-in page, nobody is signed in who did not know the password, and nothing breaks.

#![no_main]

use std::{
    convert::Infallible,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};
use tower::{ServiceBuilder, ServiceExt, service_fn};
use towergate_core::random::InsecureSeededRandom;
use towergate_fuzz::people_and_cookie;
use towergate_identity::{ports::memory::MemoryStore, rules::password::HashParams};
use towergate_login::{LoginRoutes, PasswordHasher, Site};
use towergate_pages::DefaultPages;
use towergate_session::SessionLayer;

/// Quick on purpose: what is looked at here is the form.
static HASHER: LazyLock<PasswordHasher> = LazyLock::new(|| {
    let cheap = HashParams::insecure_new(8, 1, 1).expect("parameters");
    PasswordHasher::new(cheap, Arc::new(InsecureSeededRandom::new(1))).expect("a hasher")
});
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));
static PEOPLE: LazyLock<MemoryStore> = LazyLock::new(|| people_and_cookie().0);

fuzz_target!(|text: &[u8]| {
    let host = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let login = LoginRoutes::new(PEOPLE.clone(), HASHER.clone(), Site::new(DefaultPages::new()));
    let service = ServiceBuilder::new().layer(SessionLayer::new(PEOPLE.clone())).layer(login).service(host);
    for text in [text.to_vec(), [text, b"&email=alice%40example.com&password=x"].concat()] {
        let request = Request::post("/login")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(text))
            .expect("a request");
        let Ok(answer) = RUNTIME.block_on(service.clone().oneshot(request));
        assert!(answer.status().is_client_error(), "{}", answer.status());
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
    }
});
