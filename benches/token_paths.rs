//! The token endpoint in process, beside a bare form handler and the raw signature; and a JWT beside its signature.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a bench that cannot run stops")]
#![expect(clippy::indexing_slicing, reason = "a bench that cannot run stops")]

#[expect(dead_code, reason = "the bench uses a part")]
#[path = "../tests/house/mod.rs"]
mod house;
mod measure;
#[cfg(feature = "api-tokens")]
#[path = "programs/mod.rs"]
mod programs;
#[path = "reads/mod.rs"]
mod reads;
#[path = "measure/ticking.rs"]
mod ticking;

use std::{collections::BTreeMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{Form, Json, Router, body::Body, routing::post};
use bytes::Bytes;
use criterion::{BatchSize, Criterion};
use house::{
    CLIENT, CLIENT_SECRET, House,
    browser::token_request,
    steps::{VERIFIER, exchange, signed_in, to_code},
};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use measure::{
    calls::{answer, at_once},
    cpu_time::CpuTime,
    ratio, spent,
};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use ticking::Ticking;
use tower::{Layer, Service, service_fn};
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity,
    jose::{Algorithm, SigningKey, generate},
    oauth::{self, ports::ClientStore, rules::client::AccessTokenFormat},
};

const SIGNING: &str = "ES256";
const TOKEN: &str = "token endpoint";

fn main() {
    let mut criterion = measure::criterion();
    signing(&mut criterion);
    token_endpoint(&mut criterion);
    reads::bearer(&mut criterion);
    #[cfg(feature = "api-tokens")]
    programs::check(&mut criterion);
    criterion.final_summary();
    let (bare, sign) = ((TOKEN, "bare form to JSON", 1.0), (SIGNING, "raw sign", 1.0));
    ratio::print(SIGNING, "sign_jwt", &[sign]);
    #[cfg(feature = "api-tokens")]
    programs::print();
    ratio::print(TOKEN, "client_credentials opaque", &[bare]);
    ratio::print(TOKEN, "client_credentials JWT", &[bare, sign]);
    ratio::print(TOKEN, "refresh_token JWT", &[bare, sign]);
    ratio::print(TOKEN, "introspection", &[bare]);
    reads::print();
}

fn signing(criterion: &mut Criterion<CpuTime>) {
    let claims = json!({
        "iss": "https://id.example", "sub": "0191e9a4-6f3c-7c1e-8a55-3b1f0e6d2a77", "aud": ["https://id.example"],
        "client_id": "shop", "scope": "openid email", "iat": 1_800_000_000, "exp": 1_800_000_600,
        "jti": "0191e9a4-6f3c-7c1e-8a55-3b1f0e6d2a78",
    });
    let pkcs8 = generate(Algorithm::ES256).expect("a key");
    let key = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).expect("a key");
    let jwt = key.sign_jwt("at+jwt", &claims).expect("a token");
    let signed = jwt.rsplit_once('.').expect("a token").0.to_owned();
    #[expect(clippy::disallowed_methods, reason = "the yardstick draws as the primitive does")]
    let random = ring::rand::SystemRandom::new();
    let raw =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose(), &random).expect("a key");

    let mut group = criterion.benchmark_group(SIGNING);
    group.bench_function("raw sign", |bencher| {
        bencher.iter(|| raw.sign(&random, signed.as_bytes()).expect("a signature"));
    });
    group.bench_function("sign_jwt", |bencher| {
        bencher.iter(|| key.sign_jwt("at+jwt", &claims).expect("a token"));
    });
    group.finish();
}

fn token_endpoint(criterion: &mut Criterion<CpuTime>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let grants = oauth::ports::memory::MemoryStore::new();
    let (house, mut tokens) = runtime.block_on(async {
        let house = House::on(identity::ports::memory::MemoryStore::new(), grants.clone()).await;
        let code = to_code(&mut signed_in(&house).await).await;
        let tokens = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
        (house, tokens)
    });
    let random = Arc::new(OsRandom::new());
    for (id, format) in [("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)] {
        let origin = Origin::detached(house.clock.now(), &*random).expect("an origin");
        at_once(grants.put_client(house::robot(id, format), origin)).expect("a client");
    }
    let clock = Arc::new(Ticking::from(house.clock.now()));
    // Where the time stands still, so that what is asked about does not expire meanwhile.
    let still = runtime.block_on(house::server(&grants, house.clock, random.clone()));
    let server = runtime.block_on(house::server(&grants, clock, random));
    let nothing = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let (service, still) = (server.protocol().layer(nothing), still.protocol().layer(nothing));
    let bare = Router::new().route("/oauth/token", post(bare));

    let mut group = criterion.benchmark_group(TOKEN);
    let itself =
        |id| format!("grant_type=client_credentials&scope=read&client_id={id}&client_secret={CLIENT_SECRET}");
    group.bench_function("bare form to JSON", |bencher| {
        let request = || request(itself("opaque")).map(Body::new);
        bencher.iter_batched(request, |request| answer(&bare, request), BatchSize::SmallInput);
    });
    for (name, id) in [("client_credentials opaque", "opaque"), ("client_credentials JWT", "jwt")] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || request(itself(id)),
                |request| ok(&service, request),
                BatchSize::SmallInput,
            );
        });
    }
    // Without `openid` in the scope there is no ID token: one signature.
    group.bench_function("refresh_token JWT", |bencher| {
        // Each needs the token of the one before, so the clock runs for the call alone.
        bencher.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                let token = tokens["refresh_token"].as_str().expect("a refresh token");
                let form = format!(
                    "grant_type=refresh_token&scope=email&refresh_token={token}&client_id={CLIENT}&client_secret={CLIENT_SECRET}"
                );
                let request = request(form);
                let begin = spent::spent();
                let answer = ok(&service, request);
                spent += spent::spent().saturating_sub(begin);
                tokens = json(answer);
            }
            spent
        });
    });
    let token =
        json(ok(&service, request(itself("opaque"))))["access_token"].as_str().expect("a token").to_owned();
    group.bench_function("introspection", |bencher| {
        let ask = || {
            let form = format!("token={token}&client_id=opaque&client_secret={CLIENT_SECRET}");
            Request::post("/oauth/introspect")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::from(form))
                .expect("a request")
        };
        bencher.iter_batched(ask, |request| ok(&still, request), BatchSize::SmallInput);
    });
    group.finish();
    reads::documents(criterion, &service);
}

fn json(answer: Response<Full<Bytes>>) -> Value {
    let body = at_once(answer.into_body().collect()).expect("a body").to_bytes();
    serde_json::from_slice(&body).expect("JSON")
}

/// What any handler does that reads a form and answers a kilobyte of JSON.
async fn bare(Form(form): Form<BTreeMap<String, String>>) -> Json<Value> {
    Json(json!({
        "access_token": "x".repeat(800), "token_type": "Bearer", "expires_in": 600, "scope": form.get("scope"),
    }))
}

fn request(form: String) -> Request<Full<Bytes>> {
    Request::post("/oauth/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .expect("a request")
}

fn ok<S>(service: &S, request: Request<Full<Bytes>>) -> Response<Full<Bytes>>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let answer = answer(service, request);
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}
