//! What the tests share: a store with one person, a clock that stands still, and a service that does what its path
//! says. Requests go in as Tower calls, so any host can run the same service.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Either};
use http::{
    HeaderMap, Request, Response, StatusCode,
    header::{COOKIE, SET_COOKIE},
};
use http_body_util::Full;
use tower::ServiceExt;
use tower_layer::Layer;
use towergate_core::{
    Secret, StoreError, Timestamp,
    audit::{Origin, RequestId},
    clock::ManualClock,
    random::InsecureSeededRandom,
};
use towergate_identity::{
    ports::{
        SessionStore, UserStore,
        memory::MemoryStore,
        session::{Established, Establishment},
    },
    rules::{
        email::EmailAddress,
        fact::SessionEnd,
        login_proof::LoginProof,
        password::{Decision, DummyHash, HashParams, Password, decide, hash},
        session::{ReplacedSession, SessionId, SessionLifetime, SessionRecord, SignInId},
        user::{User, UserId, UserState},
    },
};
use towergate_session::{Begun, Session, SessionError, SessionLayer};

pub(crate) type Answer = Response<Full<Bytes>>;

/// The memory store, watched.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) store: MemoryStore,
    pub(crate) loads: Arc<AtomicUsize>,
    pub(crate) touches: Arc<AtomicUsize>,
    pub(crate) ends_when_touched: Arc<AtomicBool>,
    pub(crate) fails_when_touched: Arc<AtomicBool>,
    pub(crate) establishes_slowly: Arc<AtomicBool>,
    pub(crate) loads_slowly: Arc<AtomicBool>,
}

type Loaded = Result<Option<Arc<SessionRecord>>, StoreError>;

pub(crate) struct House {
    pub(crate) store: MemoryStore,
    pub(crate) watched: Watched,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<InsecureSeededRandom>,
    pub(crate) alice: User,
    pub(crate) bob: User,
    dummy: DummyHash,
}

impl House {
    pub(crate) async fn new() -> Self {
        let store = MemoryStore::new();
        let now = Timestamp::from_unix_seconds(1_700_000_000);
        let random = Arc::new(InsecureSeededRandom::new(1));
        let cheap = HashParams::insecure_new(8, 1, 1).unwrap();
        let phc = hash(&password(), cheap, &*random).unwrap();
        let person = |email: &str| User {
            id: UserId::fresh(now, &*random).unwrap(),
            email: EmailAddress::parse(email).unwrap(),
            password: Some(phc.clone()),
            state: UserState::Active,
            created_at: now,
            confirmed_at: None,
        };
        let (alice, bob) = (person("alice@example.com"), person("bob@example.com"));
        let origin = Origin::detached(now, &*random).unwrap();
        for user in [&alice, &bob] {
            store.add_user(user.clone(), origin).await.unwrap();
        }
        let watched = Watched {
            store: store.clone(),
            loads: Arc::default(),
            touches: Arc::default(),
            ends_when_touched: Arc::default(),
            fails_when_touched: Arc::default(),
            establishes_slowly: Arc::default(),
            loads_slowly: Arc::default(),
        };
        let dummy = DummyHash::new(cheap, &*random).unwrap();
        Self { store, watched, clock: Arc::new(ManualClock::at(now)), random, alice, bob, dummy }
    }

    pub(crate) fn now(&self) -> Timestamp {
        towergate_core::Clock::now(&*self.clock)
    }

    /// A proof from the only rule that makes one.
    pub(crate) fn proof(&self) -> LoginProof {
        self.proof_of(&self.alice)
    }

    pub(crate) fn proof_of(&self, person: &User) -> LoginProof {
        match decide(Some(person), &password(), self.now(), &self.dummy) {
            Decision::Proven { proof, .. } => proof,
            Decision::Failed(reason) => panic!("{reason:?}"),
        }
    }

    pub(crate) fn layer(&self) -> SessionLayer<Watched> {
        SessionLayer::new(self.watched.clone()).clock(self.clock.clone()).random(self.random.clone())
    }

    /// Sends a request through the layer to `handler`.
    pub(crate) async fn ask<F>(
        &self,
        cookie: Option<&str>,
        handler: impl FnOnce(Session) -> F + Clone,
    ) -> Answer
    where
        F: Future<Output = Answer>,
    {
        self.ask_as(None, cookie, handler).await
    }

    pub(crate) async fn ask_as<F>(
        &self,
        id: Option<RequestId>,
        cookie: Option<&str>,
        handler: impl FnOnce(Session) -> F + Clone,
    ) -> Answer
    where
        F: Future<Output = Answer>,
    {
        let mut request = Request::new(());
        if let Some(cookie) = cookie {
            request.headers_mut().insert(COOKIE, cookie.parse().unwrap());
        }
        if let Some(id) = id {
            request.extensions_mut().insert(id);
        }
        let inner = tower::service_fn(move |request: Request<()>| {
            let answer = handler.clone()(Session::of(request.extensions()).unwrap().clone());
            async move { Ok::<_, Infallible>(answer.await) }
        });
        self.layer().layer(inner).oneshot(request).await.unwrap()
    }

    /// Signs Alice in; answers the `Cookie` header of her browser.
    pub(crate) async fn signed_in(&self) -> String {
        self.established(None).await
    }

    /// Signs Alice in over what the browser already has.
    pub(crate) async fn established(&self, cookie: Option<&str>) -> String {
        self.begun(cookie, &self.alice).await.0
    }

    /// Signs a person in over what the browser already has; answers the cookie, and what began.
    pub(crate) async fn begun(&self, cookie: Option<&str>, person: &User) -> (String, Begun) {
        let proof = Arc::new(std::sync::Mutex::new(Some(self.proof_of(person))));
        let answer = self
            .ask(cookie, async move |session| {
                let proof = proof.lock().unwrap().take().unwrap();
                with(session.establish(proof).await.unwrap())
            })
            .await;
        (kept(answer.headers()).expect("a cookie"), *answer.extensions().get::<Begun>().unwrap())
    }

    /// Who a cookie is taken for.
    pub(crate) async fn who(&self, cookie: &str) -> Option<UserId> {
        let answer = self.ask(Some(cookie), async |session| with(session.user())).await;
        *answer.extensions().get::<Option<UserId>>().unwrap()
    }

    pub(crate) async fn living(&self) -> Vec<SessionRecord> {
        self.store.sessions_of(self.alice.id, self.now()).await.unwrap()
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn actions(&self) -> Vec<&'static str> {
        self.store.events().iter().map(|event| event.action).collect()
    }
}

fn password() -> Password {
    Password::parse(&Secret::from("correct horse battery")).unwrap()
}

pub(crate) fn ok() -> Answer {
    Response::new(Full::default())
}

pub(crate) fn status(status: StatusCode) -> Answer {
    let mut answer = ok();
    *answer.status_mut() = status;
    answer
}

/// An answer that carries what a handler saw.
pub(crate) fn with<T: Clone + Send + Sync + 'static>(seen: T) -> Answer {
    let mut answer = ok();
    answer.extensions_mut().insert(seen);
    answer
}

/// An answer that carries how a handler fared: `Ok`, or the error's text.
pub(crate) fn fared<T>(result: Result<T, SessionError>) -> Answer {
    with(result.map(drop).map_err(|error| error.to_string()))
}

pub(crate) fn failure(answer: &Answer) -> Option<String> {
    answer.extensions().get::<Result<(), String>>().unwrap().clone().err()
}

/// What a browser keeps of an answer: the `Cookie` header it sends next.
pub(crate) fn kept(headers: &HeaderMap) -> Option<String> {
    let mut set = headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let ours = set.rfind(|value| value.starts_with("__Host-tgs=tgs_"))?;
    ours.split(';').next().map(str::to_owned)
}

pub(crate) fn cleared(headers: &HeaderMap) -> bool {
    headers
        .get_all(SET_COOKIE)
        .iter()
        .any(|value| value == "__Host-tgs=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0")
}

impl SessionStore for Watched {
    type Load = Either<<MemoryStore as SessionStore>::Load, BoxFuture<'static, Loaded>>;

    fn load_session(&self, id: SessionId, now: Timestamp) -> Self::Load {
        self.loads.fetch_add(1, Ordering::SeqCst);
        if !self.loads_slowly.load(Ordering::SeqCst) {
            return Either::Left(self.store.load_session(id, now));
        }
        let store = self.store.clone();
        Either::Right(Box::pin(async move {
            tokio::task::yield_now().await;
            store.load_session(id, now).await
        }))
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        lifetime: SessionLifetime,
    ) -> Result<bool, StoreError> {
        self.touches.fetch_add(1, Ordering::SeqCst);
        if self.fails_when_touched.load(Ordering::SeqCst) {
            return Err(StoreError::unavailable("told to"));
        }
        if self.ends_when_touched.load(Ordering::SeqCst) {
            return Ok(false);
        }
        self.store.touch_session(id, now, lifetime).await
    }

    async fn establish_session(&self, new: Establishment, origin: Origin) -> Result<Established, StoreError> {
        if self.establishes_slowly.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        self.store.establish_session(new, origin).await
    }

    async fn end_session(&self, id: SessionId, why: SessionEnd, origin: Origin) -> Result<bool, StoreError> {
        self.store.end_session(id, why, origin).await
    }

    async fn end_sessions_of(
        &self,
        user: UserId,
        except: Option<SessionId>,
        why: SessionEnd,
        origin: Origin,
    ) -> Result<u64, StoreError> {
        self.store.end_sessions_of(user, except, why, origin).await
    }

    async fn find_replaced_session(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> Result<Option<ReplacedSession>, StoreError> {
        self.store.find_replaced_session(id, now).await
    }

    async fn is_sign_in_alive(&self, sign_in: SignInId, now: Timestamp) -> Result<bool, StoreError> {
        self.store.is_sign_in_alive(sign_in, now).await
    }

    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        self.store.sessions_of(user, now).await
    }

    async fn people_signed_in(
        &self,
        after: Option<UserId>,
        limit: u16,
        now: Timestamp,
    ) -> Result<Vec<UserId>, StoreError> {
        self.store.people_signed_in(after, limit, now).await
    }

    async fn set_session_value(
        &self,
        id: SessionId,
        name: String,
        value: Option<String>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.store.set_session_value(id, name, value, now).await
    }

    async fn session_value(
        &self,
        id: SessionId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        self.store.session_value(id, name, now).await
    }
}
