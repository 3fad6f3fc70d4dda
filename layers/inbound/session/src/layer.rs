//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;
use towergate_core::{
    Clock, Random,
    system::{OsRandom, SystemClock},
};
use towergate_identity::{
    ports::{
        SessionStore,
        visit::{Beyond, SessionLimit},
    },
    rules::{assurance::Profile, enrolment::EnrolmentDuty, session::SessionLifetime},
};

use crate::{
    cookie::SessionCookie,
    door::{Keeper, Settings},
    enrolment::EnrolmentPolicy,
    places::Places,
    rejection::PlainRejection,
    service::SessionService,
};

/// Recognises the session of each request, and sends its cookie. See the [crate's documentation](crate).
#[derive(Clone)]
#[must_use]
pub struct SessionLayer<S, R = PlainRejection> {
    keeper: Arc<Keeper<S>>,
    rejection: R,
}

impl<S: SessionStore + Clone> SessionLayer<S> {
    /// Keeps sessions in `store`: 30 minutes idle, 24 hours at most, under the cookie `__Host-tgs`.
    pub fn new(store: S) -> Self {
        let settings = Settings {
            lifetime: SessionLifetime::default(),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom::new()),
            cookie: SessionCookie::Secure,
            enrolment: Arc::new(EnrolmentDuty::Free),
            limit: SessionLimit::default(),
            places: None,
        };
        Self { keeper: Arc::new(Keeper { store, settings }), rejection: PlainRejection }
    }
}

impl<S: SessionStore + Clone, R> SessionLayer<S, R> {
    /// How long sessions live.
    pub fn lifetime(self, lifetime: SessionLifetime) -> Self {
        self.with(|settings| settings.lifetime = lifetime)
    }

    /// Takes from an assurance profile how long sessions live, how many a person may have, and whether everybody must have a
    /// second factor. Beyond so many, the one that was quiet for longest ends.
    pub fn assurance(self, profile: &Profile) -> Self {
        let limit = SessionLimit { most: profile.settings().concurrent_sessions, beyond: Beyond::EndOldest };
        self.lifetime(SessionLifetime::from(profile)).enrolment(EnrolmentDuty::from(profile)).limit(limit)
    }

    /// Asks `clock` for the time.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        self.with(|settings| settings.clock = clock)
    }

    /// Draws identifiers and secrets from `random`.
    pub fn random(self, random: Arc<dyn Random>) -> Self {
        self.with(|settings| settings.random = random)
    }

    /// Uses the plain cookie `tgs` without `Secure`, for http on a developer's own machine and nowhere else.
    pub fn insecure_cookie(self) -> Self {
        self.with(|settings| settings.cookie = SessionCookie::Insecure)
    }

    /// Asks `policy` who must have a second factor. Nobody must by default.
    pub fn enrolment(self, policy: impl EnrolmentPolicy) -> Self {
        self.with(|settings| settings.enrolment = Arc::new(policy))
    }

    /// How many sessions a person may have at once; as many as they like by default.
    pub fn limit(self, limit: SessionLimit) -> Self {
        self.with(|settings| settings.limit = limit)
    }

    /// Asks `places` roughly where an address is, once when somebody signs in. Nobody is asked by default.
    pub fn places(self, places: Arc<dyn Places>) -> Self {
        self.with(|settings| settings.places = Some(places))
    }

    /// Answers with `rejection` when the store cannot be asked.
    pub fn rejection<R2>(self, rejection: R2) -> SessionLayer<S, R2> {
        SessionLayer { keeper: self.keeper, rejection }
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut Arc::make_mut(&mut self.keeper).settings);
        self
    }
}

impl<Inner, S, R: Clone> Layer<Inner> for SessionLayer<S, R> {
    type Service = SessionService<Inner, S, R>;

    fn layer(&self, inner: Inner) -> Self::Service {
        SessionService { inner, keeper: Arc::clone(&self.keeper), rejection: self.rejection.clone() }
    }
}

impl<S, R> fmt::Debug for SessionLayer<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionLayer")
            .field("lifetime", &self.keeper.settings.lifetime)
            .field("cookie", &self.keeper.settings.cookie)
            .finish_non_exhaustive()
    }
}
