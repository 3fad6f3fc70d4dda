//! The layer.

use std::{fmt, sync::Arc, time::Duration};

use tower_layer::Layer;
use towergate_identity::{
    ports::{DeviceStore, RememberStore},
    rules::{assurance::Profile, browser, remember},
};

use super::{
    door::{BrowserKeeper, BrowserSettings},
    notices::{NoNotices, Notices},
    service::RememberService,
};
use crate::rejection::PlainRejection;

/// Keeps people signed in, trusts browsers and knows them. See the [module's documentation](super).
#[derive(Clone)]
#[must_use]
pub struct RememberLayer<S, R = PlainRejection> {
    keeper: Arc<BrowserKeeper<S>>,
    rejection: R,
}

impl<S: RememberStore + DeviceStore + Clone> RememberLayer<S> {
    /// Remembers the browsers of the people in `store`, the same as that of the session layer: they stay signed in and are trusted
    /// for 30 days, where their people ask for it.
    pub fn new(store: S) -> Self {
        let settings = BrowserSettings {
            remember_for: Some(remember::LIFETIME),
            trust_for: Some(browser::TRUSTED),
            tells_of_arrivals: true,
            notices: Arc::new(NoNotices),
        };
        Self { keeper: Arc::new(BrowserKeeper { store, settings }), rejection: PlainRejection }
    }
}

impl<S: RememberStore + DeviceStore + Clone, R> RememberLayer<S, R> {
    /// For how long browsers stay signed in; `None`: none does, and cookies that were given before open nothing.
    pub fn remember_for(self, lifetime: Option<Duration>) -> Self {
        self.with(|settings| settings.remember_for = lifetime)
    }

    /// For how long browsers are trusted; `None`: none is, and nothing that was trusted before counts.
    pub fn trust_for(self, lifetime: Option<Duration>) -> Self {
        self.with(|settings| settings.trust_for = lifetime)
    }

    /// As an assurance profile has it: for how long browsers stay signed in and are trusted, and whether people are told of a
    /// sign-in in a new one.
    pub fn assurance(self, profile: &Profile) -> Self {
        let asked = *profile.settings();
        self.with(|settings| {
            settings.remember_for = asked.remember_me;
            settings.trust_for = asked.trusted_browser;
            settings.tells_of_arrivals = asked.sign_in_notices;
        })
    }

    /// Tells people by mail of sign-ins in new browsers and of copied cookies.
    pub fn notices(self, notices: impl Notices) -> Self {
        self.with(|settings| settings.notices = Arc::new(notices))
    }

    /// Answers with `rejection` when the store cannot be asked.
    pub fn rejection<R2>(self, rejection: R2) -> RememberLayer<S, R2> {
        RememberLayer { keeper: self.keeper, rejection }
    }

    fn with(mut self, change: impl FnOnce(&mut BrowserSettings)) -> Self {
        change(&mut Arc::make_mut(&mut self.keeper).settings);
        self
    }
}

impl<Inner, S, R: Clone> Layer<Inner> for RememberLayer<S, R> {
    type Service = RememberService<Inner, S, R>;

    fn layer(&self, inner: Inner) -> Self::Service {
        RememberService { inner, keeper: Arc::clone(&self.keeper), rejection: self.rejection.clone() }
    }
}

impl<S, R> fmt::Debug for RememberLayer<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberLayer")
            .field("remember_for", &self.keeper.settings.remember_for)
            .field("trust_for", &self.keeper.settings.trust_for)
            .finish_non_exhaustive()
    }
}
