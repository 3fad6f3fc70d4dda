//! Whether the time of a client's failure tells why it failed: all failures in one run, shuffled, each class beside a wrong
//! proof of a client that is there.
//!
//! `cargo bench --bench client_auth_timing` prints a table for each way of proof; a number after `--` is how many rounds.
//! What is measured is the CPU time of the thread that answers, over a store that never waits; the last table is the look-up
//! in SQLite, which happens in the same thread.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a bench that cannot run stops")]
#![expect(clippy::indexing_slicing, reason = "a bench that cannot run stops")]
#![expect(clippy::print_stdout, reason = "the tables are what it is run for")]

#[path = "measure/comparison.rs"]
mod comparison;
#[expect(dead_code, reason = "the bench uses a part")]
#[path = "../tests/house/mod.rs"]
mod house;
#[expect(dead_code, reason = "the bench uses a part")]
mod measure;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use comparison::Comparison;
use house::{CLIENT_SECRET, House, ISSUER, client, sealing};
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use measure::{calls::at_once, spent::spent};
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn, util::BoxCloneSyncService};
use towergate::{
    core::{Clock, Random, Secret, audit::Origin, system::OsRandom},
    identity,
    jose::{Algorithm, JwkSet, SigningKey, generate},
    oauth::{
        self,
        ports::ClientStore,
        rules::client::{Client, ClientAuthMethod, ClientId, ClientState},
    },
    sqlite::SqliteStore,
};

type Service = BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, std::convert::Infallible>;

const ROUNDS: usize = 20_000;

/// A class of failures: its name, and a request of it. The first of a family is what the others are compared with.
struct Class {
    name: &'static str,
    form: String,
    basic: Option<String>,
}

impl Class {
    fn new(name: &'static str, form: &str) -> Self {
        Self { name, form: format!("grant_type=client_credentials&{form}"), basic: None }
    }

    fn basic(name: &'static str, client: &str) -> Self {
        let basic = STANDARD.encode(format!("{client}:{WRONG_SECRET}"));
        Self {
            name,
            form: String::from("grant_type=client_credentials"),
            basic: Some(format!("Basic {basic}")),
        }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request =
            Request::post("/oauth/token").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(basic) = &self.basic {
            request = request.header(header::AUTHORIZATION, basic);
        }
        request.body(Full::from(self.form.clone())).expect("a request")
    }
}

const WRONG_SECRET: &str = "a-machine-made-secret-of-no-shop!";

fn main() {
    if std::env::args().any(|argument| ["--test", "--list"].contains(&argument.as_str())) {
        return;
    }
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    let random: Arc<dyn Random> = Arc::new(OsRandom::new());
    let grants = oauth::ports::memory::MemoryStore::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let house = runtime.block_on(House::on(identity::ports::memory::MemoryStore::new(), grants.clone()));
    let keys = Keys::fresh();
    for client in clients(&keys) {
        let origin = Origin::detached(house.clock.now(), &*random).expect("an origin");
        at_once(grants.put_client(client, origin)).expect("a client");
    }
    let server = runtime.block_on(house::server(&grants, house.clock.clone(), random.clone()));
    let nothing = service_fn(async |_: Request<Full<Bytes>>| Ok(Response::new(Full::<Bytes>::default())));
    let service = BoxCloneSyncService::new(server.protocol().layer(nothing));
    for (family, classes) in families(&keys, house.clock.now().unix_seconds()) {
        run(family, &classes, &service, rounds, &*random);
    }
    look_ups(&keys, rounds, &*random);
}

/// Sends requests of all classes, in another order each round.
fn run(family: &str, classes: &[Class], service: &Service, rounds: usize, random: &dyn Random) {
    let mut comparison = Comparison::of(classes.iter().map(|class| class.name), rounds, random);
    comparison.measure(|place| {
        let request = classes[place].request();
        let service = service.clone();
        let start = spent();
        let answer = at_once(service.oneshot(request)).expect("an answer");
        let took = spent().saturating_sub(start);
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{}", classes[place].name);
        took
    });
    println!("{}", comparison.table(family));
}

/// The one step that differs by store: is the client there?
fn look_ups(keys: &Keys, rounds: usize, random: &dyn Random) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("towergate.db")).expect("a store");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for client in clients(keys) {
        let now = towergate::core::Timestamp::from_unix_seconds(1_800_000_000);
        let origin = Origin::detached(now, random).expect("an origin");
        runtime.block_on(store.put_client(client, origin)).expect("a client");
    }
    let names = ["basic", "nobody", "es256"].map(|id| ClientId::parse(id).expect("a client"));
    let mut comparison = Comparison::of(
        ["a client with a secret", "nobody", "a client with keys"].into_iter(),
        rounds,
        random,
    );
    comparison.measure(|place| {
        let start = spent();
        let found = at_once(store.find_client(&names[place])).expect("an answer");
        let took = spent().saturating_sub(start);
        assert_eq!(found.is_some(), place != 1);
        drop(found);
        took
    });
    println!("{}", comparison.table("look-up in SQLite, part of each of the above"));
}

/// What clients sign with, and what nobody knows.
struct Keys {
    es256: SigningKey,
    rs256: SigningKey,
    other_es256: SigningKey,
    other_rs256: SigningKey,
    unknown_es256: SigningKey,
}

impl Keys {
    fn fresh() -> Self {
        let key = |algorithm, kid: &str| {
            let pkcs8 = generate(algorithm).expect("a key");
            SigningKey::from_pkcs8(algorithm, pkcs8.expose(), Some(kid.to_owned())).expect("a key")
        };
        Self {
            es256: key(Algorithm::ES256, "1"),
            rs256: key(Algorithm::RS256, "1"),
            other_es256: key(Algorithm::ES256, "1"),
            other_rs256: key(Algorithm::RS256, "1"),
            unknown_es256: key(Algorithm::ES256, "2"),
        }
    }
}

fn clients(keys: &Keys) -> Vec<Client> {
    let one = |id: &str, method, key: Option<&SigningKey>| {
        let mut client = client(id, CLIENT_SECRET);
        client.metadata.token_endpoint_auth_method = method;
        client.metadata.jwks = key.map(|key| JwkSet::new(vec![key.public_jwk().clone()]));
        client.seal_secret(&Secret::from(CLIENT_SECRET), &sealing(), &OsRandom::new()).expect("sealed");
        client
    };
    let es256 = Some(&keys.es256);
    let mut all = vec![
        one("basic", ClientAuthMethod::ClientSecretBasic, None),
        one("basicx", ClientAuthMethod::ClientSecretBasic, None),
        one("post", ClientAuthMethod::ClientSecretPost, None),
        one("postx", ClientAuthMethod::ClientSecretPost, None),
        one("es256", ClientAuthMethod::PrivateKeyJwt, es256),
        one("es256x", ClientAuthMethod::PrivateKeyJwt, es256),
        one("rs256", ClientAuthMethod::PrivateKeyJwt, Some(&keys.rs256)),
        one("shared", ClientAuthMethod::ClientSecretJwt, None),
        one("sharedx", ClientAuthMethod::ClientSecretJwt, None),
        one("public", ClientAuthMethod::None, None),
    ];
    for client in &mut all {
        if client.id.as_str().ends_with('x') {
            client.state = ClientState::Disabled;
        }
        if client.id.as_str() == "public" {
            client.secret = None;
        }
    }
    all
}

fn families(keys: &Keys, now: i64) -> Vec<(&'static str, Vec<Class>)> {
    let post = |name, id: &str| Class::new(name, &format!("client_id={id}&client_secret={WRONG_SECRET}"));
    let claims = |id: &str, exp: i64| json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": "one", "iat": exp - 60, "exp": exp });
    let asserted = |name, jwt: &str| {
        let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        Class::new(name, &format!("{kind}&client_assertion={jwt}"))
    };
    let signed = |name, key: &SigningKey, id: &str| {
        asserted(name, &key.sign_jwt("JWT", &claims(id, now + 60)).expect("a token"))
    };
    let hs256 = |name, id: &str| asserted(name, &with_secret(&claims(id, now + 60)));
    let (es, rs) = (&keys.other_es256, &keys.other_rs256);
    vec![
        (
            "client_secret_basic",
            vec![
                Class::basic("wrong secret", "basic"),
                Class::basic("unknown client", "nobody"),
                Class::basic("disabled client", "basicx"),
                Class::basic("wrong method", "post"),
                Class::basic("public client", "public"),
            ],
        ),
        (
            "client_secret_post",
            vec![
                post("wrong secret", "post"),
                post("unknown client", "nobody"),
                post("disabled client", "postx"),
                post("wrong method", "basic"),
                post("public client", "public"),
            ],
        ),
        (
            "private_key_jwt, ES256",
            vec![
                signed("wrong signature", es, "es256"),
                signed("unknown client", es, "nobody"),
                signed("unknown kid", &keys.unknown_es256, "es256"),
                signed("disabled client", es, "es256x"),
                signed("wrong method", es, "basic"),
                asserted(
                    "expired",
                    &keys.es256.sign_jwt("JWT", &claims("es256", now - 60)).expect("a token"),
                ),
            ],
        ),
        (
            "private_key_jwt, RS256",
            vec![
                signed("wrong signature", rs, "rs256"),
                signed("unknown client", rs, "nobody"),
                signed("key of another kind", rs, "es256"),
                signed("wrong method", rs, "basic"),
                asserted(
                    "expired",
                    &keys.rs256.sign_jwt("JWT", &claims("rs256", now - 60)).expect("a token"),
                ),
            ],
        ),
        (
            "client_secret_jwt",
            vec![
                hs256("wrong signature", "shared"),
                hs256("unknown client", "nobody"),
                hs256("disabled client", "sharedx"),
                hs256("wrong method", "basic"),
            ],
        ),
    ]
}

/// Signed with a secret that is no client's.
fn with_secret(claims: &serde_json::Value) -> String {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, WRONG_SECRET.as_bytes());
    let tag = ring::hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}
