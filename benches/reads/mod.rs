//! What is read again and again: an access token at an API, and the public documents.

use std::{convert::Infallible, hint::black_box, sync::Arc};

use axum::{Router, routing::get};
use bytes::Bytes;
use criterion::{BatchSize, Criterion};
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::json;
use tower::{Layer, Service, service_fn};
use towergate::{
    core::{Timestamp, clock::ManualClock},
    jose::{Algorithm, Expected, JwkSet, SigningKey, Typ, generate, jws},
    oauth_resource::{ResourceLayer, StaticKeys, Verifier},
};

use crate::measure::{calls::answer, cpu_time::CpuTime, ratio};

const BEARER: &str = "bearer";
const DOCUMENTS: &str = "documents";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// A JWT at the door of an API: verified whole, remembered, and beside it the API without a door.
pub(crate) fn bearer(criterion: &mut Criterion<CpuTime>) {
    let pkcs8 = generate(Algorithm::ES256).expect("a key");
    let key = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).expect("a key");
    let claims = json!({
        "iss": "https://id.example", "sub": "0191e9a4-6f3c-7c1e-8a55-3b1f0e6d2a77", "aud": "https://id.example",
        "client_id": "shop", "scope": "email openid", "iat": NOW.unix_seconds(), "exp": NOW.unix_seconds() + 600,
        "jti": "0191e9a4-6f3c-7c1e-8a55-3b1f0e6d2a78", "auth_time": NOW.unix_seconds(), "acr": "2", "amr": ["pwd", "otp"],
        "sid": "0191e9a4-6f3c-7c1e-8a55-3b1f0e6d2a79",
    });
    let jwt = key.sign_jwt("at+jwt", &claims).expect("a token");
    let keys = JwkSet::new(vec![key.public_jwk().clone()]);
    let api = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let guarded = |most| {
        let verifier = Verifier::new("https://id.example", StaticKeys::new(keys.clone()));
        ResourceLayer::new(verifier.clock(Arc::new(ManualClock::at(NOW))).remembering(most)).layer(api)
    };
    let request = || {
        let request = Request::get("/").header(header::AUTHORIZATION, format!("Bearer {jwt}"));
        request.body(Full::default()).expect("a request")
    };

    let mut group = criterion.benchmark_group(BEARER);
    group.bench_function("raw verify", |bencher| {
        let expected = Expected { algorithms: &[Algorithm::ES256], typ: Typ::Exactly("at+jwt") };
        bencher.iter(|| jws::verify(black_box(&jwt), &keys, &expected).expect("a token"));
    });
    group.bench_function("no door", |bencher| {
        bencher.iter_batched(request, |request| ok(&api, request), BatchSize::SmallInput);
    });
    for (name, most) in [("cold", 0), ("warm", 16)] {
        let service = guarded(most);
        group.bench_function(name, |bencher| {
            bencher.iter_batched(request, |request| ok(&service, request), BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// The metadata and the public keys, beside the smallest page there is.
pub(crate) fn documents<S>(criterion: &mut Criterion<CpuTime>, service: &S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let bare = Router::new().route("/hello", get(async || "hello"));
    let request = |path: &str| Request::get(path).header(header::HOST, "id.example");
    let mut group = criterion.benchmark_group(DOCUMENTS);
    group.bench_function("bare", |bencher| {
        let request = || request("/hello").body(axum::body::Body::empty()).expect("a request");
        bencher.iter_batched(request, |request| answer(&bare, request), BatchSize::SmallInput);
    });
    for (name, path) in [("metadata", "/.well-known/openid-configuration"), ("keys", "/oauth/jwks")] {
        group.bench_function(name, |bencher| {
            let request = || request(path).body(Full::default()).expect("a request");
            bencher.iter_batched(request, |request| ok(service, request), BatchSize::SmallInput);
        });
    }
    group.finish();
}

pub(crate) fn print() {
    for ours in ["cold", "warm"] {
        ratio::print(BEARER, ours, &[(BEARER, "raw verify", 1.0)]);
    }
    for ours in ["metadata", "keys"] {
        ratio::print(DOCUMENTS, ours, &[(DOCUMENTS, "bare", 1.0)]);
    }
}

fn ok<S>(service: &S, request: Request<Full<Bytes>>) -> Response<Full<Bytes>>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let answer = answer(service, request);
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}
