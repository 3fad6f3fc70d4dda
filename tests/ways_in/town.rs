//! One person, every way in, and a browser.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{
    Request, Response,
    header::{COOKIE, SET_COOKIE},
};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use towergate::{
    core::{Clock, Secret, Timestamp, audit::Origin, clock::ManualClock, random::InsecureSeededRandom},
    identity::{
        ports::IdentityStore,
        rules::{
            email::EmailAddress,
            enrolment::EnrolmentDuty,
            password::{HashParams, Password},
            session::SessionStage,
            user::{User, UserId},
        },
    },
    login::{PasswordHasher, mail::Mailroom},
    passkey::{Passkeys, RelyingParty},
    scope::{CurrentScope, ScopeLayer},
    session::{RememberLayer, Session, SessionLayer},
    test_util::{Make, SoftPasskey},
};

use crate::{
    rule::Rule,
    table::{Person, Way},
};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const SITE: &str = "https://id.example";
pub(crate) const REMEMBERED: &str = "__Host-tgr";
pub(crate) const KNOWN: &str = "__Host-tgt";

/// What somebody came to: nothing, where there is no session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Came {
    pub(crate) stage: Option<SessionStage>,
    pub(crate) amr: Vec<&'static str>,
}

pub(crate) type Cookies = BTreeMap<String, String>;

/// What the person has for their way, and what their browser keeps.
#[derive(Default)]
pub(crate) struct Means {
    pub(crate) cookies: Cookies,
    pub(crate) passkey: Option<SoftPasskey>,
}

/// Where they live: one store, one clock, and the rule of the host.
#[derive(Clone)]
pub(crate) struct Land<S> {
    pub(crate) store: S,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<InsecureSeededRandom>,
    pub(crate) hasher: PasswordHasher,
    pub(crate) rule: Rule,
}

pub(crate) struct Town<S> {
    pub(crate) store: S,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) random: Arc<InsecureSeededRandom>,
    pub(crate) hasher: PasswordHasher,
    pub(crate) room: Mailroom,
    pub(crate) passkeys: Passkeys<S>,
    pub(crate) email: String,
    pub(crate) alice: UserId,
    rule: Rule,
}

impl<S: IdentityStore> Land<S> {
    pub(crate) fn of(store: S, rule: Rule) -> Self {
        let random = Arc::new(InsecureSeededRandom::new(3));
        let clock = Arc::new(ManualClock::at(Timestamp::from_unix_seconds(1_700_000_000)));
        let hasher = PasswordHasher::new(HashParams::insecure_new(8, 1, 1).unwrap(), random.clone()).unwrap();
        Self { store, clock, random, hasher, rule }
    }
}

impl<S: IdentityStore> Town<S> {
    /// With one more person in it, `n` of the land.
    pub(crate) async fn new(land: &Land<S>, n: usize) -> Self {
        let Land { store, clock, random, hasher, rule } = land.clone();
        let hash = hasher.hash(Password::parse(&Secret::from(PASSWORD)).unwrap()).await.unwrap();
        let email = format!("alice-{n}@example.com");
        let address = EmailAddress::parse(&email).unwrap();
        let mut alice = User::fresh(address, hash, clock.now(), &*random).unwrap();
        alice.confirmed_at = Some(clock.now());
        let id = alice.id;
        store.add_user(alice, Origin::detached(clock.now(), &*random).unwrap()).await.unwrap();
        let party = RelyingParty::new("Example", SITE).unwrap();
        let passkeys = Passkeys::new(store.clone(), party).random(random.clone());
        let room = Mailroom::new(SITE, &Secret::new([7; 32])).unwrap();
        Self { store, clock, random, hasher, room, passkeys, email, alice: id, rule }
    }

    /// Lets `person` come in, who has what the way asks for since before they became what they are.
    pub(crate) async fn come_in(&self, person: Person, way: Way) -> Came {
        let mut means = Means::default();
        let is_protected = person == Person::Protected;
        if way == Way::RememberedByOneFactor {
            means = self.prepare(way, None).await;
        }
        let app = if is_protected { Some(self.protect().await) } else { None };
        if person.has_key() {
            let bare = self.passkey(None, Make::BARE_KEY).await;
            let phone = match way {
                Way::VerifiedPasskey => Some(self.passkey(None, Make::PHONE).await),
                _ => None,
            };
            if person == Person::AskedForKey {
                self.ask_for_key().await;
            }
            if way != Way::RememberedByOneFactor {
                means = self.prepare_with_key(person, way, bare, phone).await;
            }
        } else if way != Way::RememberedByOneFactor {
            means = self.prepare(way, app.as_ref()).await;
        }
        self.clock.advance(Duration::from_secs(60));
        match person {
            Person::Disabled => drop(self.store.disable_user(self.alice, self.origin()).await.unwrap()),
            Person::Leaving => {
                let at = self.clock.now().plus(Duration::from_secs(14 * 24 * 3600));
                self.store.schedule_deletion(self.alice, at, None, self.origin()).await.unwrap();
            }
            _ => {}
        }
        let Means { mut cookies, passkey } = means;
        cookies.retain(|name, _| name == REMEMBERED || name == KNOWN);
        self.take(way, person.duty(), &mut cookies, passkey).await;
        self.look(person.duty(), &mut cookies).await
    }

    /// What the browser has: only who is wholly signed in is somebody to the pages.
    async fn look(&self, duty: EnrolmentDuty, cookies: &mut Cookies) -> Came {
        let step = async |session: Session| session.record();
        let (record, user) = self.visit(duty, cookies, step).await;
        let whole = record.as_ref().filter(|record| record.stage == SessionStage::Complete);
        assert_eq!(user, whole.map(|record| record.user));
        record.map_or_else(Came::default, |record| Came {
            stage: Some(record.stage),
            amr: record.methods.iter().map(|method| method.as_str()).collect(),
        })
    }

    pub(crate) async fn within<F, T>(
        &self,
        duty: EnrolmentDuty,
        cookies: &mut Cookies,
        step: impl FnOnce(Session) -> F,
    ) -> T
    where
        F: Future<Output = T>,
    {
        self.visit(duty, cookies, step).await.0
    }

    /// Does something in the session of a browser, and says whom its request was taken for.
    async fn visit<F, T>(
        &self,
        duty: EnrolmentDuty,
        cookies: &mut Cookies,
        step: impl FnOnce(Session) -> F,
    ) -> (T, Option<UserId>)
    where
        F: Future<Output = T>,
    {
        let (step, told) = (Mutex::new(Some(step)), Mutex::new(None));
        let inside = service_fn(|request: Request<()>| {
            let user = CurrentScope::from_extensions(request.extensions()).unwrap().user();
            let session = Session::of(request.extensions()).unwrap().clone();
            let doing = step.lock().unwrap().take().unwrap()(session);
            let told = &told;
            async move {
                let done = doing.await;
                *told.lock().unwrap() = Some((done, user));
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }
        });
        let session = SessionLayer::new(self.store.clone()).clock(self.clock.clone());
        let session = self.rule.governs(session.random(self.random.clone()), self.alice, duty);
        let inside = RememberLayer::new(self.store.clone()).layer(ScopeLayer::new().layer(inside));
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder().header(COOKIE, pairs.join("; ")).body(()).unwrap();
        let response = session.layer(inside).oneshot(request).await.unwrap();
        for set in response.headers().get_all(SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap_or_default() {
                "" => drop(cookies.remove(name)),
                value => drop(cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        told.into_inner().unwrap().unwrap()
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::detached(self.clock.now(), &*self.random).unwrap()
    }
}
