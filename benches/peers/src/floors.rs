//! Layers that do only what cannot be left out: what nobody could go below.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock},
    task::{Context, Poll},
};

use axum::{Router, body::Body, routing::get};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, header::COOKIE};
use sha2::{Digest, Sha256};
use tower::{Layer, Service, util::MapRequestLayer};

use crate::stacks::Page;

/// The name of the page behind a layer that knows sessions, and does nothing else.
pub const SESSION: &str = "least session layer";
/// The name of the page behind a layer that leaves a word in each request.
pub const EXTENSION: &str = "one extension";

const COOKIE_NAME: &[u8] = b"session=";
const NOW: u64 = 1_800_000_000;

/// A page behind a layer that finds the cookie, hashes its secret, looks the session up, and leaves it in the request. It changes and ends
/// none, keeps no record, and does not compare in constant time.
#[must_use]
pub fn session() -> Page {
    let secret = [7; 32];
    let known = Arc::new(Known { user: 7, ends: NOW + 1 });
    let sessions = HashMap::from([(hash(secret), known)]);
    let app = Router::new()
        .route(
            "/me",
            get(async |request: Request<Body>| {
                let known = request.extensions().get::<Arc<Known>>();
                if known.is_some_and(|known| known.user == 7) { "hello" } else { "who?" }
            }),
        )
        .layer(LeastLayer { sessions: Arc::new(RwLock::new(sessions)) });
    let cookie = format!("session={}", URL_SAFE_NO_PAD.encode(secret));
    Page::served(SESSION, Some(&cookie), app)
}

/// A page behind a layer that leaves a word in each request.
#[must_use]
pub fn extension() -> Page {
    #[derive(Clone)]
    struct Word;
    let layer = MapRequestLayer::new(|mut request: Request<Body>| {
        request.extensions_mut().insert(Word);
        request
    });
    Page::served(EXTENSION, None, Router::new().route("/me", get(async || "hello")).layer(layer))
}

struct Known {
    user: u64,
    ends: u64,
}

type Sessions = Arc<RwLock<HashMap<[u8; 32], Arc<Known>>>>;

#[derive(Clone)]
struct LeastLayer {
    sessions: Sessions,
}

impl<S> Layer<S> for LeastLayer {
    type Service = Least<S>;

    fn layer(&self, inner: S) -> Least<S> {
        Least { inner, sessions: self.sessions.clone() }
    }
}

#[derive(Clone)]
struct Least<S> {
    inner: S,
    sessions: Sessions,
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Least<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> S::Future {
        let cookies = request.headers().get_all(COOKIE).iter();
        let mut pairs = cookies.flat_map(|cookie| cookie.as_bytes().split(|byte| *byte == b';'));
        let text = pairs.find_map(|pair| pair.trim_ascii().strip_prefix(COOKIE_NAME));
        let mut secret = [0; 32];
        let known = text.and_then(|text| {
            URL_SAFE_NO_PAD.decode_slice(text, &mut secret).ok()?;
            self.sessions.read().expect("nobody panics").get(&hash(secret)).cloned()
        });
        if let Some(known) = known.filter(|known| NOW < known.ends) {
            request.extensions_mut().insert(known);
        }
        self.inner.call(request)
    }
}

fn hash(secret: [u8; 32]) -> [u8; 32] {
    Sha256::digest(secret).into()
}
