//! Ceremonies with an authenticator in software, as honest and as dishonest as each test wants it.

mod attacks;
mod counts;
mod registering;
mod routes;
mod signing_in;
mod verdicts;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::Full;
use serde_json::Value;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_core::{
    Clock, Digest, Secret, Timestamp,
    audit::{Event, Origin},
    clock::ManualClock,
    random::InsecureSeededRandom,
};
use towergate_identity::{
    ports::{SessionStore, UserStore, memory::MemoryStore},
    rules::{
        email::EmailAddress,
        passkey::{CeremonyFailure, PasskeyId, PasskeyName},
        password::{Decision, DummyHash, HashParams, Password, decide, hash},
        user::{User, UserId, UserState},
    },
};
use towergate_login::SignedIn;
use towergate_session::{Session, SessionLayer};

use crate::{
    Answer, Challenge, PasskeyError, Passkeys, RelyingParty,
    soft::{Make, SoftPasskey},
};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
pub(crate) const ORIGIN: &str = "https://id.example.com";

pub(crate) struct Host {
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<InsecureSeededRandom>,
    pub(crate) passkeys: Passkeys<MemoryStore>,
}

/// What came of a step in a session, and the cookie that it left the browser with.
pub(crate) type Left<T> = (T, Option<String>);

impl Host {
    pub(crate) async fn new() -> Self {
        Self::of(party()).await
    }

    /// A host with Alice and Bob.
    pub(crate) async fn of(party: RelyingParty) -> Self {
        let store = MemoryStore::new();
        let random = Arc::new(InsecureSeededRandom::new(7));
        let passkeys = Passkeys::new(store.clone(), party).random(random.clone());
        let host = Self { store, clock: Arc::new(ManualClock::at(NOW)), random, passkeys };
        for name in ["alice", "bob"] {
            let password = Password::parse(&Secret::from(name)).unwrap();
            let user = User {
                id: UserId::fresh(NOW, &*host.random).unwrap(),
                email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
                password: Some(hash(&password, cheap(), &*host.random).unwrap()),
                state: UserState::Active,
                created_at: NOW,
                confirmed_at: Some(NOW),
            };
            host.store.add_user(user, host.origin()).await.unwrap();
        }
        host
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::detached(self.clock.now(), &*self.random).unwrap()
    }

    pub(crate) fn later(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        let email = EmailAddress::parse(&format!("{name}@example.com")).unwrap();
        self.store.find_user_by_email(&email).await.unwrap().unwrap()
    }

    /// Does something in the session that a cookie names.
    pub(crate) async fn within<F, T>(&self, cookie: Option<&str>, step: impl FnOnce(Session) -> F) -> Left<T>
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let step = Mutex::new(Some(step));
        let told = Arc::new(Mutex::new(None));
        let service = service_fn(|request: Request<()>| {
            let session = Session::of(request.extensions()).unwrap().clone();
            let doing = step.lock().unwrap().take().unwrap()(session);
            let told = Arc::clone(&told);
            async move {
                *told.lock().unwrap() = Some(doing.await);
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }
        });
        let layer =
            SessionLayer::new(self.store.clone()).clock(self.clock.clone()).random(self.random.clone());
        let mut request = Request::builder();
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = layer.layer(service).oneshot(request.body(()).unwrap()).await.unwrap();
        let set = response.headers().get(header::SET_COOKIE);
        let cookie = set.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
        let told = told.lock().unwrap().take().unwrap();
        (told, cookie)
    }

    /// Signs somebody in by their password; answers their cookie.
    pub(crate) async fn password(&self, name: &str) -> String {
        let (user, typed) = (self.user(name).await, Password::parse(&Secret::from(name)).unwrap());
        let dummy = DummyHash::new(cheap(), &*self.random).unwrap();
        let Decision::Proven { proof, .. } = decide(Some(&user), &typed, self.clock.now(), &dummy) else {
            panic!("the password is right")
        };
        let (begun, cookie) =
            self.within(None, |session| async move { session.establish(proof).await.map(|_| ()) }).await;
        begun.unwrap();
        cookie.unwrap()
    }

    /// A challenge to register in the session of `cookie`.
    pub(crate) async fn challenge_to_register(&self, cookie: &str) -> Result<Challenge, PasskeyError> {
        let (passkeys, origin) = (self.passkeys.clone(), self.origin());
        let begin =
            |session: Session| async move { passkeys.begin_registration(&session, &browser(), origin).await };
        self.within(Some(cookie), begin).await.0
    }

    /// Answers a challenge to register.
    pub(crate) async fn register(
        &self,
        cookie: &str,
        challenge: &Challenge,
        credential: Value,
        from: Option<Digest>,
    ) -> Result<PasskeyId, PasskeyError> {
        let (passkeys, origin) = (self.passkeys.clone(), self.origin());
        let answer = answer(challenge, credential);
        let finish = |session: Session| async move {
            let name = PasskeyName::default();
            passkeys.finish_registration(&answer, name, &session, from.as_ref(), origin).await
        };
        self.within(Some(cookie), finish).await.0
    }

    /// A passkey of the person of `cookie`.
    pub(crate) async fn passkey(&self, cookie: &str, make: Make) -> SoftPasskey {
        let challenge = self.challenge_to_register(cookie).await.unwrap();
        let (soft, credential) = SoftPasskey::create(make, &challenge.public_key, ORIGIN).unwrap();
        self.register(cookie, &challenge, credential, Some(browser())).await.unwrap();
        soft
    }

    pub(crate) async fn challenge_to_sign_in(&self) -> Challenge {
        self.passkeys.begin_sign_in(&browser(), self.origin()).await.unwrap()
    }

    /// Answers a challenge to sign in, as a stranger or as whoever the cookie is of.
    pub(crate) async fn answer_to_sign_in(
        &self,
        cookie: Option<&str>,
        challenge: &Challenge,
        credential: Value,
        from: Option<Digest>,
    ) -> Left<Result<SignedIn, PasskeyError>> {
        let (passkeys, origin) = (self.passkeys.clone(), self.origin());
        let answer = answer(challenge, credential);
        let finish = |session: Session| async move {
            passkeys.finish_sign_in(&answer, &session, from.as_ref(), origin).await
        };
        self.within(cookie, finish).await
    }

    /// Signs in with the key alone.
    pub(crate) async fn sign_in(&self, soft: &mut SoftPasskey) -> Left<Result<SignedIn, PasskeyError>> {
        let challenge = self.challenge_to_sign_in().await;
        let credential = soft.sign(&challenge.public_key, ORIGIN).unwrap();
        self.answer_to_sign_in(None, &challenge, credential, Some(browser())).await
    }

    pub(crate) async fn challenge_to_complete(&self, cookie: &str) -> Result<Challenge, PasskeyError> {
        let (passkeys, origin) = (self.passkeys.clone(), self.origin());
        let begin = |session: Session| async move {
            passkeys.begin_second_factor(&session, &browser(), origin).await
        };
        self.within(Some(cookie), begin).await.0
    }

    pub(crate) async fn answer_to_complete(
        &self,
        cookie: &str,
        challenge: &Challenge,
        credential: Value,
    ) -> Left<Result<SignedIn, PasskeyError>> {
        let (passkeys, origin) = (self.passkeys.clone(), self.origin());
        let answer = answer(challenge, credential);
        let finish = |session: Session| async move {
            passkeys.finish_second_factor(&answer, &session, Some(&browser()), origin).await
        };
        self.within(Some(cookie), finish).await
    }

    pub(crate) fn events(&self, action: &str) -> Vec<Event> {
        let all = self.store.events();
        all.into_iter().filter(|event| event.action == action).collect()
    }

    /// Insists that somebody was refused for this reason, and that the log says so.
    pub(crate) async fn refused<T: std::fmt::Debug>(
        &self,
        came: Result<T, PasskeyError>,
        reason: CeremonyFailure,
    ) {
        assert!(matches!(came, Err(PasskeyError::Refused(told)) if told == reason), "{reason:?}: {came:?}");
        let last = self.events("passkey.refused").pop().unwrap();
        assert_eq!(last.reason, Some(reason.as_str()));
    }

    /// Insists that nobody has a session but those who had one.
    pub(crate) async fn sessions(&self, expected: usize) {
        let mut there = 0;
        for name in ["alice", "bob"] {
            let user = self.user(name).await.id;
            there += self.store.sessions_of(user, self.clock.now()).await.unwrap().len();
        }
        assert_eq!(there, expected);
    }
}

pub(crate) fn party() -> RelyingParty {
    RelyingParty::new("Example", ORIGIN).unwrap()
}

pub(crate) fn browser() -> Digest {
    Digest::of(b"the browser's secret")
}

pub(crate) fn answer(challenge: &Challenge, credential: Value) -> Answer {
    Answer::new(&challenge.ceremony.to_string(), credential).unwrap()
}

fn cheap() -> HashParams {
    HashParams::insecure_new(8, 1, 1).unwrap()
}
