//! Whether the time of an answer tells who has an account: the public forms, asked by turns about people who are known, unknown,
//! disabled and blocked, in random order. It prints distributions and a comparison in words; it fails nothing, for no test should
//! depend on time. What is measured is the time until the answer, over SQLite on disk, as whoever asks sees it.
//!
//! `cargo bench --bench enumeration_timing`, with nothing else running. `TOWERGATE_ROUNDS` says how often each form is asked
//! about each kind of person.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench that cannot run stops"
)]
#![expect(clippy::print_stdout, reason = "a bench tells what it found")]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

#[path = "measure/comparison.rs"]
mod comparison;

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use comparison::Comparison;
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use tokio::runtime::Runtime;
use tower::{ServiceBuilder, ServiceExt, service_fn, util::BoxCloneSyncService};
use towergate::{
    core::{
        Clock, Random, Secret, Timestamp,
        audit::Origin,
        clock::ManualClock,
        seal::{SealingKey, SealingRing},
        system::OsRandom,
    },
    identity::{
        ports::{TryStore, UserStore},
        rules::{
            lockout::{CredentialClass, LockoutPolicy, TryKey},
            password::{HashParams, Password},
            user::{User, UserState},
        },
    },
    login::{LoginRoutes, MagicRoutes, PasswordHasher, PasswordRoutes, RegisterRoutes, Site, mail::Mailroom},
    pages::DefaultPages,
    session::SessionLayer,
    sqlite::SqliteStore,
};

type App = BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>;

const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// So often a person is asked about before the waits begin.
const FREE: usize = 5;

/// What is asked, and about whom.
struct Question {
    form: &'static str,
    about: &'static [&'static str],
    path: &'static str,
    body: fn(&str) -> String,
    expected: StatusCode,
}

const QUESTIONS: [Question; 5] = [
    Question {
        form: "sign in, wrong password",
        about: &["unknown", "known", "unconfirmed", "disabled", "blocked"],
        path: "/login",
        body: |email| format!("email={email}&password=not+the+password+at+all"),
        expected: StatusCode::UNPROCESSABLE_ENTITY,
    },
    Question {
        form: "register",
        about: &["unknown", "known", "unconfirmed", "disabled"],
        path: "/register",
        body: |email| format!("email={email}&password=seven+purple+ladders"),
        expected: StatusCode::OK,
    },
    Question {
        form: "another mail to confirm",
        about: &["unknown", "known", "unconfirmed", "disabled"],
        path: "/confirm",
        body: |email| format!("email={email}&action=resend"),
        expected: StatusCode::OK,
    },
    Question {
        form: "forgotten password",
        about: &["unknown", "known", "unconfirmed", "disabled"],
        path: "/forgot",
        body: |email| format!("email={email}"),
        expected: StatusCode::OK,
    },
    Question {
        form: "sign in by mail",
        about: &["unknown", "known", "unconfirmed", "disabled"],
        path: "/magic",
        body: |email| format!("email={email}"),
        expected: StatusCode::OK,
    },
];

fn main() {
    let rounds = std::env::var("TOWERGATE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for question in &QUESTIONS {
        measure(question, rounds, &runtime);
    }
}

fn measure(question: &Question, rounds: usize, runtime: &Runtime) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("towergate.db")).expect("a store");
    let (random, clock) = (Arc::new(OsRandom::new()), Arc::new(ManualClock::at(START)));
    let hasher = PasswordHasher::new(HashParams::default(), random.clone()).expect("a hasher");
    // The comparison warms up with a twentieth more.
    let people = (rounds + rounds / 20).div_ceil(FREE);
    runtime.block_on(async {
        let hash = hasher.hash(Password::parse(&Secret::from("the right password")).unwrap()).await.unwrap();
        for kind in question.about {
            for n in 0..people {
                add(&store, kind, n, &hash, &*clock, &*random).await;
            }
        }
    });
    let app = app(store, hasher, clock);
    let mut asked = vec![0; question.about.len()];
    let mut comparison = Comparison::of(question.about.iter().copied(), rounds, &*random);
    comparison.measure(|kind| {
        let who = address(question.about[kind], asked[kind] % people);
        asked[kind] += 1;
        let request = Request::post(question.path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from((question.body)(&format!("{who}%40example.com"))))
            .unwrap();
        let begun = Instant::now();
        let answer = runtime.block_on(app.clone().oneshot(request)).unwrap();
        let took = begun.elapsed();
        assert_eq!(answer.status(), question.expected, "{} {who}", question.form);
        took
    });
    println!("{}", comparison.table(question.form));
}

fn app(store: SqliteStore, hasher: PasswordHasher, clock: Arc<ManualClock>) -> App {
    let site = Site::new(DefaultPages::new()).clock(clock.clone());
    let room = Mailroom::new("https://id.example", &Secret::new([9; 32])).expect("a mailroom");
    let sealing = SealingRing::new(SealingKey::new(Secret::new([8; 32])));
    let home = service_fn(async |_: Request<Full<Bytes>>| Ok(Response::new(Full::<Bytes>::default())));
    let service = ServiceBuilder::new()
        .layer(SessionLayer::new(store.clone()).clock(clock))
        .layer(LoginRoutes::new(store.clone(), hasher.clone(), site.clone()))
        .layer(RegisterRoutes::new(store.clone(), hasher.clone(), room.clone(), site.clone()))
        .layer(MagicRoutes::new(store.clone(), room.clone(), site.clone()))
        .layer(PasswordRoutes::new(store, hasher, site).with_reset(room, sealing))
        .service(home);
    BoxCloneSyncService::new(service)
}

fn address(kind: &str, n: usize) -> String {
    format!("{kind}-{n}")
}

async fn add(
    store: &SqliteStore,
    kind: &str,
    n: usize,
    hash: &Secret<String>,
    clock: &dyn Clock,
    random: &dyn Random,
) {
    if kind == "unknown" {
        return;
    }
    let origin = |at| Origin::detached(at, random).unwrap();
    let email = format!("{}@example.com", address(kind, n)).parse().unwrap();
    let mut user = User::fresh(email, hash.clone(), clock.now(), random).unwrap();
    user.confirmed_at = (kind != "unconfirmed").then_some(clock.now());
    user.state = if kind == "disabled" { UserState::Disabled } else { UserState::Active };
    let key = TryKey::of_user(CredentialClass::Password, user.id);
    store.add_user(user, origin(clock.now())).await.unwrap();
    if kind == "blocked" {
        for day in 0..=100 {
            let at = clock.now().minus((102 - day) * DAY);
            store.reserve_try(key, LockoutPolicy::default(), None, origin(at)).await.unwrap();
        }
    }
}
