//! One page behind each stack of layers: its answer names who is signed in, wherever somebody can be.

use std::{convert::Infallible, hint::black_box, sync::Arc};

use axum::{Router, body::Body, routing::get};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, login_required};
use http::{Request, Response, StatusCode, header};
use tower::{Service, ServiceBuilder};
use tower_sessions::{MemoryStore, Session as TheirSession, SessionManagerLayer, SessionStore, session};
use towergate::{
    Stack,
    audit::AuditLayer,
    identity::{self, ports::SessionStore as _},
    scope::{CurrentScope, RequireLevelLayer, ScopeLayer},
    session::{Session, SessionLayer},
};

use crate::{
    house::{House, steps::signed_in},
    measure::{answer, at_once},
};

/// A stack, and a request that it knows the sender of.
pub struct Page {
    /// Its name.
    pub name: &'static str,
    /// The `Cookie` header of somebody signed in.
    pub cookie: Option<String>,
    /// Answers a request.
    pub call: Box<dyn FnMut(Request<Body>) -> Response<Body>>,
}

impl Page {
    fn new<S>(name: &'static str, cookie: Option<&str>, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + 'static,
    {
        let call = Box::new(move |request| answer(&service, request));
        let page = Self { name, cookie: cookie.map(str::to_owned), call };
        page.checked()
    }

    /// As `axum::serve` serves a router: its routes are made ready once, not at each request.
    pub(crate) fn served(name: &'static str, cookie: Option<&str>, router: Router) -> Self {
        Self::new(name, cookie, router.with_state(()))
    }

    fn checked(mut self) -> Self {
        let request = self.request(true);
        assert_eq!((self.call)(request).status(), StatusCode::OK, "{}", self.name);
        self
    }

    /// A request to it, of somebody signed in or of nobody.
    #[must_use]
    pub fn request(&self, signed_in: bool) -> Request<Body> {
        let mut request = Request::get("/me").header(header::HOST, "id.example");
        if let Some(cookie) = self.cookie.as_ref().filter(|_| signed_in) {
            request = request.header(header::COOKIE, cookie);
        }
        request.body(Body::empty()).expect("a request")
    }
}

/// The name of the page alone.
pub const BARE: &str = "bare axum";
/// The name of the house's session layer alone.
pub const SESSION: &str = "session layer";
/// The name of the house's whole stack.
pub const FULL: &str = "full stack";
/// The name of the peer.
pub const TOWER_SESSIONS: &str = "tower-sessions";
/// The name of the peer.
pub const AXUM_LOGIN: &str = "axum-login";

/// Every stack, the page alone first.
#[must_use]
pub fn all() -> Vec<Page> {
    let people = identity::ports::memory::MemoryStore::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (house, cookie) = runtime.block_on(async {
        let house = House::on(people.clone(), towergate::oauth::ports::memory::MemoryStore::new()).await;
        let browser = signed_in(&house).await;
        let cookie = format!("__Host-tgs={}", browser.cookies["__Host-tgs"]);
        (house, cookie)
    });
    assert_eq!(
        at_once(people.sessions_of(house.alice, towergate::core::Clock::now(&*house.clock)))
            .map(|s| s.len())
            .ok(),
        Some(1)
    );
    let session = || SessionLayer::new(people.clone()).clock(house.clock.clone());
    let ours = Router::new()
        .route(
            "/me",
            get(async |request: Request<Body>| {
                let session = Session::of(request.extensions()).expect("the layer");
                if black_box(session.user()).is_some() { "hello" } else { "who?" }
            }),
        )
        .layer(session());
    let full =
        Stack::new(AuditLayer::new().clock(house.clock.clone())).session(session()).scope(ScopeLayer::new());
    let gate = RequireLevelLayer::default().clock(house.clock.clone());
    let full = Router::new()
        .route(
            "/me",
            get(async |request: Request<Body>| {
                let scope = CurrentScope::from_extensions(request.extensions()).expect("the layer");
                if black_box(scope.user()).is_some() { "hello" } else { "who?" }
            }),
        )
        // One layer for axum, which boxes once for each that it is given.
        .layer(ServiceBuilder::new().layer(full).layer(gate));
    // A page for everybody has no gate.
    vec![
        Page::served(BARE, Some(&cookie), Router::new().route("/me", get(async || "hello"))),
        Page::served(SESSION, Some(&cookie), ours),
        Page::served(FULL, Some(&cookie), full),
        tower_sessions_page(),
        axum_login_page(&runtime),
    ]
}

/// The whole stack without the gate, for a page that anybody may see.
#[must_use]
pub fn public() -> Page {
    let people = identity::ports::memory::MemoryStore::new();
    let clock = Arc::new(towergate::core::clock::ManualClock::at(
        towergate::core::Timestamp::from_unix_seconds(1_800_000_000),
    ));
    let stack = Stack::new(AuditLayer::new().clock(clock.clone()))
        .session(SessionLayer::new(people).clock(clock))
        .scope(ScopeLayer::new());
    Page::served("public", None, Router::new().route("/me", get(async || "hello")).layer(stack))
}

fn tower_sessions_page() -> Page {
    let store = MemoryStore::default();
    let mut record = session::Record {
        id: session::Id::default(),
        data: [("user".to_owned(), 7.into())].into(),
        expiry_date: time::OffsetDateTime::now_utc() + time::Duration::days(1),
    };
    at_once(store.create(&mut record)).expect("a session");
    let app = Router::new()
        .route(
            "/me",
            get(async |session: TheirSession| {
                if session.get::<u64>("user").await.expect("a session").is_some() { "hello" } else { "who?" }
            }),
        )
        .layer(SessionManagerLayer::new(store));
    Page::served(TOWER_SESSIONS, Some(&format!("id={}", record.id)), app)
}

#[derive(Debug, Clone)]
struct Person;

impl AuthUser for Person {
    type Id = i64;

    fn id(&self) -> i64 {
        7
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"thirty-two bytes of a digest ..."
    }
}

#[derive(Clone)]
struct People;

impl AuthnBackend for People {
    type User = Person;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Person>, Infallible> {
        Ok(Some(Person))
    }

    async fn get_user(&self, _: &i64) -> Result<Option<Person>, Infallible> {
        Ok(Some(Person))
    }
}

fn axum_login_page(runtime: &tokio::runtime::Runtime) -> Page {
    type Auth = axum_login::AuthSession<People>;
    let layer = axum_login::tower_sessions::SessionManagerLayer::new(
        tower_sessions_of_axum_login::MemoryStore::default(),
    );
    let app = Router::new()
        .route("/me", get(async |auth: Auth| if black_box(&auth.user).is_some() { "hello" } else { "who?" }))
        .route_layer(login_required!(People))
        .route("/login", get(async |mut auth: Auth| auth.login(&Person).await.expect("a session")))
        .layer(AuthManagerLayerBuilder::new(People, layer).build());
    let cookie = runtime.block_on(async {
        let request = Request::get("/login").body(Body::empty()).expect("a request");
        let answer = tower::ServiceExt::oneshot(app.clone(), request).await.expect("an answer");
        let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("a cookie");
        cookie.split(';').next().unwrap_or_default().to_owned()
    });
    Page::served(AXUM_LOGIN, Some(&cookie), app)
}
