//! The token endpoint in process, beside a bare form handler and the raw signatures that its answers carry.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::Arc,
};

use axum::{Form, Json, Router, body::Body, routing::post};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use tower::{Layer, service_fn};
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity,
    jose::{Algorithm, generate},
    oauth::{self, ports::ClientStore, rules::client::AccessTokenFormat},
};

use crate::{
    goals,
    house::{
        self, CLIENT, CLIENT_SECRET, House,
        browser::token_request,
        steps::{VERIFIER, exchange, signed_in, to_code},
    },
    least::Least,
    measure::{AHEAD, Effort, Rounds, Ticking, Took, answer, at_once},
    row::{Part, Row},
};

/// Without `openid` in the scope there is no ID token.
pub(crate) const NO_ID_TOKEN: &str = "email";

/// A request for its answer.
type Ask = dyn Fn(Request<Full<Bytes>>) -> Response<Full<Bytes>>;

/// The house's protocol endpoints, a client of each kind, and a person's grants that last.
pub(crate) struct Endpoints {
    ask: Box<Ask>,
    refresh_tokens: RefCell<VecDeque<String>>,
}

impl Endpoints {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let grants = oauth::ports::memory::MemoryStore::new();
        let (house, refresh_tokens) = runtime.block_on(async {
            let house = House::on(identity::ports::memory::MemoryStore::new(), grants.clone()).await;
            let mut browser = signed_in(&house).await;
            let mut tokens = VecDeque::new();
            for _ in 0..AHEAD {
                let code = to_code(&mut browser).await;
                let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await;
                tokens.push_back(answer.json()["refresh_token"].as_str().expect("a token").to_owned());
            }
            (house, tokens)
        });
        let random = Arc::new(OsRandom::new());
        for (id, format) in [("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)] {
            let origin = Origin::detached(house.clock.now(), &*random).expect("an origin");
            at_once(grants.put_client(house::robot(id, format), origin)).expect("a client");
        }
        let clock = Arc::new(Ticking::from(house.clock.now()));
        let server = runtime.block_on(house::server(&grants, clock, random));
        let nothing = service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let service = server.protocol().layer(nothing);
        let ask = move |request| {
            let answer = answer(&service, request);
            assert_eq!(answer.status(), StatusCode::OK);
            answer
        };
        Self { ask: Box::new(ask), refresh_tokens: RefCell::new(refresh_tokens) }
    }

    /// What the house answers.
    pub(crate) fn ask(&self, request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
        (self.ask)(request)
    }

    /// The next refresh token asks for its successor, which [`keep`](Self::keep) finds in the answer.
    pub(crate) fn refresh(&self, scope: &str) -> Request<Full<Bytes>> {
        let token = self.refresh_tokens.borrow_mut().pop_front().expect("a token");
        request(format!(
            "grant_type=refresh_token&scope={scope}&refresh_token={token}&client_id={CLIENT}&client_secret={CLIENT_SECRET}"
        ))
    }

    /// Keeps the refresh token of an answer for later.
    pub(crate) fn keep(&self, answer: Response<Full<Bytes>>) {
        let body = at_once(answer.into_body().collect()).expect("a body").to_bytes();
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let token = body["refresh_token"].as_str().expect("a token").to_owned();
        self.refresh_tokens.borrow_mut().push_back(token);
    }
}

/// A client of this name asks for a token for itself.
pub(crate) fn for_itself(client: &str) -> Request<Full<Bytes>> {
    request(format!(
        "grant_type=client_credentials&scope=read&client_id={client}&client_secret={CLIENT_SECRET}"
    ))
}

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let endpoints = Endpoints::new();
    let bare = Router::new().route("/oauth/token", post(bare));
    let (pkcs8, system) = (generate(Algorithm::ES256).expect("a key"), SystemRandom::new());
    let raw =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose(), &system).expect("a key");
    let rs256 = generate(Algorithm::RS256).expect("a key");
    let rs256 = RsaKeyPair::from_pkcs8(rs256.expose()).expect("a key");
    let (signed, least) = ("x".repeat(380), Least::default());

    let mut rounds = Rounds::new();
    rounds.way("sign", || raw.sign(&system, signed.as_bytes()).expect("a signature"));
    rounds.way("RS256", || {
        let mut signature = vec![0; rs256.public().modulus_len()];
        rs256.sign(&RSA_PKCS1_SHA256, &system, signed.as_bytes(), &mut signature).expect("a signature");
        signature
    });
    rounds.way("issue", || least.issue());
    rounds.way("rotation", || least.refresh());
    rounds.prepared("bare", || for_itself("opaque").map(Body::new), |request| answer(&bare, request));
    rounds.prepared("opaque", || for_itself("opaque"), |request| endpoints.ask(request));
    rounds.prepared("JWT", || for_itself("jwt"), |request| endpoints.ask(request));
    for (name, scope) in [("refresh", NO_ID_TOKEN), ("refresh openid", "openid%20email")] {
        let endpoints = &endpoints;
        rounds.followed(
            name,
            move || endpoints.refresh(scope),
            |request| endpoints.ask(request),
            |answer| endpoints.keep(answer),
        );
    }
    let samples = rounds.measure(effort);
    let (bare, sign) = (samples.of("bare"), samples.of("sign"));
    let row = |goal: &str, what: &str, ours: Took, yardstick: Took| {
        let detail = format!("{} against {}", ours.micros(), yardstick.micros());
        Row::new(goal, what, ours.over(yardstick), detail)
    };
    let floor = bare.and(samples.of("issue"));
    let opaque = row(goals::TOKEN_OPAQUE, "", samples.of("opaque"), bare);
    part.rows.push(opaque.above(
        "bare axum, a token's random bytes and digests, the token and an event kept",
        floor.over(bare),
    ));
    let rotation = (
        "bare axum, the signatures, the next tokens' random bytes, the digests, the sealing, two tokens and two events kept",
        samples.of("rotation"),
    );
    let rs256 = samples.of("RS256");
    for (what, name, signatures, (least, beyond)) in [
        (
            "client_credentials, JWT",
            "JWT",
            sign,
            (
                "bare axum, the signature, a token's random bytes and digests, the token and an event kept",
                samples.of("issue"),
            ),
        ),
        ("refresh, JWT", "refresh", sign, rotation),
        ("refresh, JWT and ID token by RS256", "refresh openid", sign.and(rs256), rotation),
    ] {
        let yardstick = bare.and(signatures);
        let row = row(goals::TOKEN_SIGNED, what, samples.of(name), yardstick);
        part.rows.push(row.above(least, yardstick.and(beyond).over(yardstick)));
    }
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
