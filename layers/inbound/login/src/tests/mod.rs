//! A small host around the routes, driven from outside as a browser would.

mod assurance;
mod email_change;
mod enrolment;
mod factors;
mod in_vain;
mod lockout;
mod login;
mod logout;
mod magic;
mod new_passwords;
mod notices;
mod operator;
mod passkey_factor;
mod passwords;
mod register;
mod remembering;
mod sensitive;
#[cfg(feature = "social")]
mod social;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_core::{
    Clock, LocalPath, Secret, Timestamp,
    audit::{Event, Origin},
    clock::ManualClock,
    random::InsecureSeededRandom,
};
use towergate_identity::{
    ports::{SessionStore, TryStore, UserStore, memory::MemoryStore},
    rules::{
        email::EmailAddress,
        lockout::{CredentialClass, TryKey},
        password::{HashParams, Password, hash},
        user::{User, UserId, UserState},
    },
};
use towergate_session::{Session, SessionLayer};

use crate::{
    LoginRoutes, OnLogout, PasswordHasher, Site,
    pages::{LoginPages, LoginView, ProblemView},
};

const ALICE: &str = "alice@example.com";
const RIGHT: &str = "a long enough pass phrase";
const COOKIE: &str = towergate_session::NAME;

/// Pages that say what they were given, one thing a line.
#[derive(Clone)]
struct Lines;

impl LoginPages for Lines {
    fn login(&self, view: &LoginView) -> String {
        let message = view.message.as_deref().unwrap_or("-");
        let links = view.links.iter().map(|link| format!("\nlink {} {}", link.kind.as_str(), link.href));
        format!(
            "action {}\nemail {}\nreturn_to {}\nmessage {message}{}",
            view.action,
            view.email,
            view.return_to,
            links.collect::<String>()
        )
    }

    fn problem(&self, view: &ProblemView) -> String {
        format!("problem {}", view.status)
    }

    fn style_source(&self) -> &str {
        "'sha256-x'"
    }
}

struct Host<H = ()> {
    store: MemoryStore,
    hasher: PasswordHasher,
    clock: Arc<ManualClock>,
    random: Arc<InsecureSeededRandom>,
    hook: H,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

fn cheap(memory_kib: u32) -> HashParams {
    HashParams::insecure_new(memory_kib, 1, 1).unwrap()
}

impl Host {
    fn new() -> Self {
        let random = Arc::new(InsecureSeededRandom::new(42));
        Self {
            store: MemoryStore::new(),
            hasher: PasswordHasher::new(cheap(16), random.clone()).unwrap(),
            clock: Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000))),
            random,
            hook: (),
        }
    }

    async fn with_alice() -> Self {
        let host = Self::new();
        host.add(ALICE, Some(host.hashed(RIGHT, 16)), UserState::Active).await;
        host
    }
}

impl<H: OnLogout + Clone> Host<H> {
    fn with_hook<H2>(self, hook: H2) -> Host<H2> {
        Host { store: self.store, hasher: self.hasher, clock: self.clock, random: self.random, hook }
    }

    fn hashed(&self, password: &str, memory_kib: u32) -> Secret<String> {
        let password = Password::parse(&Secret::from(password)).unwrap();
        hash(&password, cheap(memory_kib), &self.random).unwrap()
    }

    async fn add(&self, email: &str, password: Option<Secret<String>>, state: UserState) -> UserId {
        let now = self.clock.now();
        let id = UserId::fresh(now, &self.random).unwrap();
        let email = EmailAddress::parse(email).unwrap();
        let user = User { id, email, password, state, created_at: now, confirmed_at: None };
        self.store.add_user(user, Origin::detached(now, &self.random).unwrap()).await.unwrap();
        id
    }

    fn routes(&self) -> LoginRoutes<MemoryStore, Lines, H> {
        LoginRoutes::new(self.store.clone(), self.hasher.clone(), self.site())
    }

    fn site(&self) -> Site<Lines, H> {
        let mut site = Site::new(Lines)
            .clock(self.clock.clone())
            .random(self.random.clone())
            .on_logout(self.hook.clone());
        site.paths_mut().after_logout = LocalPath::parse("/bye").unwrap();
        site
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        self.clock.advance(Duration::from_secs(1));
        let session =
            SessionLayer::new(self.store.clone()).clock(self.clock.clone()).random(self.random.clone());
        receive(session.layer(self.routes().layer(service_fn(who))).oneshot(request).await).await
    }

    async fn get(&self, path: &str, cookie: Option<&str>) -> Answer {
        self.send(request("GET", path, cookie, "")).await
    }

    async fn post(&self, path: &str, cookie: Option<&str>, form: &str) -> Answer {
        self.send(request("POST", path, cookie, form)).await
    }

    async fn sign_in(&self, email: &str, password: &str, cookie: Option<&str>) -> Answer {
        self.post("/login", cookie, &form(&[("email", email), ("password", password)])).await
    }

    fn events(&self, action: &str) -> Vec<Event> {
        self.store.events().into_iter().filter(|event| event.action == action).collect()
    }
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `name=value` that a browser would send back.
    fn cookie(&self) -> String {
        let set = self.header(header::SET_COOKIE);
        assert!(set.starts_with(COOKIE), "no session cookie: {set:?}");
        set.split(';').next().unwrap().to_owned()
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn request(method: &str, path: &str, cookie: Option<&str>, body: &str) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path);
    if method == "POST" {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()
}

async fn receive(response: Result<Response<Full<Bytes>>, Infallible>) -> Answer {
    let (parts, body) = response.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// The host's own page: who is signed in.
async fn who(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = request.extensions().get::<Session>().and_then(Session::user);
    let name = user.map_or_else(|| String::from("nobody"), |user| user.to_string());
    Ok(Response::new(Full::new(Bytes::from(name))))
}

#[tokio::test]
async fn all_else_passes_to_the_host() {
    let host = Host::new();
    for path in ["/", "/login/", "/logins", "/LOGIN"] {
        assert_eq!(host.get(path, None).await.body, "nobody", "{path}");
    }
}

#[tokio::test]
async fn a_missing_session_layer_is_named() {
    let host = Host::with_alice().await;
    for (verb, path) in [("GET", "/login"), ("POST", "/login"), ("POST", "/logout")] {
        let form = form(&[("email", ALICE), ("password", RIGHT)]);
        let bare = host.routes().layer(service_fn(who));
        let answer = receive(bare.oneshot(request(verb, path, None, &form)).await).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(answer.body.contains("SessionLayer"), "{}", answer.body);
    }
}
