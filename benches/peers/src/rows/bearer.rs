//! An API behind an access token that it has seen before, beside one that it sees for the first time.

use std::{cell::Cell, convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{Layer, Service, service_fn};
use towergate::{
    core::{Timestamp, audit::Origin, clock::ManualClock, system::OsRandom},
    oauth::{
        ports::{ClientStore, memory::MemoryStore},
        rules::client::AccessTokenFormat,
    },
    oauth_resource::ResourceLayer,
    verifier_of,
};

use crate::{
    goals,
    house::{self, CLIENT_SECRET},
    measure::{Effort, Rounds, answer, at_once},
    row::{Part, Row},
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (grants, random) = (MemoryStore::new(), Arc::new(OsRandom::new()));
    for (id, format) in [("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)] {
        let origin = Origin::detached(NOW, &*random).expect("an origin");
        at_once(grants.put_client(house::robot(id, format), origin)).expect("a client");
    }
    let clock = Arc::new(ManualClock::at(NOW));
    let server = runtime.block_on(house::server(&grants, clock, random));
    let inner = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let tokens = server.protocol().layer(inner);
    let api = ResourceLayer::new(verifier_of(&server)).layer(inner);
    let fresh = |id: &str| token(&tokens, id);
    let (jwt, opaque) = (fresh("jwt"), fresh("opaque"));

    let mut rounds = Rounds::new();
    rounds.prepared("nothing", || asks(&jwt), |request| answer(&inner, request));
    rounds.prepared("warm", || asks(&jwt), |request| let_in(&api, request));
    rounds.prepared("opaque", || asks(&opaque), |request| let_in(&api, request));
    let made = Cell::new(0_u64);
    let cold = || {
        made.set(made.get() + 1);
        asks(&fresh("jwt"))
    };
    rounds.prepared("cold", cold, |request| let_in(&api, request));
    let samples = rounds.measure(effort);
    let nothing = samples.of("nothing");
    let [warm, opaque, cold] = ["warm", "opaque", "cold"].map(|name| samples.of(name).beyond(nothing));
    let micros = warm.times(1e-3);
    part.rows.push(Row::new(
        goals::BEARER_WARM,
        "JWT",
        micros,
        "of CPU, added to the page; looked up in the store each time",
    ));
    part.rows.push(Row::new(goals::BEARER_WARM, "opaque", opaque.times(1e-3), "of CPU, added to the page"));
    let detail = format!("cold {}, warm {}", cold.micros(), warm.micros());
    part.rows.push(Row::new(goals::BEARER_COLD, "", cold.over(warm), detail));
}

fn token<S>(tokens: &S, client: &str) -> String
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let form =
        format!("grant_type=client_credentials&scope=read&client_id={client}&client_secret={CLIENT_SECRET}");
    let request = Request::post("/oauth/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .expect("a request");
    let body = at_once(answer(tokens, request).into_body().collect()).expect("a body").to_bytes();
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    body["access_token"].as_str().expect("a token").to_owned()
}

fn asks(token: &str) -> Request<Full<Bytes>> {
    let head = Request::get("/api").header(header::AUTHORIZATION, format!("Bearer {token}"));
    head.body(Full::default()).expect("a request")
}

fn let_in<S>(api: &S, request: Request<Full<Bytes>>) -> Response<Full<Bytes>>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let answer = answer(api, request);
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}
