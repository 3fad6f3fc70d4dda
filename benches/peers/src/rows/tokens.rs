//! The token endpoint in process, beside a bare form handler and the raw signatures that its answers carry.

use std::{cell::RefCell, collections::BTreeMap, convert::Infallible, sync::Arc};

use axum::{Form, Json, Router, body::Body, routing::post};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use tower::{Layer, Service, service_fn};
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
    measure::{Effort, Rounds, Took, answer, at_once},
    row::{Part, Row},
};

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let grants = oauth::ports::memory::MemoryStore::new();
    let (house, tokens) = runtime.block_on(async {
        let house = House::on(identity::ports::memory::MemoryStore::new(), grants.clone()).await;
        let mut browser = signed_in(&house).await;
        let mut tokens = Vec::new();
        for _ in 0..2 {
            let code = to_code(&mut browser).await;
            let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await;
            tokens.push(RefCell::new(answer.json()["refresh_token"].as_str().expect("a token").to_owned()));
        }
        (house, tokens)
    });
    let random = Arc::new(OsRandom::new());
    for (id, format) in [("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)] {
        let origin = Origin::detached(house.clock.now(), &*random).expect("an origin");
        at_once(grants.put_client(house::robot(id, format), origin)).expect("a client");
    }
    let server = runtime.block_on(house::server(&grants, house.clock, random));
    let nothing = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let service = server.protocol().layer(nothing);
    let bare = Router::new().route("/oauth/token", post(bare));
    let (pkcs8, system) = (generate(Algorithm::ES256).expect("a key"), ring::rand::SystemRandom::new());
    let raw =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose(), &system).expect("a key");

    let rs256 = generate(Algorithm::RS256).expect("a key");
    let rs256 = RsaKeyPair::from_pkcs8(rs256.expose()).expect("a key");
    let signed = "x".repeat(380);
    let mut rounds = Rounds::new();
    rounds.way("sign", || raw.sign(&system, signed.as_bytes()).expect("a signature"));
    rounds.way("RS256", || {
        let mut signature = vec![0; rs256.public().modulus_len()];
        rs256.sign(&RSA_PKCS1_SHA256, &system, signed.as_bytes(), &mut signature).expect("a signature");
        signature
    });
    let itself =
        |id| format!("grant_type=client_credentials&scope=read&client_id={id}&client_secret={CLIENT_SECRET}");
    rounds.prepared("bare", || request(itself("opaque")).map(Body::new), |request| answer(&bare, request));
    rounds.prepared("opaque", || request(itself("opaque")), |request| ok(&service, request));
    rounds.prepared("JWT", || request(itself("jwt")), |request| ok(&service, request));
    for ((name, scope), token) in
        [("refresh", "email"), ("refresh openid", "openid%20email")].into_iter().zip(&tokens)
    {
        let service = &service;
        rounds.way(name, move || {
            let form = format!(
                "grant_type=refresh_token&scope={scope}&refresh_token={}&client_id={CLIENT}&client_secret={CLIENT_SECRET}",
                token.borrow()
            );
            let body = at_once(ok(service, request(form)).into_body().collect()).expect("a body").to_bytes();
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            *token.borrow_mut() = body["refresh_token"].as_str().expect("a token").to_owned();
        });
    }
    let samples = rounds.measure(effort);
    let (bare, sign) = (samples.of("bare"), samples.of("sign"));
    let row = |goal: &str, what: &str, ours: Took, yardstick: Took| {
        let detail = format!("{} against {}", ours.micros(), yardstick.micros());
        Row::new(goal, what, ours.over(yardstick), detail)
    };
    part.rows.push(row(goals::TOKEN_OPAQUE, "", samples.of("opaque"), bare));
    let rs256 = samples.of("RS256");
    for (what, name, signatures) in [
        ("client_credentials, JWT", "JWT", sign),
        ("refresh, JWT", "refresh", sign),
        ("refresh, JWT and ID token by RS256", "refresh openid", sign.and(rs256)),
    ] {
        part.rows.push(row(goals::TOKEN_SIGNED, what, samples.of(name), bare.and(signatures)));
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

fn ok<S>(service: &S, request: Request<Full<Bytes>>) -> Response<Full<Bytes>>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let answer = answer(service, request);
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}
