//! The hot steps, each on a row drawn at random.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::{ServiceExt, util::BoxCloneSyncService};
use towergate::{
    core::{Clock, Secret, StoreError, Timestamp, audit::Origin, system::OsRandom},
    identity::{
        ports::IdentityStore,
        rules::{
            email::EmailAddress,
            password::{Decision, DummyHash, HashParams, Password, decide, hash},
        },
    },
    oauth::{ports::OAuthStore, rules::client::AccessTokenFormat},
    session::SessionLayer,
};

use super::fill::{ACCESS_TOKEN, REFRESH_TOKEN, SESSION, Templates, hexadecimal};
use crate::{
    house::{
        self, CLIENT, CLIENT_SECRET, House, PASSWORD,
        browser::token_request,
        steps::{VERIFIER, exchange, signed_in, to_code},
    },
    measure::Took,
    visit::Visit,
};

/// A step that somebody waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    SessionLoad,
    TokenCheck,
    Issue,
    Refresh,
    SignIn,
}

pub(super) const STEPS: [Step; 5] =
    [Step::SessionLoad, Step::TokenCheck, Step::Issue, Step::Refresh, Step::SignIn];

impl Step {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SessionLoad => "page of somebody signed in",
            Self::TokenCheck => "API call with an opaque token",
            Self::Issue => "client_credentials",
            Self::Refresh => "refresh",
            Self::SignIn => "sign-in without the hash",
        }
    }
}

/// The house on a store, and what of it is copied.
pub(super) struct Ground<S> {
    house: House,
    store: S,
    app: BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>,
    /// The secrets of the rows that are copied.
    cookie: String,
    access_token: String,
    refresh_token: String,
    params: HashParams,
    pub(super) templates: Templates,
}

impl<S: IdentityStore + OAuthStore> Ground<S> {
    pub(super) async fn on(store: S) -> Self {
        let house = House::on(store.clone(), store.clone()).await;
        let mut browser = signed_in(&house).await;
        let cookie = browser.cookies["__Host-tgs"].clone();
        let code = to_code(&mut browser).await;
        let tokens = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
        let refresh_token = tokens["refresh_token"].as_str().expect("a token").to_owned();
        let random = OsRandom::new();
        let origin = Origin::detached(house.clock.now(), &random).expect("an origin");
        store.put_client(house::robot("robot", AccessTokenFormat::Opaque), origin).await.expect("a client");
        let form =
            format!("grant_type=client_credentials&scope=read&client_id=robot&client_secret={CLIENT_SECRET}");
        let answer = asked(&house.app, Request::post("/oauth/token"), form).await;
        let answer: Value = serde_json::from_slice(&answer.1).expect("JSON");
        let access_token = answer["access_token"].as_str().expect("a token").to_owned();
        let params = HashParams::insecure_new(8, 1, 1).expect("parameters");
        let password = hash(&password(), params, &random).expect("a hash").expose().clone();
        let templates = Templates {
            session: id_of(&cookie),
            access_token: id_of(&access_token),
            refresh_token: id_of(&refresh_token),
            password,
        };
        let app = house.app.clone();
        Self { house, store, app, cookie, access_token, refresh_token, params, templates }
    }

    /// What each step takes in a store of so many rows, in microseconds.
    pub(super) async fn walk(&self, rows: u64, times: u64) -> Vec<Took> {
        let mut all: Vec<Vec<f64>> = vec![Vec::new(); STEPS.len()];
        /// Mixes the rows: it has no divisor in common with nine or a power of ten.
        const DRAW: u64 = 611_953;
        let mut drawn = 7_919 % rows;
        for time in 0..times + times / 10 {
            for (step, samples) in STEPS.iter().zip(&mut all) {
                drawn = (drawn + DRAW) % rows;
                // A refresh token is good for once: those of the sizes before are spent.
                let row = match step {
                    Step::Refresh => rows / 10 + time * DRAW % (rows / 10 * 9),
                    _ => drawn,
                };
                let took = self.step(*step, row).await;
                if time >= times / 10 {
                    samples.push(took * 1e6);
                }
            }
        }
        let took = |mut samples: Vec<f64>| {
            samples.sort_by(f64::total_cmp);
            // The least of all may be luck.
            Took { min: samples[samples.len() / 10], median: samples[samples.len() / 2] }
        };
        all.into_iter().map(took).collect()
    }

    async fn step(&self, step: Step, row: u64) -> f64 {
        match step {
            Step::SessionLoad => {
                let cookie = format!("__Host-tgs={}", copy(&self.cookie, SESSION, row));
                self.request(Request::get("/home").header(header::COOKIE, cookie), String::new()).await
            }
            Step::TokenCheck => {
                let token = format!("Bearer {}", copy(&self.access_token, ACCESS_TOKEN, row));
                self.request(Request::get("/api").header(header::AUTHORIZATION, token), String::new()).await
            }
            Step::Issue => self.issue(row).await,
            Step::Refresh => {
                let token = copy(&self.refresh_token, REFRESH_TOKEN, row);
                let form = format!(
                    "grant_type=refresh_token&scope=email&refresh_token={token}&client_id={CLIENT}&client_secret={CLIENT_SECRET}"
                );
                self.request(Request::post("/oauth/token"), form).await
            }
            Step::SignIn => self.sign_in(row).await,
        }
    }

    async fn issue(&self, row: u64) -> f64 {
        let form = format!(
            "grant_type=client_credentials&scope=read&client_id=c{row}&client_secret={CLIENT_SECRET}"
        );
        self.request(Request::post("/oauth/token"), form).await
    }

    async fn request(&self, head: http::request::Builder, form: String) -> f64 {
        let start = Instant::now();
        let (status, body) = asked(&self.app, head, form).await;
        let took = start.elapsed().as_secs_f64();
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        took
    }

    async fn sign_in(&self, row: u64) -> f64 {
        let (now, random) = (self.house.clock.now(), OsRandom::new());
        let dummy = DummyHash::new(self.params, &random).expect("a hash");
        let layer = SessionLayer::new(self.store.clone()).clock(self.house.clock.clone());
        let visit = Visit::to(&layer).await;
        let email = EmailAddress::parse(&format!("u{row}@example.com")).expect("an address");
        let start = Instant::now();
        let user = self.store.find_user_by_email(&email).await.expect("a store").expect("a person");
        let Decision::Proven { proof, .. } = decide(Some(&user), &password(), now, &dummy) else {
            unreachable!("the password is right")
        };
        visit.session.establish(proof).await.expect("a session");
        start.elapsed().as_secs_f64()
    }

    /// The longest that anybody waits for a token while the store is cleaned, in milliseconds.
    pub(super) async fn pause(&self, clean: impl AsyncFn(&S, Timestamp) -> Result<(), StoreError>) -> f64 {
        let over = AtomicBool::new(false);
        let issuing = async |place: u64| {
            let (mut longest, mut row) = (0.0_f64, place);
            while !over.load(Ordering::Relaxed) {
                longest = longest.max(self.issue(row % 1000).await);
                row += 8;
            }
            longest
        };
        let cleaning = async {
            clean(&self.store, self.house.clock.now()).await.expect("a clean store");
            over.store(true, Ordering::Relaxed);
        };
        let all = futures_util::future::join_all((0..8).map(&issuing));
        let (waits, ()) = tokio::join!(all, cleaning);
        waits.into_iter().fold(0.0, f64::max) * 1e3
    }
}

async fn asked(
    app: &BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>,
    head: http::request::Builder,
    form: String,
) -> (StatusCode, Bytes) {
    let request = head
        .header(header::HOST, "id.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .expect("a request");
    let (parts, body) = app.clone().oneshot(request).await.expect("an answer").into_parts();
    (parts.status, body.collect().await.expect("a body").to_bytes())
}

fn password() -> Password {
    Password::parse(&Secret::from(PASSWORD)).expect("a password")
}

/// The identifier of a token.
fn id_of(token: &str) -> [u8; 16] {
    let id = token.split_once('_').and_then(|(_, rest)| rest.split_once('.')).expect("a token").0;
    URL_SAFE_NO_PAD.decode(id).ok().and_then(|id| id.try_into().ok()).expect("an identifier")
}

/// The token of a copy: its own identifier, the secret of the row that was copied.
fn copy(token: &str, kind: u8, row: u64) -> String {
    let (prefix, rest) = token.split_once('_').expect("a token");
    let secret = rest.split_once('.').expect("a token").1;
    let digits = hexadecimal(kind, row);
    let id: Vec<u8> = (0..16)
        .filter_map(|place| u8::from_str_radix(digits.get(2 * place..2 * place + 2)?, 16).ok())
        .collect();
    format!("{prefix}_{}.{secret}", URL_SAFE_NO_PAD.encode(id))
}
