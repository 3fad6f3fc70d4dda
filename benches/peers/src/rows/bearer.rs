//! An API behind an access token that it has seen before, beside one that it sees for the first time.

use std::{convert::Infallible, sync::Arc};

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

type Asked = Request<Full<Bytes>>;
type Answered = Response<Full<Bytes>>;

/// An API of the house's own, and a client that is given tokens for it.
pub(crate) struct Api {
    issue: Box<dyn Fn(&str) -> String>,
    check: Box<dyn Fn(Asked) -> Answered>,
}

impl Api {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (grants, random) = (MemoryStore::new(), Arc::new(OsRandom::new()));
        for (id, format) in [("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)] {
            let origin = Origin::detached(NOW, &*random).expect("an origin");
            at_once(grants.put_client(house::robot(id, format), origin)).expect("a client");
        }
        let clock = Arc::new(ManualClock::at(NOW));
        let server = runtime.block_on(house::server(&grants, clock, random));
        let tokens = server.protocol().layer(service_fn(nothing));
        let api = ResourceLayer::new(verifier_of(&server)).layer(service_fn(nothing));
        Self {
            issue: Box::new(move |client| token(&tokens, client)),
            check: Box::new(move |request| let_in(&api, request)),
        }
    }

    /// A token that `opaque` or `jwt` is given for itself.
    pub(crate) fn issue(&self, client: &str) -> String {
        (self.issue)(client)
    }

    /// Answers a request of somebody with a token.
    pub(crate) fn check(&self, request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
        (self.check)(request)
    }
}

async fn nothing(_: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::default())
}

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let api = Api::new();
    let inner = service_fn(nothing);
    let (jwt, opaque) = (api.issue("jwt"), api.issue("opaque"));

    let mut rounds = Rounds::new();
    rounds.prepared("nothing", || asks(&jwt), |request| answer(&inner, request));
    rounds.prepared("warm", || asks(&jwt), |request| api.check(request));
    rounds.prepared("opaque", || asks(&opaque), |request| api.check(request));
    rounds.prepared("cold", || asks(&api.issue("jwt")), |request| api.check(request));
    let samples = rounds.measure(effort);
    let nothing = samples.of("nothing");
    let [warm, opaque, cold] = ["warm", "opaque", "cold"].map(|name| samples.of(name).beyond(nothing));
    let detail = "of CPU, added to the page; looked up in the store each time";
    part.rows.push(Row::new(goals::BEARER_WARM, "JWT", warm.times(1e-3), detail));
    part.rows.push(Row::new(goals::BEARER_WARM, "opaque", opaque.times(1e-3), detail));
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

pub(crate) fn asks(token: &str) -> Request<Full<Bytes>> {
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
