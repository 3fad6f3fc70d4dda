//! Whoever gets tokens from one instance and verifies them with what another one published a while ago.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tokio::task::{JoinSet, yield_now};
use tower::ServiceExt;
use towergate::{
    core::{Clock, Timestamp, clock::ManualClock, system::OsRandom, token::OpaqueToken},
    jose::{Algorithm, Expected, JwkSet, Typ, jws},
    oauth::{
        ports::OAuthStore,
        rules::{
            client::ClientId,
            code::{self, Code},
            grant::{Grant, GrantId, SignIn, Subject},
        },
    },
    oauth_types::{Scope, pkce::CodeChallenge},
};

use crate::instance::{ALGORITHMS, App, CALLBACK, ISSUER, origin};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// How many tokens one holds, to verify them again to the end of their lives.
const HELD: usize = 400;

/// What all of them found.
#[derive(Default)]
pub(crate) struct Tally {
    rounds: AtomicUsize,
    verified: AtomicUsize,
    failures: Mutex<Vec<String>>,
    kids: Mutex<BTreeMap<Algorithm, BTreeSet<String>>>,
}

/// One relying party, with its copy of the JWKS and the tokens that it holds.
pub(crate) struct RelyingParty<S> {
    number: usize,
    rounds: usize,
    apps: [App; 2],
    clock: Arc<ManualClock>,
    store: S,
    tally: Arc<Tally>,
    copy: Option<Copy>,
    held: VecDeque<Token>,
}

struct Copy {
    keys: JwkSet,
    fetched_at: Timestamp,
    max_age: Duration,
}

struct Token {
    text: String,
    typ: &'static str,
    expires_at: Timestamp,
}

impl<S: OAuthStore> RelyingParty<S> {
    pub(crate) fn new(
        number: usize,
        apps: [App; 2],
        clock: Arc<ManualClock>,
        store: S,
        tally: Arc<Tally>,
    ) -> Self {
        Self { number, rounds: number, apps, clock, store, tally, copy: None, held: VecDeque::new() }
    }

    /// Gets tokens, verifies them, and verifies again some that it has had for a while.
    pub(crate) async fn one_round(&mut self) {
        self.rounds += 1;
        let (algorithm, signer) = (ALGORITHMS[self.rounds % ALGORITHMS.len()], self.rounds / 4 % 2);
        let answer = self.token(signer, &self.code(algorithm).await).await;
        let access_token = answer["access_token"].as_str().unwrap();
        self.call_api(1 - signer, access_token).await;
        let robot =
            self.token(signer, "grant_type=client_credentials&client_id=robot&client_secret=robot").await;
        for (text, typ) in [
            (answer["id_token"].as_str().unwrap(), "JWT"),
            (access_token, "at+jwt"),
            (robot["access_token"].as_str().unwrap(), "at+jwt"),
        ] {
            let token = Token { text: text.to_owned(), typ, expires_at: expiry(text) };
            self.verify(&token).await;
            self.held.push_back(token);
        }
        // The oldest are about to expire; those are looked at again and again.
        self.drop_expired();
        for _ in 0..6 {
            let Some(oldest) = self.held.pop_front() else { break };
            self.verify(&oldest).await;
            if self.held.len() < HELD {
                self.held.push_back(oldest);
            }
        }
        self.tally.rounds.fetch_add(1, Ordering::Relaxed);
    }

    /// With the copy that it has, if that may be used still. An unknown `kid` is no reason to look again.
    async fn verify(&mut self, token: &Token) {
        let now = self.clock.now();
        if now >= token.expires_at {
            return;
        }
        let keys = self.keys(now).await;
        let algorithms = &ALGORITHMS;
        let verified = jws::verify(&token.text, keys, &Expected { algorithms, typ: Typ::Exactly(token.typ) });
        let header = verified.map(|verified| verified.header().clone());
        let header = match header {
            Ok(header) => header,
            Err(error) => {
                let failure = format!("{error} at {now:?}, expires {:?}", token.expires_at);
                return self.tally.failures.lock().unwrap().push(failure);
            }
        };
        self.tally.verified.fetch_add(1, Ordering::Relaxed);
        let mut kids = self.tally.kids.lock().unwrap();
        kids.entry(header.algorithm).or_default().extend(header.kid);
    }

    async fn keys(&mut self, now: Timestamp) -> &JwkSet {
        let is_good = |copy: &Copy| now.since(copy.fetched_at) <= copy.max_age;
        if !self.copy.as_ref().is_some_and(is_good) {
            let request = Request::get("/oauth/jwks").body(Full::default()).unwrap();
            let response = self.apps[self.number % 2].clone().oneshot(request).await.unwrap();
            let max_age = response.headers()[header::CACHE_CONTROL].to_str().unwrap();
            let max_age = max_age.split_once("max-age=").unwrap().1.parse().unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let max_age = Duration::from_secs(max_age);
            self.copy = Some(Copy { keys: JwkSet::parse(&body).unwrap(), fetched_at: now, max_age });
        }
        &self.copy.as_ref().unwrap().keys
    }

    /// The other instance verifies with its own ring.
    async fn call_api(&self, instance: usize, access_token: &str) {
        let request = Request::get("/api").header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        let response = self.apps[instance].clone().oneshot(request.body(Full::default()).unwrap()).await;
        let status = response.unwrap().status();
        // The clock may have moved past its end meanwhile.
        if status != StatusCode::OK && self.clock.now() < expiry(access_token) {
            self.tally.failures.lock().unwrap().push(format!("the API answers {status}"));
        }
    }

    async fn token(&self, instance: usize, form: &str) -> Value {
        let request = Request::post("/oauth/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(Bytes::from(form.to_owned())))
            .unwrap();
        let response = self.apps[instance].clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(status, StatusCode::OK, "{body:?}");
        serde_json::from_slice(&body).unwrap()
    }

    /// The form that exchanges a code which somebody allowed just now.
    async fn code(&self, algorithm: Algorithm) -> String {
        let (random, origin) = (OsRandom::new(), origin(self.clock.now()));
        let token = OpaqueToken::mint(code::PREFIX, origin.at, &random).unwrap();
        let grant = Grant {
            id: GrantId::fresh(origin.at, &random).unwrap(),
            client: ClientId::parse(algorithm.as_str()).unwrap(),
            subject: Subject::parse("alice").unwrap(),
            scope: Scope::parse("openid").unwrap(),
            audience: vec![ISSUER.to_owned()],
            claims: Default::default(),
            sign_in: SignIn { auth_time: origin.at, acr: None, amr: Vec::new(), sid: None },
            created_at: origin.at,
        };
        let code = Code {
            id: token.id(),
            digest: token.digest(),
            grant: grant.id,
            redirect_uri: CALLBACK.to_owned(),
            redirect_uri_was_sent: true,
            code_challenge: Some(CodeChallenge::parse(CHALLENGE).unwrap()),
            nonce: None,
            // However far the clock moves meanwhile.
            expires_at: origin.at.plus(Duration::from_secs(3600)),
        };
        self.store.issue_code(grant, code, None, origin).await.unwrap();
        format!(
            "grant_type=authorization_code&code={}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}\
             &client_id={algorithm}&client_secret={algorithm}",
            token.reveal().expose()
        )
    }

    fn drop_expired(&mut self) {
        let now = self.clock.now();
        self.held.retain(|token| token.expires_at > now);
    }
}

impl Tally {
    /// Waits until as many rounds more have been done.
    pub(crate) async fn wait_for_more(&self, rounds: usize, at_work: &mut JoinSet<()>) {
        let goal = self.rounds.load(Ordering::Relaxed) + rounds;
        while self.rounds.load(Ordering::Relaxed) < goal {
            if let Some(broken_off) = at_work.try_join_next() {
                broken_off.unwrap();
            }
            yield_now().await;
        }
    }

    /// Insists that every algorithm was rotated so often, and that there was something to verify.
    pub(crate) fn check(&self, rotations: usize) {
        let failures = self.failures.lock().unwrap();
        assert!(failures.is_empty(), "{} tokens were refused, the first: {}", failures.len(), failures[0]);
        let kids = self.kids.lock().unwrap();
        for algorithm in ALGORITHMS {
            assert!(kids[&algorithm].len() > rotations, "{algorithm}: {:?}", kids[&algorithm]);
        }
        assert!(self.verified.load(Ordering::Relaxed) > 2_000, "{:?}", self.verified);
    }
}

fn expiry(jwt: &str) -> Timestamp {
    let claims: Value = jws::peek(jwt).unwrap().unverified_claims().unwrap();
    Timestamp::from_unix_seconds(claims["exp"].as_i64().unwrap())
}
